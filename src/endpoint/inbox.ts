// The inbox: messages that have arrived and wait for recv(), for await or a listener, and those who wait for them.
// Bounded: it says how many more messages it wants, and what nobody wants stays in the senders' rings.

import type { Settler } from './cancellation.js';
import { Fifo } from './fifo.js';
import { Message } from './message.js';

/** Nobody can ask for more at a time. */
const unlimited = 0xffff_ffff;

/** Rows are numbered modulo this: far more than there can be at a time. */
const rowMask = 2 ** 30 - 1;

/** What an inbox tells the native side. */
export interface InboxSource {
  /** How many messages are wanted from now on. */
  setCredit(messages: number): void;
  /** The user has all rows but the last `waiting`. */
  taken(waiting: number): void;
  /** The same, and wants nothing more. */
  handBack(waiting: number): void;
}

/**
 * Messages on their way to the user. A pending receive comes first, then the listeners, then the queue. What waits here
 * is not taken for its sender: it is told as the user gets it, not for each message that nobody waits for, though.
 */
export class Inbox {
  readonly #prefetch: number;
  readonly #source: InboxSource;
  readonly #queue: Message[] = [];
  #head = 0;
  readonly #waiting = new Fifo<Settler<Message>>();
  #listener: ((message: Message) => void) | undefined;
  #credit = 0;
  // The next row to be read, and the one after the last that was given.
  #next = 0;
  #end = 0;
  #closed = false;
  // Somebody got a message of this batch whose sender waits for that.
  #awaited = false;

  constructor(prefetch: number, source: InboxSource) {
    this.#prefetch = prefetch;
    this.#source = source;
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
    if (listener !== undefined && this.length > 0) {
      while (this.#listener !== undefined) {
        const message = this.#shift();
        if (message === undefined) break;
        this.#listener(message);
      }
      this.#tellTaken();
    }
    this.#grant(this.#demand());
  }

  /** Takes a message that arrived. */
  push(message: Message): void {
    const waiting = this.#waiting.first;
    if (this.#closed) {
      // Its sender has it again.
      Message.endOf(message)?.release();
    } else if (waiting !== undefined) {
      this.#waiting.remove(waiting);
      waiting.resolve(message);
      this.#awaited ||= Message.isAwaited(message);
    } else if (this.#listener !== undefined) {
      // What came along is this process's alone before the listener counts who holds it.
      if (message.regions.length > 0) this.#tellTaken();
      this.#listener(message);
    } else {
      this.#queue.push(message);
    }
  }

  /** The oldest message that waits, if any. */
  take(): Message | undefined {
    const message = this.#shift();
    if (message === undefined) return undefined;
    const { length } = this;
    const half = this.#prefetch >> 1;
    if (length === 0 || length === half || Message.isAwaited(message)) this.#tellTaken();
    // Refilled at half, so that not every message costs a call.
    if (length <= half) this.#grant(Math.max(this.#credit, this.#prefetch - length));
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

  /** A batch of `count` rows was given: they are read, and the messages among them pushed, next. */
  batchBegins(count: number): void {
    this.#end = (this.#end + count) & rowMask;
  }

  /** The number of the next row, which is read now. */
  nextRow(): number {
    const row = this.#next;
    this.#next = (row + 1) & rowMask;
    return row;
  }

  /** A batch of `count` rows was read: says how many more are wanted. Returns how many rows the user has not got. */
  batchDone(count: number): number {
    if (this.#credit !== unlimited) this.#credit = Math.max(0, this.#credit - count);
    this.#grant(this.#demand());
    this.#next = this.#end;
    // Before those who wait go on, which is before this call's return is known to the native side.
    if (this.#awaited) this.#tellTaken();
    this.#awaited = false;
    return this.#rowsWaiting;
  }

  /** Nobody takes anything any more: what waits, and what of a batch is still to be read, goes back to its senders. */
  handBack(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener = undefined;
    this.#source.handBack(this.#rowsWaiting);
    for (let message = this.#shift(); message !== undefined; message = this.#shift())
      Message.endOf(message)?.release();
  }

  // Those that were refused in between count as well.
  get #rowsWaiting(): number {
    const first = this.#queue[this.#head];
    const row = first === undefined ? this.#next : Message.rowOf(first);
    return (this.#end - row) & rowMask;
  }

  #tellTaken(): void {
    this.#source.taken(this.#rowsWaiting);
  }

  #demand(): number {
    if (this.#closed) return 0;
    if (this.#listener !== undefined) return unlimited;
    // With nobody waiting, messages are better off in their rings, where this process's death cannot lose them.
    if (this.#waiting.size === 0) return 0;
    return Math.max(0, this.#prefetch - this.length) + this.#waiting.size;
  }

  #grant(credit: number): void {
    if (credit === this.#credit) return;
    this.#credit = credit;
    this.#source.setCredit(credit);
  }

  #shift(): Message | undefined {
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
