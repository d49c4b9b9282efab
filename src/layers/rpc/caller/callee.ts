// A server as its callers know it: the calls that it has in hand.
import { IdMap } from '../id-map.js';
import type { IncomingFrame } from '../port.js';

/** Hears the emissions of one server for one member. */
export interface Emissions {
  emitted(frame: IncomingFrame): void;
}

/** One server. */
export class Callee<Call> {
  readonly peer: number;
  /** Its calls by the numbers of their frames: an answer of it can reach no others. */
  readonly pending = new IdMap<Call>();
  /** Those subscribed to a member of it, by the member's type. */
  readonly subscribed = new Map<string, Set<Emissions>>();

  constructor(peer: number) {
    this.peer = peer;
  }
}
