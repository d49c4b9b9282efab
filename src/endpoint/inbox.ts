// The inbox: received messages that wait for recv(), for await or a listener, and the calls that
// wait for messages. Bounded: it grants the native side a number of messages (credit); all others
// stay in the senders' rings.

import { setImmediate } from 'node:timers'; // Jest's jsdom has no global one
import type { Settler } from './cancellation.js';
import { Fifo } from './fifo.js';
import { Message } from './message.js';
import type { SeenMark } from './seen-marks.js';

/** The largest credit. */
const unlimited = 0xffff_ffff;

/** Rows are numbered modulo this, far more than there can be at a time. */
const rowMask = 2 ** 30 - 1;

/** The native side, as an inbox uses it. */
export interface InboxSource {
  /** How many more messages are wanted. */
  setCredit(messages: number): void;
  /** The user has all rows except the last `waiting`. */
  taken(waiting: number): void;
  /** The same, and no more are wanted. */
  handBack(waiting: number): void;
}

/**
 * Messages on their way to the user: a pending receive comes first, then the listeners, then the
 * queue. A queued message is not yet taken, as its sender sees it. Taken messages are reported when
 * the user gets them; those without a waiting sender are reported in portions.
 */
export class Inbox {
  readonly #prefetch: number;
  readonly #source: InboxSource;
  // Three lists side by side: an object for each entry would cost more than the message.
  readonly #queue: Message[] = [];
  readonly #seen: SeenMark[] = [];
  readonly #positions: number[] = [];
  #head = 0;
  readonly #waiting = new Fifo<Settler<Message>>();
  #listener: ((message: Message) => void) | undefined;
  #credit = 0;
  // The next row to be read, and the end of the rows given so far.
  #next = 0;
  #end = 0;
  #closed = false;
  // Messages that have left the queue, and what to call when so many have.
  #shifted = 0;
  readonly #afterwards = new Fifo<{ readonly shifted: number; readonly call: () => void }>();
  // The user got a message of this batch whose sender waits until it is taken.
  #awaited = false;

  constructor(prefetch: number, source: InboxSource) {
    this.#prefetch = prefetch;
    this.#source = source;
  }

  /** Messages that wait for a receive. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  /** Whether there is a pending receive or a listener. */
  get wanted(): boolean {
    return this.#waiting.size > 0 || this.#listener !== undefined;
  }

  /**
   * Gives messages to `listener` from now on, beginning with the queued ones. `undefined` ends it,
   * even when called from the listener: later messages are queued here.
   */
  listen(listener: ((message: Message) => void) | undefined): void {
    this.#listener = listener;
    if (listener !== undefined && this.length > 0) {
      while (this.#listener !== undefined) {
        const message = this.#handOut();
        if (message === undefined) break;
        this.#listener(message);
      }
      this.#tellTaken();
    }
    this.#grant(this.#demand());
  }

  /** Takes a message that arrived. `seen` notes its `position` just before the user gets it. */
  push(message: Message, seen: SeenMark, position: number): void {
    const waiting = this.#waiting.first;
    if (this.#closed) {
      // The message has gone back to its sender.
      Message.endOf(message)?.release();
    } else if (waiting !== undefined) {
      this.#waiting.remove(waiting);
      seen.note(position);
      waiting.resolve(message);
      this.#awaited ||= Message.isAwaited(message);
    } else if (this.#listener !== undefined) {
      // Reported first, so that a listener that reads a region's refCount finds it held by this
      // process alone.
      seen.note(position);
      if (message.regions.length > 0) this.#tellTaken();
      this.#listener(message);
    } else {
      this.#queue.push(message);
      this.#seen.push(seen);
      this.#positions.push(position);
    }
  }

  /** Removes and returns the oldest queued message, if any. */
  take(): Message | undefined {
    const message = this.#handOut();
    if (message === undefined) return undefined;
    const { length } = this;
    const half = this.#prefetch >> 1;
    if (length === 0 || length === half || Message.isAwaited(message)) this.#tellTaken();
    // Refilled at half, so that not every message costs a native call.
    if (length <= half) this.#grant(Math.max(this.#credit, this.#prefetch - length));
    return message;
  }

  /** A receive waits for the next message. */
  wait(settler: Settler<Message>): void {
    this.#waiting.push(settler);
    this.#grant(this.#demand());
  }

  /**
   * Calls back once the user has the messages that are queued now: at once if there are none, else
   * in the turn after the last of them was handed out.
   */
  afterQueued(call: () => void): void {
    const { length } = this;
    if (length === 0) call();
    else this.#afterwards.push({ shifted: this.#shifted + length, call });
  }

  /** Cancels a receive. */
  cancel(settler: Settler<Message>): void {
    this.#waiting.remove(settler);
  }

  /** Rejects all receives: no more messages will come. */
  rejectAll(error: Error): void {
    for (const settler of this.#waiting.clear()) settler.reject(error);
  }

  /** A batch of `count` rows was given; its rows are read, and their messages pushed, next. */
  batchBegins(count: number): void {
    this.#end = (this.#end + count) & rowMask;
  }

  /** Advances to the next row, and returns its number. */
  nextRow(): number {
    const row = this.#next;
    this.#next = (row + 1) & rowMask;
    return row;
  }

  /**
   * A batch of `count` rows was read: renews the credit. Returns how many rows the user has not got
   * yet.
   */
  batchDone(count: number): number {
    if (this.#credit !== unlimited) this.#credit = Math.max(0, this.#credit - count);
    this.#grant(this.#demand());
    this.#next = this.#end;
    // Before pending receives continue, which is before the native side sees the return value.
    if (this.#awaited) this.#tellTaken();
    this.#awaited = false;
    return this.#rowsWaiting;
  }

  /**
   * No more messages are taken: queued ones, and the unread rows of a batch, go back to their
   * senders.
   */
  handBack(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener = undefined;
    this.#afterwards.clear();
    this.#source.handBack(this.#rowsWaiting);
    for (let message = this.#shift(); message !== undefined; message = this.#shift())
      Message.endOf(message)?.release();
  }

  // Includes rows in between whose messages were refused.
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
    // Without a receive, messages are safer in their rings, where this process's death cannot lose
    // them.
    if (this.#waiting.size === 0) return 0;
    return Math.max(0, this.#prefetch - this.length) + this.#waiting.size;
  }

  #grant(credit: number): void {
    if (credit === this.#credit) return;
    this.#credit = credit;
    this.#source.setCredit(credit);
  }

  /** The oldest queued message, which the user gets now. */
  #handOut(): Message | undefined {
    const place = this.#head;
    if (place < this.#queue.length)
      (this.#seen[place] as SeenMark).note(this.#positions[place] as number);
    return this.#shift();
  }

  #shift(): Message | undefined {
    if (this.#head === this.#queue.length) return undefined;
    const message = this.#queue[this.#head];
    // Dropped at once, so that a large payload is freed as soon as the user drops it.
    this.#queue[this.#head++] = undefined as never;
    this.#shifted++;
    if (this.#afterwards.size > 0) this.#callAfterwards();
    if (this.#head === this.#queue.length || this.#head > 4096) {
      for (const list of [this.#queue, this.#seen, this.#positions]) list.splice(0, this.#head);
      this.#head = 0;
    }
    return message;
  }

  // Not before the user's code has gone on with the message that was handed out.
  #callAfterwards(): void {
    for (let next = this.#afterwards.first; next !== undefined; next = this.#afterwards.first) {
      if (next.shifted > this.#shifted) return;
      this.#afterwards.remove(next);
      setImmediate(next.call);
    }
  }
}
