// What happened on one route.

/** Messages between two of which the time is taken: a clock read costs as much as a short handler. */
export const timedEvery = 32;

/** Counts of one route since the start. */
export class Counters {
  handled = 0;
  retried = 0;
  failed = 0;
  deadLetters = 0;
  running = 0;
  waiting = 0;
  #untilTimed = 0;
  #timed = 0;
  #milliseconds = 0;

  /** When a message begins: the time, or 0 if its time is not taken. */
  begin(): number {
    if (this.#untilTimed-- > 0) return 0;
    this.#untilTimed = timedEvery - 1;
    return performance.now();
  }

  /** The end of a message whose time is taken. */
  end(start: number): void {
    this.#timed++;
    this.#milliseconds += performance.now() - start;
  }

  get meanMicroseconds(): number {
    return this.#timed === 0 ? 0 : (this.#milliseconds * 1000) / this.#timed;
  }
}
