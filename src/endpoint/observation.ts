// What an observer sees. Types only; observation-reader.ts makes the values.
import type { Peer } from '../messages/index.js';

/** What the observations of a message have in common. */
export interface ObservedMessage {
  /** The endpoint that sent the message. */
  readonly from: Peer;
  /**
   * The message's number, as its receivers see it in `message.id`; unique for its sender. 0 for a
   * multicast that matched no endpoint.
   */
  readonly id: number;
  /** The UUID of its type, in lower case; `id` of a `MessageType`. */
  readonly typeId: string;
  /** Its 16-bit format word. */
  readonly format: number;
  /** The `id` of the message that it answers. */
  readonly replyTo: number | undefined;
  /** Whether it was sent to one of the matching endpoints, rather than to all. */
  readonly unicast: boolean;
  /** The size of its payload. */
  readonly bytes: number;
  /** The first `payloadBytes` of the payload, encoded; a copy of its own. */
  readonly payload: Uint8Array;
  /** How many kernel objects it has. */
  readonly objects: number;
  /** How many memory regions it has. */
  readonly regions: number;
  /** Its metadata; `undefined` if it has none. */
  readonly metadata: Uint8Array | undefined;
  /**
   * When its sender began to send it, or knew that no endpoint takes it: milliseconds since 1970,
   * with microseconds. Read before the message is on its way, so what a message brings about, such
   * as a reply, has no earlier time than the message.
   */
  readonly time: number;
}

/** A message is on its way. */
export interface SentObservation extends ObservedMessage {
  /** Tells the kinds of observations apart. */
  readonly kind: 'sent';
  /**
   * Its receivers, at most 256. Those that are not observable are left out; of one that has left
   * meanwhile, `pid` is 0 and `label` is empty.
   */
  readonly to: readonly Peer[];
  /** How many receivers it has, all counted. */
  readonly receivers: number;
  /** It was sent before, to a receiver that was gone before it took the message. */
  readonly again: boolean;
}

/** No endpoint took a message, or will take it. */
export interface UndeliveredObservation extends ObservedMessage {
  /** Tells the kinds of observations apart. */
  readonly kind: 'undelivered';
  /** The receiver that is gone; `undefined` if none was found in the message's time to live. */
  readonly to: Peer | undefined;
  /** The `code` of an error, as in {@link UndeliveredEvent}. */
  readonly reason: string;
}

/**
 * The observer was too slow: so many observations of one sender were lost. The number is exact, also
 * when the sender dies.
 */
export interface LostObservation {
  /** Tells the kinds of observations apart. */
  readonly kind: 'lost';
  /** The endpoint whose messages were not observed. */
  readonly from: Peer;
  /** How many observations were lost between the one before and the next one of this sender. */
  readonly count: number;
}

/** What an {@link Observer} sees; narrow it by `kind`. */
export type Observation = SentObservation | UndeliveredObservation | LostObservation;
