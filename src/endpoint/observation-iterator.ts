// The observations of an observer for `for await`. Not a generator, whose return() waits for a
// pending next().
import type { CancelOptions } from './cancellation.js';
import type { Observation } from './observation.js';

/** Resolves with the next observation; `undefined` is the end. */
export type Next = (options: CancelOptions) => Promise<Observation | undefined>;

/** Ends when the observer is closed, or by return(), which also ends pending calls of next(). */
export class ObservationIterator implements AsyncIterableIterator<Observation, void, undefined> {
  readonly #next: Next;
  readonly #end = new AbortController();

  constructor(next: Next) {
    this.#next = next;
  }

  async next(): Promise<IteratorResult<Observation, void>> {
    const { signal } = this.#end;
    if (signal.aborted) return { done: true, value: undefined };
    try {
      const value = await this.#next({ signal });
      if (value !== undefined) return { done: false, value };
      this.#end.abort();
      return { done: true, value: undefined };
    } catch (error) {
      // Ended by return(), not by the observer.
      if (signal.aborted) return { done: true, value: undefined };
      this.#end.abort();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Observation, void>> {
    this.#end.abort();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<Observation, void>> {
    this.#end.abort();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
  }
}
