// What a server does with the messages of one type. `Call` is the class of running calls, which
// stands above this file.
import type { Member } from '../members.js';
import type { PeerSet } from '../port.js';
import type { Limits } from './limits.js';

/** A method as its implementation has it. */
export type Implementation<Call> = (args: unknown, call: Call) => unknown;

/** The value of a property, where it is served. */
export interface PropertyState {
  value: unknown;
  /** Grows with each value. */
  version: number;
}

/**
 * A property or signal that is kept elsewhere: what is asked is passed on, and so is what comes.
 * Promises reject with what the caller gets.
 */
export interface RemoteMember<Call> {
  /** Asks for the value of the property and its version. */
  read(call: Call): Promise<{ readonly value: unknown; readonly version: number }>;
  /** Sets the property; resolves with the new version. */
  write(value: unknown, ifVersion: number | undefined, call: Call): Promise<number>;
  /** One more subscription; it is answered in this codec once it is in force. */
  subscribe(peer: number, id: number, codec: number): void;
  /** One less. */
  unsubscribe(peer: number, id: number): void;
}

/** A service, as its calls see it. */
export interface ServiceState<Call> {
  /** `this` of the methods. */
  readonly implementation: object;
  readonly limits: Limits;
  /** Whether callers get the text of undeclared errors. */
  readonly tellMessages: boolean;
  /** Calls whose methods have not returned yet. */
  running: number;
  /** Calls that wait for one of those. */
  readonly queued: Call[];
  /** Whether it takes no more calls. */
  readonly leaving: boolean;
  /** An error that callers do not get to see whole. */
  report(error: unknown, call: Call): void;
  /** What becomes of a value that a client sets; may throw to refuse it. */
  acceptValue(handler: Handler<Call>, value: unknown, call: Call): Promise<unknown>;
  /** Gives a property another value, and tells everyone who watches it. Returns its new version. */
  setProperty(handler: Handler<Call>, value: unknown): number;
  /** A call that waited will never run. */
  forgetQueued(call: Call): void;
  /** A method has returned. */
  changed(): void;
}

/** One member of one service. */
export interface Handler<Call> {
  readonly service: ServiceState<Call>;
  readonly member: Member;
  /** `undefined` for a method that is not implemented now. */
  implementation: Implementation<Call> | undefined;
  /** Those subscribed to a signal or property. */
  readonly subscribers: PeerSet;
  readonly property: PropertyState | undefined;
  /** Set for a property or signal that another server has. */
  readonly remote: RemoteMember<Call> | undefined;
  /** Calls begun, failed, and milliseconds spent; for `stats`. */
  readonly counts: { calls: number; failures: number; busyMs: number };
}
