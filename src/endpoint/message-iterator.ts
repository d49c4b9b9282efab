// The messages of an endpoint for `for await`. Not a generator, whose return() waits for a pending
// next(): a loop that is left would hang until the next message, and swallow it.
import { noOptions } from '../checks.js';
import { ClosedError } from '../errors/index.js';
import type { Consumer } from './consumer.js';

/** Ends when the endpoint is closed, or by return(), which also ends pending calls of next(). */
export class MessageIterator<M> implements AsyncIterableIterator<M, void, undefined> {
  readonly #consumer: Consumer;
  // Pending calls of next() reject with it at the end.
  readonly #end = new ClosedError('the iterator has ended');
  #ended = false;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  /** One promise for a message that is there already: it costs a loop less than the message. */
  next(): Promise<IteratorResult<M, void>> {
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    const message = this.#consumer.take();
    if (message === undefined) return this.#wait();
    // The endpoint made the message with its own box.
    return Promise.resolve({ done: false, value: message as M });
  }

  async #wait(): Promise<IteratorResult<M, void>> {
    try {
      const value = (await this.#consumer.wait('next()', noOptions)) as M;
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
