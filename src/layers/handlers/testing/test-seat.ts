// A member of a test bus: its label, what waits for it, and its consumers.
import type { MessageBox, Peer, Selector, SendOptions } from '../../../index.js';
import type { Seat, SeatMessage } from '../seat.js';
import type { TestMessage } from './test-message.js';

/** How a seat sends; the bus does it. */
export type SendFrom = (
  seat: TestSeat,
  to: Selector | string,
  message: unknown,
  options: SendOptions | undefined,
) => number;

interface Waiter {
  readonly resolve: (step: IteratorResult<SeatMessage, void>) => void;
}

/** The types of a member: how it reads what arrives. */
export interface SeatTypes {
  readonly box: MessageBox;
  /** Keys by UUID. */
  readonly keys: ReadonlyMap<string, string>;
  /** Whether it takes other types, undecoded. */
  readonly open: boolean;
}

/** One member. */
export class TestSeat implements Seat {
  readonly id: number;
  readonly types: SeatTypes;
  /** Messages given to it so far. */
  received = 0;
  /** Messages on their way to it. */
  pending = 0;
  gone = false;
  #peer: Peer;
  readonly #sendFrom: SendFrom;
  readonly #onClose: (seat: TestSeat) => void;
  readonly #waiters: Waiter[] = [];

  constructor(
    id: number,
    label: readonly string[],
    types: SeatTypes,
    sendFrom: SendFrom,
    onClose: (seat: TestSeat) => void,
  ) {
    this.id = id;
    this.types = types;
    this.#peer = peerOf(id, label);
    this.#sendFrom = sendFrom;
    this.#onClose = onClose;
  }

  /** As others see it. */
  get peer(): Peer {
    return this.#peer;
  }

  get label(): readonly string[] {
    return this.#peer.label;
  }

  /** Whether a consumer waits for a message. */
  get wants(): boolean {
    return this.#waiters.length > 0;
  }

  /** Gives a message to the consumer that has waited longest. */
  give(message: TestMessage): void {
    this.received++;
    this.#waiters.shift()?.resolve({ done: false, value: message });
  }

  send(to: Selector | string, message: never, options?: SendOptions): number {
    return this.#sendFrom(this, to, message, options);
  }

  async sendWhenReady(
    to: Selector | string,
    message: never,
    options?: SendOptions,
  ): Promise<number> {
    return this.#sendFrom(this, to, message, options);
  }

  async relabel(label: readonly string[]): Promise<void> {
    this.#peer = peerOf(this.id, label);
  }

  [Symbol.asyncIterator](): AsyncIterator<SeatMessage, void, undefined> {
    let last: TestMessage | undefined;
    let ended = false;
    let waiter: Waiter | undefined;
    return {
      next: () => {
        last?.settle(true);
        last = undefined;
        if (ended || this.gone) return Promise.resolve({ done: true, value: undefined });
        return new Promise((resolve) => {
          waiter = {
            resolve: (step) => {
              waiter = undefined;
              if (step.done !== true) last = step.value as TestMessage;
              resolve(step);
            },
          };
          this.#waiters.push(waiter);
        });
      },
      return: () => {
        ended = true;
        last?.settle(false);
        last = undefined;
        if (waiter !== undefined) this.#forget(waiter);
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async close(): Promise<void> {
    if (this.gone) return;
    this.gone = true;
    for (const waiter of [...this.#waiters]) this.#forget(waiter);
    this.#onClose(this);
  }

  #forget(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at >= 0) this.#waiters.splice(at, 1);
    waiter.resolve({ done: true, value: undefined });
  }
}

function peerOf(id: number, label: readonly string[]): Peer {
  return Object.freeze({ id, pid: process.pid, label: Object.freeze([...label]) });
}
