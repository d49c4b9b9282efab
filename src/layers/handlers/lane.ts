// Lanes: which messages may be handled at the same time. A lane starts a message, or lets it wait;
// it says when nothing more should be taken from the senders.
import { Fifo } from './fifo.js';
import type { SeatMessage } from './seat.js';

/** A key by which messages are ordered; `undefined` for none. */
export type Key = string | number | undefined;

/** What a lane asks of a route. */
export interface Startable {
  readonly counters: { waiting: number };
  /**
   * Handles a message. Returns `undefined` if it is done already, else a promise for whether it was
   * handled, which is never rejected.
   */
  start(message: SeatMessage): Promise<boolean> | undefined;
}

/** What an engine asks of a lane. */
export interface Lane {
  /** Starts a message at once, or when its turn comes; returns as `Startable.start`. */
  offer(route: Startable, message: SeatMessage, key: Key): Promise<boolean> | undefined;
  /** Whether more messages wait than may. */
  readonly blocked: boolean;
  /** Whether a further message would wait, and none may. */
  readonly saturated: boolean;
}

interface Waiting {
  readonly route: Startable;
  readonly message: SeatMessage;
  readonly key: Key;
  readonly resolve: (handled: boolean | Promise<boolean>) => void;
}

/** Up to `concurrency` messages at a time, begun in the order of arrival. */
export class PlainLane implements Lane {
  readonly #concurrency: number;
  readonly #queue: number;
  readonly #waiting = new Fifo<Waiting>();
  #running = 0;

  constructor(concurrency: number, queue: number) {
    this.#concurrency = concurrency;
    this.#queue = queue;
  }

  get blocked(): boolean {
    return this.#waiting.size > this.#queue;
  }

  get saturated(): boolean {
    return this.#running >= this.#concurrency && this.#waiting.size >= this.#queue;
  }

  offer(route: Startable, message: SeatMessage): Promise<boolean> | undefined {
    if (this.#running < this.#concurrency && this.#waiting.size === 0) {
      return this.#start(route, message);
    }
    return waitIn(this.#waiting, route, message, undefined);
  }

  #start(route: Startable, message: SeatMessage): Promise<boolean> | undefined {
    // Counted while it runs, so that what a handler does cannot start another one inside of it.
    this.#running++;
    const outcome = route.start(message);
    if (outcome === undefined) {
      this.#running--;
      return undefined;
    }
    return outcome.then((handled) => {
      this.#running--;
      this.#next();
      return handled;
    });
  }

  #next(): void {
    while (this.#running < this.#concurrency) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next.route.counters.waiting--;
      next.resolve(this.#start(next.route, next.message) ?? true);
    }
  }
}

/** Messages with the same key one after the other, those of different keys at the same time. */
export class OrderedLane implements Lane {
  readonly #concurrency: number;
  readonly #queue: number;
  /** The messages that wait behind the one of their key that runs, or waits for a place. */
  readonly #chains = new Map<string | number, Fifo<Waiting>>();
  /** Messages that wait for one of the `concurrency` places only. */
  readonly #ready = new Fifo<Waiting>();
  #running = 0;
  #count = 0;

  constructor(concurrency: number, queue: number) {
    this.#concurrency = concurrency;
    this.#queue = queue;
  }

  get blocked(): boolean {
    return this.#count > this.#queue;
  }

  get saturated(): boolean {
    return this.#running > 0 && this.#count >= this.#queue;
  }

  offer(route: Startable, message: SeatMessage, key: Key): Promise<boolean> | undefined {
    const chain = key === undefined ? undefined : this.#chains.get(key);
    const free = this.#running < this.#concurrency && this.#ready.size === 0;
    if (chain === undefined && free) return this.#start(route, message, key);
    this.#count++;
    // Its key is taken from now on, so that a later message cannot pass it.
    if (chain === undefined && key !== undefined) this.#chains.set(key, new Fifo());
    return waitIn(chain ?? this.#ready, route, message, key);
  }

  #start(route: Startable, message: SeatMessage, key: Key): Promise<boolean> | undefined {
    this.#running++;
    const outcome = route.start(message);
    if (outcome === undefined) {
      this.#running--;
      return undefined;
    }
    if (key !== undefined && !this.#chains.has(key)) this.#chains.set(key, new Fifo());
    return outcome.then((handled) => {
      this.#running--;
      this.#finished(key);
      this.#next();
      return handled;
    });
  }

  // The first one of the key's chain is the next of this key; it waits for a place like all others.
  #finished(key: Key): void {
    if (key === undefined) return;
    const next = this.#chains.get(key)?.shift();
    if (next === undefined) this.#chains.delete(key);
    else this.#ready.push(next);
  }

  #next(): void {
    while (this.#running < this.#concurrency) {
      const next = this.#ready.shift();
      if (next === undefined) return;
      this.#count--;
      next.route.counters.waiting--;
      const outcome = this.#start(next.route, next.message, next.key);
      if (outcome === undefined) this.#finished(next.key);
      next.resolve(outcome ?? true);
    }
  }
}

function waitIn(
  queue: Fifo<Waiting>,
  route: Startable,
  message: SeatMessage,
  key: Key,
): Promise<boolean> {
  route.counters.waiting++;
  return new Promise((resolve) => queue.push({ route, message, key, resolve }));
}
