// The counters of an endpoint.
import type { NativeCounters } from '../native/addon.js';

/** Counters of one endpoint since it joined. */
export interface Counters extends NativeCounters {
  /** Received messages whose type is not in the message box. */
  readonly unknown: number;
  /** Received messages whose payload the codec or schema refused. */
  readonly rejected: number;
  /** Received messages that wait for `recv()` or `for await`. */
  readonly waiting: number;
}
