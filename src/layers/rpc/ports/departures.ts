// Peers that have left the bus, while what they sent before may still be to be read. `left` is the
// last word about what was sent to a peer; what came from it lies in its ring, and the endpoint reads
// all rings in turn, each turn of the event loop for a while. A peer is gone for its calls once some
// turns have passed in which nothing more of it came.
import { setImmediate } from 'node:timers';

/** Turns without a message: with many busy peers, not every turn gets to each ring. */
const quietTurns = 8;

/** Waits for the last messages of peers. */
export class Departures {
  /** By peer, the turns that have passed since its last message. */
  readonly #quiet = new Map<number, number>();
  readonly #gone: (peer: number) => void;

  /** `gone` is called once for each peer. */
  constructor(gone: (peer: number) => void) {
    this.#gone = gone;
  }

  /** This peer has left. */
  add(peer: number): void {
    this.#quiet.set(peer, 0);
    if (this.#quiet.size === 1) setImmediate(this.#turn);
  }

  /** A message of a peer came. */
  heard(peer: number): void {
    if (this.#quiet.size > 0 && this.#quiet.has(peer)) this.#quiet.set(peer, 0);
  }

  readonly #turn = () => {
    for (const [peer, turns] of this.#quiet) {
      if (turns < quietTurns) {
        this.#quiet.set(peer, turns + 1);
        continue;
      }
      this.#quiet.delete(peer);
      this.#gone(peer);
    }
    if (this.#quiet.size > 0) setImmediate(this.#turn);
  };
}
