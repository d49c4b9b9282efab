// The messages of an endpoint as `for await` takes them. No generator: its return() waits behind a pending next(), so a
// loop that is given up would hang until a message comes, and swallow it.
import { ClosedError } from '../errors/index.js';
import { noOptions } from '../options.js';
import type { Consumer } from './consumer.js';

/** Ends when the endpoint is closed, or by return(), which ends pending calls of next(), too. */
export class MessageIterator<M> implements AsyncIterableIterator<M, void, undefined> {
  readonly #consumer: Consumer;
  // Also what the calls of next() are rejected with that are pending at the end.
  readonly #end = new ClosedError('the iterator has ended');
  #ended = false;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  async next(): Promise<IteratorResult<M, void>> {
    if (this.#ended) return { done: true, value: undefined };
    try {
      // The consumer's endpoint has made it by its own box.
      const value = (await this.#consumer.recv('next()', noOptions)) as M;
      return { done: false, value };
    } catch (error) {
      this.#finish();
      if (error instanceof ClosedError) return { done: true, value: undefined };
      throw error;
    }
  }

  async return(): Promise<IteratorResult<M, void>> {
    this.#finish();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<M, void>> {
    this.#finish();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#consumer.end(this.#end);
  }
}
