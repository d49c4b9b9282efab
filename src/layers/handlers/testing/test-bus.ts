// A bus inside of one process, for tests of handlers. Nothing happens by itself: the test says when
// messages move on and when time passes, so that the same test does the same each time.

import { setImmediate } from 'node:timers';
import { show } from '../../../base/show.js';
import {
  InvalidArgumentError,
  type MessageBox,
  multicast,
  NoRecipientError,
  NotHandledError,
  type Outgoing,
  type OutgoingMessage,
  type Peer,
  type Selector,
  type SendOptions,
  StagingArena,
  unicast,
} from '../../../index.js';
import { checkKeys, isSelector } from '../checks.js';
import { TableError } from '../errors.js';
import { Handlers } from '../handlers.js';
import { makePlan, typesOf } from '../make-plan.js';
import { type HandleOptions, settingsOf } from '../options.js';
import { conditionOf, type SenderCondition } from '../sender-condition.js';
import type { KeyOf, MessageOf, Table } from '../types.js';
import { TestMessage } from './test-message.js';
import { type SeatTypes, TestSeat } from './test-seat.js';
import { VirtualClock } from './virtual-clock.js';

/** A message that a test bus carried. */
export interface TestDelivery {
  /** Its sender. */
  readonly from: Peer;
  /** Its receiver. */
  readonly to: Peer;
  /** The key of its type in the sender's box. */
  readonly type: string;
  /** The payload as the sender gave it. */
  readonly payload: unknown;
}

interface Letter {
  readonly to: TestSeat;
  readonly message: TestMessage;
}

const sendNames = ['metadata', 'replyTo', 'ttl', 'objects', 'regions', 'whenFull', 'key'];

/** A member of a test bus that the test itself plays. */
export class TestMember<B extends MessageBox> {
  /** What it has received and not taken, in order. */
  readonly received: MessageOf<B, KeyOf<B>>[] = [];
  readonly #seat: TestSeat;
  readonly #bus: TestBus;
  readonly #consumer: ReturnType<TestSeat[typeof Symbol.asyncIterator]>;

  /** @internal */
  constructor(bus: TestBus, seat: TestSeat) {
    this.#bus = bus;
    this.#seat = seat;
    this.#consumer = seat[Symbol.asyncIterator]();
    void this.#receive();
  }

  /** Its number on the bus. */
  get id(): number {
    return this.#seat.id;
  }

  /** Sends a message, as `endpoint.send` does. It arrives when the test calls `settle`. */
  send(to: Selector | string, message: Outgoing<B>, options?: SendOptions): number {
    return this.#seat.send(to, message as never, options);
  }

  /**
   * Sends a message, moves everything on, and resolves with the number of receivers when all have
   * handled it.
   * @throws NotHandledError if one of them did not. NoRecipientError.
   */
  deliver(to: Selector | string, message: Outgoing<B>, options?: SendOptions): Promise<number> {
    return this.#bus.deliver(this.#seat, to, message, options);
  }

  /** Removes and returns the oldest message that it has received; `undefined` if there is none. */
  take(): MessageOf<B, KeyOf<B>> | undefined {
    return this.received.shift();
  }

  /** Leaves. Messages that were on their way to it go to other matches of their selectors. */
  close(): Promise<void> {
    return this.#seat.close();
  }

  async #receive(): Promise<void> {
    for (;;) {
      const step = await this.#consumer.next();
      if (step.done === true) return;
      this.received.push(step.value as unknown as MessageOf<B, KeyOf<B>>);
    }
  }
}

/** A deterministic bus for tests of handlers; see {@link testBus}. */
export class TestBus {
  readonly #clock = new VirtualClock(() => this.#letters.some(({ to }) => to.wants));
  readonly #seats = new Map<number, TestSeat>();
  readonly #letters: Letter[] = [];
  readonly #conditions = new Map<Selector, SenderCondition>();
  readonly #outcomes = new Map<number, (handled: boolean) => void>();
  readonly #targets = new WeakMap<TestMessage, readonly [Selector, OutgoingMessage]>();
  readonly #arena = new StagingArena();
  readonly #log: TestDelivery[] = [];
  #lastId = 0;
  #lastMessage = 0;

  /** Everything that arrived, in order. */
  get log(): readonly TestDelivery[] {
    return this.#log;
  }

  /** Milliseconds that have passed on this bus; only {@link advance} lets them pass. */
  get now(): number {
    return this.#clock.now;
  }

