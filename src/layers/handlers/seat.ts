// The seams of a table: what it needs of its endpoint, and of time. Endpoints of the bus have the
// first one as they are; tests of handlers have both in a deterministic form.
import type {
  MessageBox,
  Peer,
  ReceivedMessage,
  Selector,
  SendOptions,
  SendWhenReadyOptions,
} from '../../index.js';

/** A received message of any box. */
export type SeatMessage = ReceivedMessage<string, unknown, MessageBox>;

/** A member of a bus, as a table uses it. */
export interface Seat {
  readonly id: number;
  readonly label: readonly string[];
  send(to: Selector | string, message: never, options?: SendOptions): number;
  sendWhenReady(
    to: Selector | string,
    message: never,
    options?: SendWhenReadyOptions,
  ): Promise<number>;
  relabel(label: readonly string[]): Promise<void>;
  /**
   * A consumer: a message of it is handled when it asks for the next one, and not handled when it
   * ends before.
   */
  [Symbol.asyncIterator](): AsyncIterator<SeatMessage, void, undefined>;
  close(): Promise<void>;
}

/** What a table needs of time. */
export interface Clock {
  /** Calls back after some milliseconds, unless the returned function is called before. */
  delay(milliseconds: number, callback: () => void): () => void;
  /** Calls back when everything that is due now was done, input included. */
  turn(callback: () => void): void;
}

/** The time of Node. */
export const realClock: Clock = {
  delay(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  turn: (callback) => void setImmediate(callback),
};

/** The peer that stands for nobody. */
export const nobodyElse: Peer = Object.freeze({ id: 0, pid: 0, label: Object.freeze([]) });
