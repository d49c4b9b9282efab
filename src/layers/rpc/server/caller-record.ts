// A caller as its servers know it: its calls and subscriptions here. Forgotten when it is gone.
import { IdMap } from '../id-map.js';
import type { Handler } from './handler.js';

/** One caller. */
export class CallerRecord<Call> {
  readonly peer: number;
  /** Calls that wait or run, by the numbers of their frames. */
  readonly calls = new IdMap<Call>();
  /** Subscriptions by the numbers of their frames. */
  readonly subscriptions = new Map<number, Handler<Call>>();

  constructor(peer: number) {
    this.peer = peer;
  }
}