  /**
   * Puts a table to work, as `handle` does.
   * @throws As `handle`. TableError if the table has interfaces: those are tested over a
   * `MessageChannel`.
   */
  async handle<B extends MessageBox>(
    box: B,
    table: Table<B>,
    options?: HandleOptions<B>,
  ): Promise<Handlers<B>> {
    const settings = settingsOf(options);
    const plan = makePlan(box, table, settings);
    if (plan.services.length > 0) {
      throw new TableError('a test bus serves no interfaces; use a MessageChannel for those');
    }
    const keys = new Map<string, string>();
    for (const [key, type] of plan.types) {
      // Forwarded types arrive as they are.
      if (!plan.routes.has(type.id)) keys.set(type.id, key);
    }
    const seat = this.#seat(settings.label, { box, keys, open: true });
    return new Handlers<B>(plan, seat, this.#clock, settings.drain).start(undefined);
  }

  /** Joins with a member that the test plays: it sends, and keeps what it receives. */
  join<B extends MessageBox>(
    box: B,
    options?: { readonly label?: string | readonly string[] },
  ): TestMember<B> {
    const { label = [] } = checkKeys('join()', options, ['label']);
    const keys = new Map([...typesOf(box)].map(([key, type]) => [type.id, key]));
    const labels = typeof label === 'string' ? [label] : label;
    return new TestMember<B>(this, this.#seat(labels, { box, keys, open: false }));
  }

  /**
   * Moves messages on, one after the other in the order in which they were sent, until none can
   * move: all were handled, or wait for handlers that wait for time or for something outside.
   */
  async settle(): Promise<void> {
    await turns();
    for (let letter = this.#take(); letter !== undefined; letter = this.#take()) {
      letter.to.pending--;
      letter.to.give(letter.message);
      // After the last one, tables become idle, and may send again.
      await turns();
    }
  }

  /** Lets time pass: retries and the like happen when they are due, and messages move on. */
  async advance(milliseconds: number): Promise<void> {
    if (typeof milliseconds !== 'number' || !(milliseconds >= 0)) {
      throw new InvalidArgumentError(`milliseconds is ${show(milliseconds)}; expected 0 or more`);
    }
    const until = this.#clock.now + milliseconds;
    await this.settle();
    for (let due = this.#clock.next(until); due !== undefined; due = this.#clock.next(until)) {
      due();
      await this.settle();
    }
    this.#clock.now = until;
  }

  /** @internal See {@link TestMember.deliver}. */
  async deliver(
    seat: TestSeat,
    to: Selector | string,
    message: unknown,
    options: SendOptions | undefined,
  ): Promise<number> {
    const id = this.#lastMessage + 1;
    let left = 0;
    let failed = false;
    this.#outcomes.set(id, (handled) => {
      left--;
      failed ||= !handled;
    });
    left = this.#send(seat, to, message, options);
    const receivers = left;
    while (left > 0) {
      const before = left;
      await this.settle();
      if (left === before) await this.#step();
    }
    this.#outcomes.delete(id);
    if (failed) throw new NotHandledError(`message ${id} was not handled`);
    return receivers;
  }

