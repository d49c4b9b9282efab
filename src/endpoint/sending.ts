// The sending half of an endpoint: send, deliver, sendWhenReady and drained, and the calls that
// wait.
import { type BusErrorFacts, QueueFullError } from '../errors/index.js';
import type { BoxTable, Peer, ReplyOptions } from '../messages/index.js';
import type { NativeEndpoint, Notice } from '../native/addon.js';
import { type Selector, unicast } from '../selector/index.js';
import { attachmentsOf } from './attachments.js';
import { type CancelOptions, cancellable, refusal, type Settler } from './cancellation.js';
import { Deliveries } from './deliveries.js';
import type { DeliverOptions, SendOptions, SendReceipt, SendWhenReadyOptions } from './options.js';
import { Outbox } from './outbox.js';
import { acknowledgementOf, metadataOf, policyOf, replyToOf, ttlOf } from './send-policy.js';
import type { UndeliveredReports } from './undelivered-reports.js';
import { type WaitingSend, WaitingSends } from './waiting-sends.js';

/**
 * Sends for one endpoint. The caller checks that the endpoint is open and that the option names are
 * known.
 */
export class Sending {
  readonly #native: NativeEndpoint;
  readonly #box: BoxTable;
  readonly #facts: () => BusErrorFacts;
  readonly #outbox: Outbox;
  readonly #deliveries = new Deliveries();
  readonly #drains = new Set<Settler<void>>();
  readonly #waiting = new WaitingSends();

  constructor(
    native: NativeEndpoint,
    box: BoxTable,
    reports: UndeliveredReports,
    facts: () => BusErrorFacts,
    maxMessageBytes: number,
  ) {
    this.#native = native;
    this.#box = box;
    this.#facts = facts;
    this.#outbox = new Outbox(native, box, reports, facts, maxMessageBytes);
  }

  /** The native route of a selector. */
  routeOf(selector: Selector): number {
    return this.#outbox.routeOf(selector);
  }

  /** The fast path, for a message without options. */
  sendPlain(selector: Selector, message: unknown): number {
    return this.#outbox.send(selector, message);
  }

  /** Sends; `replyTo` is the number of the message that this one answers, or 0. */
  send(
    selector: Selector,
    message: unknown,
    options: SendOptions,
    replyTo = replyToOf(options),
    acknowledge = 0,
    // In this order: the first wrong option is the one that the error names.
    policy = policyOf(options),
  ): number {
    const ttl = ttlOf(options);
    const attachments = attachmentsOf(options);
    const metadata = metadataOf(options);
    return this.#outbox.send(selector, message, {
      ttl,
      replyTo,
      acknowledge,
      metadata,
      attachments,
      policy,
    });
  }

  /** As {@link send}, or {@link sendPlain} without options; returns the receipt. */
  sendWithReceipt(
    selector: Selector,
    message: unknown,
    options: SendOptions | undefined,
  ): SendReceipt {
    return this.#outbox.receiptOf(
      options === undefined
        ? this.#outbox.send(selector, message)
        : this.send(selector, message, options),
    );
  }

  /** Sends an answer to message `replyTo` of `peer`. */
  reply(peer: Peer, replyTo: number, message: unknown, options: ReplyOptions): number {
    const { format } = options;
    const answer = format === undefined ? message : this.#box.accept(message).withFormat(format);
    return this.send(unicast(peer), answer, options, replyTo);
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
        const receivers = this.send(selector, message, options, replyToOf(options), mode);
        delivery = this.#outbox.delivery;
        // No endpoint matched, or none had room and the message was dropped.
        if (delivery === 0) settler.resolve(receivers);
        else this.#deliveries.wait(delivery, settler);
      },
      () => {
        this.#deliveries.forget(delivery);
        this.#native.forgetDelivery(delivery);
      },
    );
  }

  /** Sends, or resolves when the message was sent; with the number of receivers. */
  sendWhenReady(
    selector: Selector,
    message: unknown,
    options: SendWhenReadyOptions,
  ): number | Promise<number> {
    const send = (own: SendWhenReadyOptions) => this.#sendOrRefuse(selector, message, own);
    return this.#whenReady('sendWhenReady()', selector, options, send);
  }

  /** As {@link sendWhenReady}, with the receipt. */
  sendWhenReadyWithReceipt(
    selector: Selector,
    message: unknown,
    options: SendWhenReadyOptions,
  ): SendReceipt | Promise<SendReceipt> {
    const send = (own: SendWhenReadyOptions) =>
      this.#outbox.receiptOf(this.#sendOrRefuse(selector, message, own));
    return this.#whenReady('sendWhenReadyWithReceipt()', selector, options, send);
  }

  // Overrides the default policy of the endpoint.
  #sendOrRefuse(selector: Selector, message: unknown, options: SendWhenReadyOptions): number {
    const { key } = options;
    return this.send(selector, message, options, 0, 0, policyOf({ whenFull: 'refuse', key }));
  }

  // What `send` returns as soon as it no longer throws because a receiver has no room: at once, for
  // most calls, and without a promise.
  #whenReady<T>(
    what: string,
    selector: Selector,
    options: SendWhenReadyOptions,
    send: (options: SendWhenReadyOptions) => T,
  ): T | Promise<T> {
    const refused = refusal(what, options, this.#facts());
    if (refused !== undefined) throw refused;
    let full: number | undefined;
    if (!this.#waiting.has(selector)) {
      try {
        return send(options);
      } catch (error) {
        full = fullReceiver(error);
        if (full === undefined) throw error;
      }
    }
    let waiting: WaitingSend | undefined;
    const own = withOwnMetadata(options);
    return cancellable<T>(
      what,
      own,
      this.#facts(),
      (settler) => {
        const attempt = () => {
          try {
            settler.resolve(send(own));
          } catch (error) {
            const peerId = fullReceiver(error);
            if (peerId !== undefined) return peerId;
            settler.reject(error as Error);
          }
          return undefined;
        };
        waiting = { selector, attempt, reject: settler.reject, call: 0 };
        this.#waiting.begin(waiting, full);
      },
      () => waiting !== undefined && this.#waiting.cancel(waiting),
    );
  }

  /** Resolves when no message waits in this process's memory. */
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

  /** Called by the notice board. */
  delivered(notice: Extract<Notice, { kind: 'delivered' }>): void {
    this.#deliveries.settle(notice, this.#facts());
  }

  /** Called by the notice board. */
  allDrained(): void {
    for (const settler of this.#drains) settler.resolve();
    this.#drains.clear();
  }

  /** Called by the notice board: the receiver has room, or is gone. */
  hasRoom(peerId: number): void {
    this.#waiting.hasRoom(peerId);
  }

  /** No more notices will come. */
  rejectAll(error: Error): void {
    this.#deliveries.rejectAll(error);
    for (const settler of this.#drains) settler.reject(error);
    this.#drains.clear();
    this.#waiting.rejectAll(error);
  }
}

// The id of the receiver whose lack of room is the reason of an error.
function fullReceiver(error: unknown): number | undefined {
  return error instanceof QueueFullError ? error.peerId : undefined;
}

/** The same options with a copy of the metadata, since the caller may reuse the array. */
function withOwnMetadata(options: SendWhenReadyOptions): SendWhenReadyOptions {
  const metadata = metadataOf(options);
  if (metadata === undefined) return options;
  // Without a prototype, as the checked options: additions to Object.prototype are no options.
  return Object.assign(Object.create(null), options, { metadata: new Uint8Array(metadata) });
}
