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

/** What one endpoint sends. Its users check that the endpoint is open, and the names of options. */
export class Sending {
  readonly #native: NativeEndpoint;
  readonly #facts: () => BusErrorFacts;
  readonly #outbox: Outbox;
  readonly #deliveries = new Deliveries();
  readonly #drains = new Set<Settler<void>>();
  /** Sends that wait until a receiver has room, the first to wait the first to go on. */
  readonly #waiting = new Map<number, Set<WaitingSend>>();
  /** The same sends: one shall not overtake those of its selector. */
  readonly #waitingBySelector = new Map<Selector, Set<WaitingSend>>();

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
    const ready = { ...options, whenFull: 'throw' } as const;
    const waiting: WaitingSend = { selector, attempt: () => undefined, peer: 0 };
    return cancellable<number>(
      'sendWhenReady()',
      options,
      this.#facts(),
      (settler) => {
        waiting.attempt = () => {
          try {
            settler.resolve(this.send(selector, message, ready));
          } catch (error) {
            if (error instanceof QueueFullError && error.peer !== undefined) {
              this.#wait(waiting, error.peer);
            } else {
              settler.reject(error as Error);
            }
          }
        };
        waiting.reject = settler.reject;
        const ahead = first(this.#waitingBySelector.get(selector))?.peer;
        if (ahead === undefined) waiting.attempt();
        else this.#wait(waiting, ahead);
      },
      () => this.#stopWaiting(waiting),
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
  hasRoom(peer: number): void {
    const waiting = this.#waiting.get(peer);
    if (waiting === undefined) return;
    let full: WaitingSend | undefined;
    for (const send of [...waiting]) {
      this.#stopWaiting(send);
      // Behind the first that finds it full again, without a look: it may have room by now, but the order is kept.
      if (full === undefined) send.attempt();
      else this.#wait(send, full.peer);
      if (full === undefined && this.#waiting.get(send.peer)?.has(send)) full = send;
    }
  }

  /** Nothing will be told any more. */
  rejectAll(error: Error): void {
    this.#deliveries.rejectAll(error);
    for (const settler of this.#drains) settler.reject(error);
    this.#drains.clear();
    for (const sends of this.#waiting.values()) for (const send of sends) send.reject?.(error);
    this.#waiting.clear();
    this.#waitingBySelector.clear();
  }

  #wait(send: WaitingSend, peer: number): void {
    send.peer = peer;
    addTo(this.#waiting, peer, send);
    addTo(this.#waitingBySelector, send.selector, send);
  }

  #stopWaiting(send: WaitingSend): void {
    removeFrom(this.#waiting, send.peer, send);
    removeFrom(this.#waitingBySelector, send.selector, send);
  }
}

function addTo<K>(sets: Map<K, Set<WaitingSend>>, key: K, send: WaitingSend): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([send]));
  else set.add(send);
}

function removeFrom<K>(sets: Map<K, Set<WaitingSend>>, key: K, send: WaitingSend): void {
  const set = sets.get(key);
  if (set?.delete(send) && set.size === 0) sets.delete(key);
}

function first(sends: Set<WaitingSend> | undefined): WaitingSend | undefined {
  return sends?.values().next().value;
}

interface WaitingSend {
  readonly selector: Selector;
  attempt: () => void;
  reject?: (error: Error) => void;
  /** Id of the receiver that is full. */
  peer: number;
}
