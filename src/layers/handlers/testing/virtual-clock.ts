// Time of a test bus: it stands still until the test moves it on.
import { setImmediate } from 'node:timers';
import type { Clock } from '../seat.js';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** Timers that fire when the test says so, in the order in which they are due. */
export class VirtualClock implements Clock {
  /** Milliseconds since the bus was made. */
  now = 0;
  readonly #busy: () => boolean;
  readonly #timers = new Set<Timer>();

  /** `busy` says whether something is still on its way. */
  constructor(busy: () => boolean) {
    this.#busy = busy;
  }

  delay(milliseconds: number, callback: () => void): () => void {
    const timer = { due: this.now + milliseconds, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  turn(callback: () => void): void {
    setImmediate(() => {
      if (this.#busy()) this.turn(callback);
      else callback();
    });
  }

  /** The next timer that is due until `time`, removed; sets the clock to it. */
  next(time: number): (() => void) | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due <= time && (first === undefined || timer.due < first.due)) first = timer;
    }
    if (first === undefined) return undefined;
    this.#timers.delete(first);
    this.now = Math.max(this.now, first.due);
    return first.callback;
  }
}
