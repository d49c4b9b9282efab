// The sending half of an endpoint: send, deliver, sendWhenReady and drained, with what they wait for.
import { type BusErrorFacts, QueueFullError } from '../errors/index.js';
import type { BoxTable } from '../messages/index.js';
import type { NativeEndpoint, Notice } from '../native/addon.js';
import type { Selector } from '../selector/index.js';
import { attachmentsOf } from './attachments.js';
import { type CancelOptions, cancellable, type Settler } from './cancellation.js';
import { Deliveries } from './deliveries.js';
import {
  acknowledgementOf,
  type DeliverOptions,
  policyOf,
  type SendOptions,
  type SendWhenReadyOptions,
  ttlOf,
} from './options.js';
import { Outbox } from './outbox.js';
import { type WaitingSend, WaitingSends } from './waiting-sends.js';

/** What one endpoint sends. Its users check that the endpoint is open, and the names of options. */
export class Sending {
  readonly #native: NativeEndpoint;
  readonly #facts: () => BusErrorFacts;
  readonly #outbox: Outbox;
  readonly #deliveries = new Deliveries();
  readonly #drains = new Set<Settler<void>>();
  readonly #waiting = new WaitingSends();

  constructor(native: NativeEndpoint, box: BoxTable, facts: () => BusErrorFacts) {
    this.#native = native;
    this.#facts = facts;
    this.#outbox = new Outbox(native, box, facts);
  }

  /** The native route of a selector. */
  routeOf(selector: Selector): number {
    return this.#outbox.routeOf(selector);
  }

  /** The shortest way, for what has no options. */
  sendPlain(selector: Selector, message: unknown): number {
    return this.#outbox.send(selector, message);
  }

  /** Sends; `replyTo` is the number of the message that this one answers, or 0. */
  send(
    selector: Selector,
    message: unknown,
    options: SendOptions,
    replyTo = 0,
    acknowledge = 0,
  ): number {
    const policy = policyOf(options);
    return this.#outbox.send(
      selector,
      message,
      ttlOf(options),
      replyTo,
      acknowledge,
      attachmentsOf(options),
      policy,
    );
  }

  /** Resolves when every receiver has taken the message. */
  deliver(selector: Selector, message: unknown, options: DeliverOptions): Promise<number> {
    const mode = acknowledgementOf(options);
    let delivery = 0;
    return cancellable<number>(
      'deliver()',
      options,
      this.#facts(),
      (settler) => {
        const receivers = this.send(selector, message, options, 0, mode);
        delivery = this.#native.lastOutcome().delivery;
        // Nobody matched, or nobody had room and the message was dropped.
        if (delivery === 0) settler.resolve(receivers);
        else this.#deliveries.wait(delivery, settler);
      },
      () => {
        this.#deliveries.forget(delivery);
        this.#native.forgetDelivery(delivery);
      },
    );
  }

  /** Resolves when the message could be sent. */
  sendWhenReady(
    selector: Selector,
    message: unknown,
    options: SendWhenReadyOptions,
  ): Promise<number> {
    // Whatever the endpoint does otherwise.
    const ready = { ...options, whenFull: 'refuse' } as const;
    let waiting: WaitingSend | undefined;
    return cancellable<number>(
      'sendWhenReady()',
      options,
      this.#facts(),
      (settler) => {
        const attempt = () => {
          try {
            settler.resolve(this.send(selector, message, ready));
          } catch (error) {
            if (error instanceof QueueFullError && error.peerId !== undefined) return error.peerId;
            settler.reject(error as Error);
          }
          return undefined;
        };
        waiting = { selector, attempt, reject: settler.reject, call: 0 };
        this.#waiting.begin(waiting);
      },
      () => waiting !== undefined && this.#waiting.cancel(waiting),
    );
  }

  /** Resolves when nothing waits in this process's memory. */
  drained(options: CancelOptions): Promise<void> {
    return cancellable<void>(
      'drained()',
      options,
      this.#facts(),
      (settler) => {
        this.#drains.add(settler);
        this.#native.askDrained();
      },
      (settler) => this.#drains.delete(settler),
    );
  }

  /** For the notice board. */
  delivered(notice: Extract<Notice, { kind: 'delivered' }>): void {
    this.#deliveries.settle(notice, this.#facts());
  }

  /** For the notice board. */
  allDrained(): void {
    for (const settler of this.#drains) settler.resolve();
    this.#drains.clear();
  }

  /** For the notice board: this receiver has room, or is gone. */
  hasRoom(peerId: number): void {
    this.#waiting.hasRoom(peerId);
  }

  /** Nothing will be told any more. */
  rejectAll(error: Error): void {
    this.#deliveries.rejectAll(error);
    for (const settler of this.#drains) settler.reject(error);
    this.#drains.clear();
    this.#waiting.rejectAll(error);
  }
}
