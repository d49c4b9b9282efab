// The observations that wait in this process for the program. Bounded: while it is full, copies stay
// in their rings, and what does not fit there is counted as lost.
import type { NativeEndpoint } from '../native/addon.js';
import type { Settler } from './cancellation.js';
import type { Observation } from './observation.js';

/** Waits for the next observation; `undefined` is the end. */
export type Waiter = Settler<Observation | undefined>;

/** Hands out observations in their order, each once. */
export class ObservationQueue {
  readonly #native: Pick<NativeEndpoint, 'setCredit'>;
  readonly #most: number;
  #waiting: Observation[] = [];
  // Before it, all were taken.
  #head = 0;
  readonly #waiters = new Set<Waiter>();
  #end: Error | undefined;
  #over = false;

  /** At most `most` observations wait. */
  constructor(native: Pick<NativeEndpoint, 'setCredit'>, most: number) {
    this.#native = native;
    this.#most = most;
  }

  /** Begins to receive. */
  open(): void {
    this.#native.setCredit(this.#most);
  }

  push(observation: Observation): void {
    const [first] = this.#waiters;
    if (first === undefined) {
      this.#waiting.push(observation);
      return;
    }
    this.#waiters.delete(first);
    first.resolve(observation);
  }

  /** A batch was pushed: how many more may come. */
  batchDone(): void {
    if (!this.#over) this.#native.setCredit(Math.max(0, this.#most - this.#length));
  }

  get #length(): number {
    return this.#waiting.length - this.#head;
  }

  /** Whether next() returns something at once. */
  get ready(): boolean {
    return this.#length > 0 || this.#over;
  }

  /** Only if {@link ready}: the next observation; `undefined` at the end. */
  take(): Observation | undefined {
    const observation = this.#waiting[this.#head];
    if (observation === undefined) {
      if (this.#end !== undefined) throw this.#end;
      return undefined;
    }
    this.#head++;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    }
    // Not for each: it is a call of native code.
    if (this.#length === this.#most >> 1) this.batchDone();
    return observation;
  }

  wait(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  cancel(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  /** Nothing more comes; `error` is the reason, unless the program has closed the observer. */
  finish(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#end = error;
    for (const waiter of [...this.#waiters]) {
      if (error === undefined) waiter.resolve(undefined);
      else waiter.reject(error);
    }
    this.#waiters.clear();
  }
}
