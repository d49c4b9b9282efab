// What an observer sees of one sender. Copies of a sender come in the order in which it sent, its
// messages have consecutive numbers, and what is lost is counted in its place: a number that is
// passed over must be among the lost.
import type { Observation } from 'busbar';
import type { Seen } from './history.js';

/** The observations of one sender. */
export class Sight {
  #sent = 0;
  #again = 0;
  #undelivered = 0;
  #lost = 0;
  /** Lost since the last message that was seen. */
  #lostSince = 0;
  /** The number of the next message; `undefined` before the first. */
  #next: number | undefined;
  /** Messages before the first that was seen, and not among the lost. */
  #missed = 0;
  /** Something was seen since the last report. */
  changed = false;

  get counts(): Seen {
    return {
      sent: this.#sent,
      again: this.#again,
      undelivered: this.#undelivered,
      lost: this.#lost,
      missed: this.#missed,
    };
  }

  /** Takes the next observation of this sender; returns what is wrong about it. */
  take(seen: Observation): string | undefined {
    this.changed = true;
    if (seen.kind === 'lost') {
      this.#lost += seen.count;
      this.#lostSince += seen.count;
      return seen.count > 0 ? undefined : `${seen.count} observations were lost`;
    }
    if (seen.kind === 'undelivered') {
      this.#undelivered++;
      return undefined;
    }
    if (seen.again) {
      this.#again++;
      return undefined;
    }
    this.#sent++;
    // A multicast to nobody has no number.
    return seen.id === 0 ? undefined : this.#follow(seen.id);
  }

  #follow(id: number): string | undefined {
    const [expected, lost] = [this.#next, this.#lostSince];
    this.#next = id + 1;
    this.#lostSince = 0;
    if (expected === undefined) {
      this.#missed = Math.max(0, id - 1 - lost);
      return undefined;
    }
    if (id < expected) return `number ${id} was seen after number ${expected - 1}`;
    if (id - expected <= lost) return undefined;
    return `number ${id} was seen instead of ${expected}, and ${lost} were lost between`;
  }
}
