// What waits for a broker, of one rule: bounded in bytes, and counted. A message waits until the
// broker has confirmed it, so that the bound covers what the broker's client holds as well.
import type { RuleCounters } from './counters.js';

/**
 * What happens to a message that has no room. `'wait'`: it is not taken, so that its sender meets the
 * limits of the bus. `'drop'`: it is dropped. `'key'`: of the messages with one key the newest waits;
 * one that has no room even so is dropped.
 */
export type WhenQueueFull = 'wait' | 'drop' | 'key';

interface Waiting<T> {
  item: T;
  bytes: number;
  readonly key: string | undefined;
}

/** How a queue is bounded. */
export interface QueueLimits {
  /** Bytes that may wait. A message that is larger has room if nothing else waits. */
  readonly queueBytes: number;
  readonly whenFull: WhenQueueFull;
}

/** The queue of a rule. */
export class RuleQueue<T> {
  readonly #counters: RuleCounters;
  readonly #limits: QueueLimits;
  /** Not sent yet, from `#head` on; the array is cut when half of it is behind. */
  #list: Waiting<T>[] = [];
  #head = 0;
  #newest = new Map<string, Waiting<T>>();
  /** Sent and not confirmed, likewise. */
  #sent: Waiting<T>[] = [];
  #confirmed = 0;
  #roomWanted: (() => void)[] = [];
  #closed = false;

  constructor(counters: RuleCounters, limits: QueueLimits) {
    this.#counters = counters;
    this.#limits = limits;
  }

  /** Messages that were not sent yet. */
  get unsent(): number {
    return this.#list.length - this.#head;
  }

  /** Messages that were sent and are not confirmed. */
  get unconfirmed(): number {
    return this.#sent.length - this.#confirmed;
  }

  /**
   * Adds a message that is counted as taken already. Returns false if it has to wait for room
   * outside; then nothing has changed. A message that is dropped is counted, and true.
   */
  add(item: T, bytes: number, key?: string): boolean {
    const counters = this.#counters;
    if (this.#closed) {
      counters.drop('closed');
      return true;
    }
    const { queueBytes, whenFull } = this.#limits;
    if (whenFull === 'key' && key !== undefined && this.#supersede(item, bytes, key)) return true;
    if (counters.waitingBytes + bytes > queueBytes && counters.waiting > 0) {
      if (whenFull === 'wait') return false;
      counters.drop('full');
      return true;
    }
    const waiting: Waiting<T> = { item, bytes, key: whenFull === 'key' ? key : undefined };
    this.#list.push(waiting);
    if (waiting.key !== undefined) this.#newest.set(waiting.key, waiting);
    counters.waiting++;
    counters.waitingBytes += bytes;
    return true;
  }

  /** Resolves when something has left the queue, or it is closed. */
  whenRoom(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#roomWanted.push(resolve));
  }

  /** The oldest message that was not sent; it stays. */
  peek(): T | undefined {
    return this.#list[this.#head]?.item;
  }

  /** The oldest message was sent, and waits for its confirmation. */
  sent(): void {
    this.#sent.push(this.#shift());
  }

  /** The oldest message cannot be sent. */
  drop(reason: 'tooLarge' | 'refused' | 'metadata' | 'unmatched' | 'full'): void {
    this.#leave(this.#shift());
    this.#counters.drop(reason);
    this.#tell();
  }

  /** The oldest message was sent, and needs no confirmation. */
  passed(): void {
    this.#leave(this.#shift());
    this.#counters.passed++;
    this.#tell();
  }

  /** The oldest `count` messages that were sent are with the broker, which refused `refused`. */
  confirm(count: number, refused = 0): void {
    const before = this.#confirmed;
    const end = Math.min(this.#sent.length, before + count);
    for (; this.#confirmed < end; this.#confirmed++) {
      this.#leave(this.#sent[this.#confirmed] as Waiting<T>);
    }
    const lost = Math.min(refused, end - before);
    this.#counters.passed += end - before - lost;
    this.#counters.drop('refused', lost);
    if (this.#confirmed === this.#sent.length) {
      this.#sent = [];
      this.#confirmed = 0;
    } else if (this.#confirmed > 1024 && 2 * this.#confirmed > this.#sent.length) {
      this.#sent = this.#sent.slice(this.#confirmed);
      this.#confirmed = 0;
    }
    this.#tell();
  }

  /** The connection is gone: whether what was sent and not confirmed has arrived is not known. */
  lose(): void {
    for (const each of this.#sent.slice(this.#confirmed)) {
      this.#leave(each);
      this.#counters.drop('unconfirmed');
    }
    this.#sent = [];
    this.#confirmed = 0;
    this.#tell();
  }

  /** What was sent and not confirmed is sent once more, before all else. */
  again(): void {
    const back = this.#sent.slice(this.#confirmed);
    this.#sent = [];
    this.#confirmed = 0;
    this.#list = [...back, ...this.#list.slice(this.#head)];
    this.#head = 0;
  }

  /** Drops all that waits; what comes later is dropped, too. */
  close(): void {
    this.#closed = true;
    this.lose();
    while (this.unsent > 0) {
      this.#leave(this.#shift());
      this.#counters.drop('closed');
    }
    this.#tell();
  }

  #supersede(item: T, bytes: number, key: string): boolean {
    const waiting = this.#newest.get(key);
    if (waiting === undefined) return false;
    const counters = this.#counters;
    const more = bytes - waiting.bytes;
    if (more > 0 && counters.waiting > 1) {
      if (counters.waitingBytes + more > this.#limits.queueBytes) {
        counters.drop('full');
        return true;
      }
    }
    counters.drop('superseded');
    counters.waitingBytes += more;
    waiting.item = item;
    waiting.bytes = bytes;
    return true;
  }

  #shift(): Waiting<T> {
    const waiting = this.#list[this.#head] as Waiting<T>;
    this.#head++;
    if (this.#head === this.#list.length) {
      this.#list = [];
      this.#head = 0;
    } else if (this.#head > 1024 && 2 * this.#head > this.#list.length) {
      this.#list = this.#list.slice(this.#head);
      this.#head = 0;
    }
    if (waiting.key !== undefined) this.#newest.delete(waiting.key);
    return waiting;
  }

  #leave({ bytes }: Waiting<T>): void {
    this.#counters.waiting--;
    this.#counters.waitingBytes -= bytes;
  }

  #tell(): void {
    for (const resolve of this.#roomWanted.splice(0)) resolve();
  }
}
