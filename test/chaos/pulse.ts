// Whether this process has run without a pause. A member that was stopped while the controller
// changed may read the former directory for a moment after it goes on: nobody waits for it longer
// than 250 ms. What it sees of labels then proves nothing.
import { now } from './payload.js';

/** Microseconds without a beat that make a process one that was stopped. */
const mostGap = 150_000;
/** Microseconds until it has caught up. */
const catchingUp = 1_000_000;

/** The pulse of one process; beats as often as anything happens. */
export class Pulse {
  #last = now();
  #steadyFrom = 0;

  /** Whether what this process saw until now proves something. */
  beat(): boolean {
    const time = now();
    if (time - this.#last > mostGap) this.#steadyFrom = time + catchingUp;
    this.#last = time;
    return time >= this.#steadyFrom;
  }
}
