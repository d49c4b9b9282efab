// One consumer of an endpoint's messages: all calls of recv() together, or one iterator. A message
// is handled when its consumer asks for the next one, whatever other consumers do. With several
// recv() calls pending, no call tells which message was handled, so their messages are handled when
// all of the calls ask again.
import { noOptions } from '../checks.js';
import type { BusErrorFacts } from '../errors/index.js';
import { type CancelOptions, cancellable, refusal, type Settler } from './cancellation.js';
import { publishReceive, receipts } from './diagnostics.js';
import { Handling } from './handling.js';
import type { Inbox } from './inbox.js';
import type { Liveness } from './liveness.js';
import type { Message } from './message.js';

/** Shared by the consumers of one endpoint. */
export interface Supply {
  readonly inbox: Inbox;
  readonly liveness: Liveness;
  readonly facts: () => BusErrorFacts;
  /** Why no more messages will come; `undefined` while the endpoint is open. */
  readonly over: () => Error | undefined;
}

/** Takes messages out of the inbox, one per call. */
export class Consumer {
  readonly #supply: Supply;
  readonly #handling = new Handling();
  readonly #pending = new Set<Taker>();
  // The most calls that have been pending at a time.
  #most = 1;

  constructor(supply: Supply) {
    this.#supply = supply;
  }

  /**
   * Returns the next message, and settles the previous one as handled. `what` names the call in
   * errors.
   */
  recv(what: string, options: CancelOptions): Promise<Message> {
    if (options !== noOptions) {
      const refused = refusal(what, options, this.#supply.facts());
      if (refused !== undefined) return Promise.reject(refused);
    }
    const message = this.take();
    return message === undefined ? this.wait(what, options) : Promise.resolve(message);
  }

  /** As {@link recv}, if a message is there already; else `undefined`, to be followed by wait(). */
  take(): Message | undefined {
    const asking = this.#pending.size + 1;
    this.#most = Math.max(this.#most, asking + this.#handling.fresh);
    if (asking === this.#most) this.#handling.done();
    const message = this.#supply.inbox.take();
    if (message !== undefined) this.#handOut(message);
    return message;
  }

  /** Returns the next message when it comes. */
  wait(what: string, options: CancelOptions): Promise<Message> {
    const { inbox, liveness, facts, over } = this.#supply;
    const end = over();
    if (end !== undefined) return Promise.reject(end);
    let taker: Taker | undefined;
    const promise = cancellable<Message>(
      what,
      options,
      facts(),
      (settler) => {
        taker = {
          resolve: (received) => {
            this.#pending.delete(taker as Taker);
            // Now, not when the program sees the promise: the consumer may end in between.
            this.#handOut(received);
            settler.resolve(received);
          },
          reject: settler.reject,
        };
        this.#pending.add(taker);
        inbox.wait(taker);
      },
      () => this.#forget(taker as Taker),
    );
    return liveness.during(promise);
  }

  /**
   * Ends the consumer: its messages in hand are given up, and pending calls reject with `reason`.
   * Loses no message.
   */
  end(reason: Error): void {
    for (const taker of this.#pending) {
      this.#forget(taker);
      taker.reject(reason);
    }
    this.#handling.giveUp();
  }

  #handOut(message: Message): void {
    this.#handling.handOut(message);
    if (receipts.hasSubscribers) publishReceive(this.#supply.facts(), message);
  }

  #forget(taker: Taker): void {
    this.#supply.inbox.cancel(taker);
    this.#pending.delete(taker);
  }
}

type Taker = Settler<Message>;
