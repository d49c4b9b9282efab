// Gives memory back that a burst took, once it is over.
import { setTimeout } from 'node:timers';

/** A burst is over when nothing was noted for so long, in milliseconds. */
const restAfter = 1000;

/** Calls a function once after each burst; has a timer only during one. */
export class IdleRest {
  readonly #rest: () => void;
  #used = false;
  #waiting = false;

  constructor(rest: () => void) {
    this.#rest = rest;
  }

  /** Something was used that can be given back. */
  note(): void {
    this.#used = true;
    if (!this.#waiting) this.#wait();
  }

  #wait(): void {
    this.#waiting = true;
    this.#used = false;
    // A program ends whether there is something to give back or not.
    setTimeout(() => {
      this.#waiting = false;
      if (this.#used) this.#wait();
      else this.#rest();
    }, restAfter).unref();
  }
}
