// The inbox: messages that have arrived and wait for recv(), for await or a listener, and those who wait for them.
// Bounded: it says how many more messages it wants, and what nobody wants stays in the senders' rings.

import type { Settler } from './cancellation.js';
import { Fifo } from './fifo.js';
import type { Message } from './message.js';

/** Nobody can ask for more at a time. */
const unlimited = 0xffff_ffff;

/** Messages on their way to the user. A pending receive comes first, then the listeners, then the queue. */
export class Inbox {
  readonly #prefetch: number;
  readonly #setCredit: (messages: number) => void;
  readonly #queue: Message[] = [];
  #head = 0;
  readonly #waiting = new Fifo<Settler<Message>>();
  #listener: ((message: Message) => void) | undefined;
  #credit = 0;

  /** `setCredit` tells the native side how many messages are wanted from now on. */
  constructor(prefetch: number, setCredit: (messages: number) => void) {
    this.#prefetch = prefetch;
    this.#setCredit = setCredit;
  }

  /** Messages that wait for a receive. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  /** Whether somebody waits for a message, or listens. */
  get wanted(): boolean {
    return this.#waiting.size > 0 || this.#listener !== undefined;
  }

  /**
   * Gives messages to `listener` from now on, those that wait first; `undefined` ends it, also from within the
   * listener: what comes after stays here.
   */
  listen(listener: ((message: Message) => void) | undefined): void {
    this.#listener = listener;
    while (this.#listener !== undefined) {
      const message = this.#next();
      if (message === undefined) break;
      this.#listener(message);
    }
    this.#grant(this.#demand());
  }

  /** Takes a message that arrived. */
  push(message: Message): void {
    const waiting = this.#waiting.first;
    if (waiting !== undefined) {
      this.#waiting.remove(waiting);
      waiting.resolve(message);
    } else if (this.#listener !== undefined) {
      this.#listener(message);
    } else {
      this.#queue.push(message);
    }
  }

  /** The oldest message that waits, if any. */
  take(): Message | undefined {
    const message = this.#next();
    // Refilled at half, so that not every message costs a call.
    if (message !== undefined && this.length <= this.#prefetch >> 1) {
      this.#grant(Math.max(this.#credit, this.#prefetch - this.length));
    }
    return message;
  }

  /** Somebody waits for the next message. */
  wait(settler: Settler<Message>): void {
    this.#waiting.push(settler);
    this.#grant(this.#demand());
  }

  /** Somebody no longer waits. */
  cancel(settler: Settler<Message>): void {
    this.#waiting.remove(settler);
  }

  /** Nobody will get anything any more. */
  rejectAll(error: Error): void {
    for (const settler of this.#waiting.clear()) settler.reject(error);
  }

  /** A batch of `count` messages has been pushed: says how many more are wanted. */
  batchDone(count: number): void {
    if (this.#credit !== unlimited) this.#credit = Math.max(0, this.#credit - count);
    this.#grant(this.#demand());
  }

  #demand(): number {
    if (this.#listener !== undefined) return unlimited;
    // With nobody waiting, messages are better off in their rings, where this process's death cannot lose them.
    if (this.#waiting.size === 0) return 0;
    return Math.max(0, this.#prefetch - this.length) + this.#waiting.size;
  }

  #grant(credit: number): void {
    if (credit === this.#credit) return;
    this.#credit = credit;
    this.#setCredit(credit);
  }

  #next(): Message | undefined {
    if (this.#head === this.#queue.length) return undefined;
    const message = this.#queue[this.#head];
    // Not kept: a large payload should go as soon as its user lets go of it.
    this.#queue[this.#head++] = undefined as never;
    if (this.#head === this.#queue.length || this.#head > 4096) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    return message;
  }
}
