// The channels of node:diagnostics_channel that tell tools what the endpoints of this thread do,
// and the shape of what each publishes. A shape is made only while its channel has a subscriber.
import { channel } from 'node:diagnostics_channel';
import type { BusError, BusErrorFacts } from '../errors/index.js';
import type { MessageBox, OutgoingMessage, ReceivedMessage } from '../messages/index.js';
import type { Selector } from '../selector/index.js';
import type { UndeliveredEvent } from './events.js';

/** What every message of the diagnostics channels has. */
export interface EndpointDiagnostics {
  /** The name of the bus. */
  readonly bus: string;
  /** The `id` of the endpoint. */
  readonly endpointId: number;
}

/** Published on `busbar:join`: an endpoint has joined, and its `join()` is about to resolve. */
export interface JoinDiagnostics extends EndpointDiagnostics {
  /** The endpoint's label. */
  readonly label: readonly string[];
}

/**
 * Published on `busbar:send`: a method that sends has sent a message. A call that fails publishes
 * nothing.
 */
export interface SendDiagnostics extends EndpointDiagnostics {
  /** The selector; `unicast` of the peer for a reply. */
  readonly to: Selector;
  /** The key of the message's type in the sender's box. */
  readonly type: string;
  /** The UUID of the message's type. */
  readonly typeId: string;
  /** The 16-bit format word. */
  readonly format: number;
  /** The payload, as it was passed to the box. It is the sender's: do not change it. */
  readonly payload: unknown;
  /** The size of the encoded payload. */
  readonly bytes: number;
  /** As in {@link SendReceipt}. */
  readonly id: number;
  /** The number of receivers; 0 also for a message that waits by its `ttl`. */
  readonly receivers: number;
  /** As in {@link SendReceipt}. */
  readonly peerId: number | undefined;
  /** The metadata, as given. It is the sender's: do not change or keep it. */
  readonly metadata: Uint8Array | undefined;
  /** The `id` of the message that this message answers. */
  readonly replyTo: number | undefined;
}

/** Published on `busbar:receive`: the program gets a message, and its consumer runs next. */
export interface ReceiveDiagnostics extends EndpointDiagnostics {
  /** The message. It is the receiver's: do not change, keep or answer it. */
  readonly message: ReceivedMessage<string, unknown, MessageBox>;
}

/**
 * Published on `busbar:undelivered`: no endpoint took a message or will take it. Published for all
 * messages that were sent while the channel had a subscriber, whether or not the endpoint has a
 * listener for `undelivered`.
 */
export interface UndeliveredDiagnostics extends EndpointDiagnostics, UndeliveredEvent {}

/** Published on `busbar:close`: an endpoint is closed. */
export interface CloseDiagnostics extends EndpointDiagnostics {
  /** The reason, unless `close()` was called. */
  readonly error: BusError | undefined;
}

const joins = channel('busbar:join');
const closes = channel('busbar:close');

/** For {@link SendDiagnostics}; asked for each message. */
export const sends = channel('busbar:send');

/** For {@link ReceiveDiagnostics}; asked for each message. */
export const receipts = channel('busbar:receive');

/** For {@link UndeliveredDiagnostics}; asked for each message sent. */
export const failures = channel('busbar:undelivered');

/** An endpoint has joined. */
export function publishJoin(facts: BusErrorFacts, label: readonly string[]): void {
  if (!joins.hasSubscribers) return;
  joins.publish({ ...base(facts), label } satisfies JoinDiagnostics);
}

/** A message was sent; call it only if {@link sends} has subscribers. */
export function publishSend(
  facts: BusErrorFacts,
  { entry, payload, format }: OutgoingMessage,
  sent: Pick<
    SendDiagnostics,
    'to' | 'bytes' | 'id' | 'receivers' | 'peerId' | 'replyTo' | 'metadata'
  >,
): void {
  const { to, bytes, id, receivers, peerId, replyTo, metadata } = sent;
  sends.publish({
    ...base(facts),
    to,
    type: entry.key,
    typeId: entry.type.id,
    format,
    payload,
    bytes,
    id,
    receivers,
    peerId,
    replyTo,
    metadata,
  } satisfies SendDiagnostics);
}

/** The program gets a message; call it only if {@link receipts} has subscribers. */
export function publishReceive(
  facts: BusErrorFacts,
  message: ReceivedMessage<string, unknown, MessageBox>,
): void {
  receipts.publish({ ...base(facts), message } satisfies ReceiveDiagnostics);
}

/** A message is undelivered. */
export function publishUndelivered(facts: BusErrorFacts, event: UndeliveredEvent): void {
  if (!failures.hasSubscribers) return;
  failures.publish({ ...base(facts), ...event } satisfies UndeliveredDiagnostics);
}

/** An endpoint is closed. */
export function publishClose(facts: BusErrorFacts, error: BusError | undefined): void {
  if (!closes.hasSubscribers) return;
  closes.publish({ ...base(facts), error } satisfies CloseDiagnostics);
}

function base({ bus = '', endpointId = 0 }: BusErrorFacts): EndpointDiagnostics {
  return { bus, endpointId };
}
