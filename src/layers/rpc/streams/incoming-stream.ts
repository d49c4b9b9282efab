// The receiving half of a stream: items that wait for their consumer, and the credit for more.
import { asyncDispose } from '../host.js';
import type { Stream } from './stream.js';
import { type Grant, Window } from './window.js';

/** What an incoming stream does to its other side. */
export interface IncomingHost {
  /** The consumer asks for the first time. */
  begin(): void;
  /** Gives the sender credit. */
  grant: Grant;
  /** The consumer has left. */
  leave(): void;
  /** The sender has sent more than it was allowed to. */
  overrun(): void;
}

/** Items that arrived together. */
interface Chunk {
  readonly items: unknown[];
  /** The next item to give out. */
  head: number;
  readonly bytes: number;
}

type Step = IteratorResult<unknown, unknown>;

interface Waiting {
  readonly resolve: (step: Step) => void;
  readonly reject: (error: Error) => void;
  /** Whether a list is wanted. */
  readonly batch: boolean;
}

const over: Step = Object.freeze({ done: true, value: undefined });

/** A stream as its consumer has it. */
export class IncomingStream implements Stream<unknown, unknown> {
  readonly #host: IncomingHost;
  readonly #window: Window;
  #chunks: Chunk[] = [];
  #first = 0;
  readonly #waiting: Waiting[] = [];
  #begun = false;
  #grows = true;
  #ended = false;
  #error: Error | undefined;
  #result: unknown;

  constructor(host: IncomingHost, items: number, bytes: number) {
    this.#host = host;
    this.#window = new Window(items, bytes, (moreItems, moreBytes) => {
      if (!this.#ended) host.grant(moreItems, moreBytes);
    });
  }

  /** Items arrived. `starved`: their sender had waited for credit. */
  push(items: unknown[], bytes: number, starved: boolean): void {
    if (this.#ended || !this.#window.arrived(items.length, bytes)) {
      for (const item of items) dispose(item);
      if (!this.#ended) this.#host.overrun();
      return;
    }
    const idle = this.#first === this.#chunks.length;
    if (items.length > 0) this.#chunks.push({ items, head: 0, bytes });
    while (this.#waiting.length > 0 && this.#first < this.#chunks.length) {
      const { resolve, batch } = this.#waiting.shift() as Waiting;
      resolve({ done: false, value: batch ? this.#takeChunk() : this.#takeItem() });
    }
    if (starved && idle && this.#grows) this.#window.grow();
  }

  /** No more items come. The consumer gets those that are here first, then the error. */
  end(error?: Error, result?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#result = result;
    if (this.#waiting.length === 0) return;
    // Those that wait have taken all items.
    const waiting = this.#waiting.splice(0);
    const [first, ...others] = waiting;
    // The first gets the error or the result, all others just the end, as with generators.
    if (error === undefined) first?.resolve(this.#last());
    else first?.reject(this.#takeError() ?? error);
    for (const { resolve } of others) resolve(over);
  }

  /** The window stays as it is, for a consumer that passes on only what others take. */
  keepWindow(): void {
    this.#grows = false;
  }

  /** Enlarges the window; see {@link Window.widen}. */
  widen(items: number, bytes: number): void {
    this.#window.widen(items, bytes);
  }

  next(): Promise<Step> {
    if (this.#first < this.#chunks.length) {
      return Promise.resolve({ done: false, value: this.#takeItem() });
    }
    return this.#wait(false);
  }

  return(): Promise<Step> {
    this.#leave();
    return Promise.resolve(over);
  }

  throw(error?: unknown): Promise<Step> {
    this.#leave();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [asyncDispose](): Promise<void> {
    this.#leave();
  }

  batches(): AsyncIterableIterator<readonly unknown[], void, undefined> {
    const batches: AsyncIterableIterator<readonly unknown[], void, undefined> = {
      next: () => {
        if (this.#first < this.#chunks.length) {
          return Promise.resolve({ done: false, value: this.#takeChunk() });
        }
        return this.#wait(true) as Promise<IteratorResult<readonly unknown[], void>>;
      },
      return: () => {
        this.#leave();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => batches,
    };
    return batches;
  }

  readable(): ReadableStream<unknown> {
    return new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = await this.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel: () => this.#leave(),
      },
      { highWaterMark: 0 },
    );
  }

  #wait(batch: boolean): Promise<Step> {
    if (this.#ended) {
      const error = this.#takeError();
      return error === undefined ? Promise.resolve(this.#last()) : Promise.reject(error);
    }
    const promise = new Promise<Step>((resolve, reject) => {
      this.#waiting.push({ resolve, reject, batch });
    });
    if (!this.#begun) {
      this.#begun = true;
      this.#host.begin();
    }
    return promise;
  }

  #takeError(): Error | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  #last(): Step {
    const value = this.#result;
    this.#result = undefined;
    return value === undefined ? over : { done: true, value };
  }

  #takeItem(): unknown {
    const chunk = this.#chunks[this.#first] as Chunk;
    const value = chunk.items[chunk.head];
    // Dropped at once, so that a large item is freed as soon as its user drops it.
    chunk.items[chunk.head++] = undefined;
    if (chunk.head === chunk.items.length) this.#finishChunk(chunk);
    return value;
  }

  #takeChunk(): readonly unknown[] {
    const chunk = this.#chunks[this.#first] as Chunk;
    const { items, head } = chunk;
    this.#finishChunk(chunk);
    return head === 0 ? items : items.slice(head);
  }

  #finishChunk(chunk: Chunk): void {
    this.#first++;
    if (this.#first === this.#chunks.length) {
      this.#chunks = [];
      this.#first = 0;
    } else if (this.#first > 1024) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
    this.#window.used(chunk.items.length, chunk.bytes);
  }

  #leave(): void {
    const wasOver = this.#ended;
    this.abandon();
    if (!wasOver) this.#host.leave();
  }

  /** Nobody reads on: drops the items that are here, and what they have brought along. */
  abandon(): void {
    for (let at = this.#first; at < this.#chunks.length; at++) {
      const chunk = this.#chunks[at] as Chunk;
      for (let item = chunk.head; item < chunk.items.length; item++) dispose(chunk.items[item]);
    }
    this.#chunks = [];
    this.#first = 0;
    this.#error = undefined;
    this.end();
  }
}

/** Releases what an item that nobody takes has brought along, if the item is such a thing itself. */
function dispose(item: unknown): void {
  if (typeof item !== 'object' || item === null || ArrayBuffer.isView(item)) return;
  const { release, close } = item as { release?: unknown; close?: unknown };
  if (typeof release === 'function') Reflect.apply(release, item, []);
  else if (typeof close === 'function') Reflect.apply(close, item, []);
  else for (const each of Object.values(item)) if (typeof each === 'object') dispose(each);
}
