// The entry `busbar/opentelemetry`: spans and metrics of calls and messages, made from the
// diagnostics channels. Nothing of the bus or of calls is changed for it.
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import type { Context } from '@opentelemetry/api';
import {
  formatTraceparent,
  metadataOf,
  parseTraceparent,
  traceOf,
} from '../../base/trace-context.js';
import type { ReceiveDiagnostics, SendDiagnostics } from '../../index.js';
import { MissingPackageError } from '../interface/entry-values.js';
import type { CallDiagnostics, StreamDiagnostics } from '../rpc/index.js';
import { type Api, loadApi } from './api.js';
import { CallSpans } from './call-spans.js';
import { MessageSpans } from './message-spans.js';
import { durationBoundaries, instrument as instrumentName, scope } from './names.js';
import { checked, type InstrumentOptions } from './options.js';

export type { InstrumentOptions } from './options.js';
export { MissingPackageError };

/** What {@link instrument} returns: it is in force until it is disposed of. */
export interface Instrumentation extends Disposable {
  /**
   * Metadata with the active context, for the option `metadata` of a plain message; `undefined` if
   * no span is active. Calls have theirs by themselves.
   */
  metadata(): Uint8Array | undefined;
  /**
   * The context that the metadata of a received message names, for `context.with`, on top of the
   * active one. Without such metadata it is the active one.
   */
  contextOf(message: { readonly metadata: Uint8Array | undefined }): Context;
  /** Begins no more spans; those of calls under way end with their calls. Repeating it is harmless. */
  dispose(): void;
}

const tracing = [
  ['busbar:call', 'startCall'],
  ['busbar:handle', 'startHandling'],
] as const;

/**
 * Makes spans and metrics of the calls of this thread, and of its messages if asked for, from now
 * on. Call it when the SDK has been started, and once: spans of two instrumentations would count
 * everything twice.
 *
 * @throws InvalidArgumentError if an option is wrong; MissingPackageError if `@opentelemetry/api` is not
 * installed.
 */
export async function instrument(options: InstrumentOptions = {}): Promise<Instrumentation> {
  const { tracerProvider, meterProvider, messaging, sampling } = checked(options);
  const api = await loadApi();
  const tracer = (tracerProvider ?? api.trace).getTracer(scope);
  const meter = (meterProvider ?? api.metrics).getMeter(scope);
  const duration = (name: string, what: string) =>
    meter.createHistogram(name, {
      description: what,
      unit: 's',
      advice: { explicitBucketBoundaries: durationBoundaries },
    });
  const durations = {
    client: duration(instrumentName.clientDuration, 'Duration of outbound calls.'),
    server: duration(instrumentName.serverDuration, 'Duration of inbound calls.'),
  };
  // A meter that does nothing has one histogram for all; then no clock is read.
  const measures = durations.client !== api.createNoopMeter().createHistogram('');
  const asksAlways = sampling === 'sampler';
  const calls = new CallSpans(api, tracer, measures ? durations : undefined, asksAlways);
  const ends = [subscribeToCalls(calls)];
  if (messaging === true) {
    const count = (name: string, description: string) =>
      meter.createCounter(name, { description, unit: '{message}' });
    const sent = count(instrumentName.sent, 'Messages that were sent.');
    const consumed = count(instrumentName.consumed, 'Messages that the program got.');
    ends.push(subscribeToMessages(new MessageSpans(api, tracer, sent, consumed)));
  }
  let disposed = false;
  const dispose = () => {
    if (disposed) return;
    disposed = true;
    for (const end of ends) end();
  };
  return {
    metadata: () => metadataOfActive(api),
    contextOf: ({ metadata }) => contextIn(api, metadata),
    dispose,
    [Symbol.dispose]: dispose,
  };
}

// Returns what ends it: no call begins a span then, and the ends are heard until the last one.
function subscribeToCalls(calls: CallSpans): () => void {
  let ending = false;
  const stops = tracing.map(([name, begin]) => {
    const channel = tracingChannel(name);
    const start = (call: unknown) => calls[begin](call as CallDiagnostics);
    const end = (call: unknown) => {
      calls.end(call as CallDiagnostics);
      if (ending && calls.open === 0) stopAll();
    };
    channel.start.subscribe(start);
    channel.asyncEnd.subscribe(end);
    return {
      start: () => channel.start.unsubscribe(start),
      end: () => channel.asyncEnd.unsubscribe(end),
    };
  });
  const stream = (message: unknown) => calls.stream(message as StreamDiagnostics);
  subscribe('busbar:stream', stream);
  const stopAll = () => {
    for (const stop of stops) stop.end();
    unsubscribe('busbar:stream', stream);
  };
  return () => {
    ending = true;
    for (const stop of stops) stop.start();
    if (calls.open === 0) stopAll();
  };
}

function subscribeToMessages(messages: MessageSpans): () => void {
  const sent = (message: unknown) => messages.sent(message as SendDiagnostics);
  const received = (message: unknown) => messages.received(message as ReceiveDiagnostics);
  subscribe('busbar:send', sent);
  subscribe('busbar:receive', received);
  return () => {
    unsubscribe('busbar:send', sent);
    unsubscribe('busbar:receive', received);
  };
}

function metadataOfActive(api: Api): Uint8Array | undefined {
  const texts: Record<string, string> = {};
  api.propagation.inject(api.context.active(), texts);
  const context = parseTraceparent(texts.traceparent ?? '');
  if (context === undefined) return undefined;
  const { tracestate } = texts;
  const state = tracestate === undefined ? undefined : new TextEncoder().encode(tracestate);
  return metadataOf({ context, state, cause: undefined });
}

function contextIn(api: Api, metadata: Uint8Array | undefined): Context {
  const active = api.context.active();
  const trace = traceOf(metadata);
  if (trace === undefined) return active;
  const texts: Record<string, string> = { traceparent: formatTraceparent(trace.context) };
  if (trace.state !== undefined) texts.tracestate = new TextDecoder().decode(trace.state);
  return api.propagation.extract(active, texts);
}
