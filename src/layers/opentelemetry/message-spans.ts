// Spans and counts of plain messages, which are no calls: one span where a message was sent, and one
// where it is received, with a link to what sent it. Not its child: a message may be one of many.
import type { Attributes, Counter, Link, SpanContext, Tracer } from '@opentelemetry/api';
import { traceOf } from '../../base/trace-context.js';
import type { ReceiveDiagnostics, SendDiagnostics } from '../../index.js';
import { isCarrier } from '../rpc/index.js';
import type { Api } from './api.js';
import { attribute, system } from './names.js';

/** Tells about messages. */
export class MessageSpans {
  readonly #api: Api;
  readonly #tracer: Tracer;
  readonly #sent: Counter;
  readonly #consumed: Counter;

  constructor(api: Api, tracer: Tracer, sent: Counter, consumed: Counter) {
    this.#api = api;
    this.#tracer = tracer;
    this.#sent = sent;
    this.#consumed = consumed;
  }

  /** A message was sent. */
  sent({ bus, endpointId, type, typeId, to, id, bytes }: SendDiagnostics): void {
    if (isCarrier(endpointId, typeId)) return;
    const span = this.#tracer.startSpan(`send ${type}`, {
      kind: this.#api.SpanKind.PRODUCER,
      attributes: {
        ...basic('send', bus),
        [attribute.destination]: `${to.expression}`,
        [attribute.messageId]: `${endpointId}:${id}`,
        [attribute.messageBytes]: bytes,
      },
    });
    span.end();
    this.#sent.add(1, counted('send'));
  }

  /** The program gets a message. */
  received({ bus, endpointId, message }: ReceiveDiagnostics): void {
    const { type, id, from, metadata } = message;
    if (isCarrier(endpointId, type)) return;
    const context = spanContextOf(metadata);
    const links: Link[] = context === undefined ? [] : [{ context }];
    const span = this.#tracer.startSpan(`receive ${type}`, {
      kind: this.#api.SpanKind.CONSUMER,
      attributes: {
        ...basic('receive', bus),
        [attribute.messageId]: `${from.id}:${id}`,
        [attribute.peer]: from.id,
      },
      links,
    });
    span.end();
    this.#consumed.add(1, counted('receive'));
  }
}

/** The span that a message's metadata names; `undefined` if it names none. */
export function spanContextOf(metadata: Uint8Array | undefined): SpanContext | undefined {
  const trace = traceOf(metadata);
  if (trace === undefined) return undefined;
  const { context } = trace;
  const hex = Buffer.from(context.buffer, context.byteOffset, context.length).toString('hex');
  return {
    traceId: hex.slice(0, 32),
    spanId: hex.slice(32, 48),
    traceFlags: context[24] ?? 0,
    isRemote: true,
  };
}

function counted(operation: string): Attributes {
  return { [attribute.messagingSystem]: system, [attribute.operationName]: operation };
}

function basic(operation: string, bus: string): Attributes {
  return {
    ...counted(operation),
    [attribute.operationType]: operation,
    [attribute.bus]: bus,
  };
}