  // The handler waits: for a timer of the bus, or for something outside.
  async #step(): Promise<void> {
    const due = this.#clock.next(Number.POSITIVE_INFINITY);
    if (due !== undefined) due();
    else await turns();
  }

  #seat(label: readonly string[], types: SeatTypes): TestSeat {
    const seat = new TestSeat(
      ++this.#lastId,
      label,
      types,
      (from, to, message, options) => this.#send(from, to, message, options),
      (closed) => this.#left(closed),
    );
    this.#seats.set(seat.id, seat);
    return seat;
  }

  #send(
    from: TestSeat,
    to: Selector | string,
    message: unknown,
    given: SendOptions | undefined,
  ): number {
    const options = checkKeys('send()', given, [...sendNames, 'signal', 'timeout']);
    if ((options.objects?.length ?? 0) > 0 || (options.regions?.length ?? 0) > 0) {
      throw new InvalidArgumentError('a test bus carries neither objects nor regions');
    }
    const outgoing = message as OutgoingMessage;
    if (typeof outgoing?.entry?.type?.codec?.encode !== 'function') {
      throw new InvalidArgumentError(`message is ${show(message)}; expected one of the box`);
    }
    const selector = isSelector(to) ? to : unicast(to);
    const receivers = this.#receivers(from, selector);
    if (receivers.length === 0 && selector.kind === 'unicast') {
      throw new NoRecipientError(`no endpoint matches ${selector}`);
    }
    const id = ++this.#lastMessage;
    for (const receiver of receivers) {
      this.#post(from.peer, receiver, selector, outgoing, id, options);
    }
    return receivers.length;
  }

  #post(
    from: Peer,
    to: TestSeat,
    selector: Selector,
    outgoing: OutgoingMessage,
    id: number,
    { metadata, replyTo }: SendOptions,
  ): void {
    const content = this.#read(outgoing, to);
    const settle = (handled: boolean) => this.#outcomes.get(id)?.(handled);
    const { format } = outgoing;
    const message = new TestMessage(
      { ...content, from, id, format, replyTo, metadata: metadata?.slice() },
      (reply, options) => {
        const sender = this.#seats.get(from.id);
        if (sender === undefined) throw new NoRecipientError(`endpoint ${from.id} has left`);
        return this.#send(to, unicast(sender), reply, { ...options, replyTo: id } as SendOptions);
      },
      settle,
    );
    this.#targets.set(message, [selector, outgoing]);
    to.pending++;
    this.#letters.push({ to, message });
  }

  /** What a receiver gets, encoded and decoded like any message. */
  #read({ entry, payload, format }: OutgoingMessage, to: TestSeat) {
    const { type } = entry;
    type.codec.encode(payload as never, this.#arena);
    const bytes = this.#arena.source.slice(this.#arena.start, this.#arena.end);
    const key = to.types.keys.get(type.id);
    if (key === undefined) {
      return { type: type.id, payload: { typeId: type.id, format, bytes } };
    }
    const own = typesOf(to.types.box).get(key) ?? type;
    const decoded = own.codec.decode(bytes, 0, bytes.length, format);
    const outcome = own.schema?.['~standard'].validate(decoded);
    if (outcome === undefined) return { type: key, payload: decoded };
    if ('then' in outcome || outcome.issues !== undefined) {
      throw new InvalidArgumentError(`the schema of '${key}' refuses the payload`, {
        cause: outcome,
      });
    }
    return { type: key, payload: outcome.value };
  }

  #receivers(from: TestSeat, selector: Selector): TestSeat[] {
    let condition = this.#conditions.get(selector);
    if (condition === undefined) {
      condition = conditionOf(selector.expression).matches;
      this.#conditions.set(selector, condition);
    }
    const matches = [...this.#seats.values()].filter(
      (seat) => condition(seat.peer) && !(selector.excludeSelf && seat === from),
    );
    if (selector.kind === 'multicast') return matches;
    const best = matches.reduce<TestSeat | undefined>(
      (a, b) => (a !== undefined && !isBefore(b, a) ? a : b),
      undefined,
    );
    return best === undefined ? [] : [best];
  }

  /** The oldest message whose receiver waits for one. */
  #take(): Letter | undefined {
    const at = this.#letters.findIndex(({ to }) => to.wants);
    if (at < 0) return undefined;
    const [letter] = this.#letters.splice(at, 1) as [Letter];
    const { to, message } = letter;
    const sent = this.#targets.get(message)?.[1];
    this.#log.push({
      from: message.from,
      to: to.peer,
      type: sent?.type ?? message.type,
      payload: sent?.payload,
    });
    return letter;
  }

  // What it had not taken goes to other matches, as on a real bus.
  #left(seat: TestSeat): void {
    this.#seats.delete(seat.id);
    const orphans = this.#letters.filter(({ to }) => to === seat);
    for (const { message } of orphans) {
      this.#letters.splice(
        this.#letters.findIndex((letter) => letter.message === message),
        1,
      );
      const [selector, outgoing] = this.#targets.get(message) ?? [multicast('false'), undefined];
      const [other] = selector.kind === 'unicast' ? this.#receivers(seat, selector) : [];
      if (other === undefined || outgoing === undefined) message.settle(false);
      else this.#post(message.from, other, selector, outgoing, message.id, message as SendOptions);
    }
  }
}

function isBefore(a: TestSeat, b: TestSeat): boolean {
  if (a.pending !== b.pending) return a.pending < b.pending;
  return a.received < b.received;
}

// Promises that are due, and what they start, have run after a turn of the event loop; handlers that
// hop over several turns get a few.
async function turns(): Promise<void> {
  for (let count = 0; count < 6; count++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/**
 * Makes a bus for tests of handlers. It has no processes, no shared memory and no time of its own:
 * messages move when the test calls `settle`, in the order in which they were sent, and time passes
 * when it calls `advance`. Payloads are encoded and decoded, so that handlers get copies.
 *
 * ```ts
 * const bus = testBus();
 * await bus.handle(box, table, { label: 'warehouse' });
 * const shop = bus.join(box, { label: 'shop' });
 * await shop.deliver('warehouse', box.Order({ customer: 'Ada' }));
 * t.is(shop.take()?.type, 'Shipped');
 * ```
 */
export function testBus(): TestBus {
  return new TestBus();
}
