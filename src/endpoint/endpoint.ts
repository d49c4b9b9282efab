// An endpoint: one member of one bus, as its user sees it. Combines the parts of this folder; they
// and the native core handle the messages.
import { EventEmitter } from 'node:events';
import { checkInteger, checkOptions, millisecondsOf } from '../checks.js';
import type { BusError, BusErrorFacts, ClosedError } from '../errors/index.js';
import { limits } from '../limits.js';
import {
  type BoxTable,
  boxTable,
  type MessageBox,
  type Outgoing,
  type Peer,
  type Received,
} from '../messages/index.js';
import type { NativeEndpoint, Notice } from '../native/addon.js';
import { checkLabel, type Selector, toSelector } from '../selector/index.js';
import { type CancelOptions, cancellable, checkCancelOptions, maxTimeout } from './cancellation.js';
import { Consumer, type Supply } from './consumer.js';
import type { Counters } from './counters.js';
import { publishClose, publishJoin } from './diagnostics.js';
import type { EndpointParts } from './endpoint-parts.js';
import type { EndpointEvents } from './events.js';
import { closeAtExit, closedBeforeExit } from './exit.js';
import { followListeners } from './follow-listeners.js';
import { Inbox } from './inbox.js';
import { Labels, type RelabelOptions } from './labels.js';
import { Liveness } from './liveness.js';
import { Members } from './members.js';
import { MessageIterator } from './message-iterator.js';
import { MessageListening } from './message-listening.js';
import { MessageReader } from './message-reader.js';
import type { NoticeBoard } from './notice-board.js';
import { shutOutError } from './notice-events.js';
import { act, type NoticeTargets } from './notices.js';
import {
  type CloseOptions,
  type DeliverOptions,
  replyOptions,
  type SendOptions,
  type SendReceipt,
  type SendWhenReadyOptions,
  sendOptions,
  sendWhenReadyOptions,
  type WaitForOptions,
} from './options.js';
import { abandonedError, closedError } from './send-error.js';
import { Sending } from './sending.js';
import { takeBatches } from './take-batches.js';
import { tell } from './tell.js';
import { UndeliveredReports } from './undelivered-reports.js';
import { Watchers } from './watchers.js';

/**
 * One member of one bus, made by `join`. It belongs to the thread that joined. `send` sends
 * messages; `recv`, `for await` and `on('message')` receive them. Each message goes to a pending
 * `recv` first, else to the listeners, else it waits. At most `prefetch` messages wait in this
 * process; the others stay in shared memory, so they survive if this process dies.
 */
export class Endpoint<B extends MessageBox>
  extends EventEmitter<EndpointEvents<B>>
  implements AsyncDisposable, AsyncIterable<Received<B>>
{
  /** The name of the bus. */
  readonly identifier: string;
  readonly #native: NativeEndpoint;
  readonly #members: Members;
  readonly #box: BoxTable;
  readonly #sending: Sending;
  readonly #inbox: Inbox;
  readonly #supply: Supply;
  readonly #consumer: Consumer;
  readonly #listening: MessageListening;
  readonly #refollow: () => void;
  readonly #reader: MessageReader;
  readonly #liveness: Liveness;
  readonly #watchers: Watchers;
  readonly #labels: Labels;
  readonly #linger: number;
  readonly #board: NoticeBoard;
  #id = 0;
  #closing: Promise<void> | undefined;
  #closed = false;

  /** @internal */
  constructor(native: NativeEndpoint, board: NoticeBoard, parts: EndpointParts) {
    super();
    this.identifier = parts.identifier;
    this.#native = native;
    this.#members = new Members(native);
    this.#board = board;
    this.#box = (parts.box[boxTable] as BoxTable).open((ids) => native.setTypes(ids));
    this.#linger = parts.linger;
    const facts = () => this.#facts;
    const reports = new UndeliveredReports(native);
    this.#sending = new Sending(native, this.#box, reports, facts, parts.maxMessageBytes);
    this.#liveness = new Liveness(native);
    this.#inbox = new Inbox(parts.prefetch, native);
    this.#watchers = new Watchers(native, this.#members, (selector) =>
      this.#sending.routeOf(selector),
    );
    this.#labels = new Labels(native, parts.label);
    this.#supply = {
      inbox: this.#inbox,
      liveness: this.#liveness,
      facts,
      over: () => (this.closed ? this.#closedError() : undefined),
    };
    this.#consumer = new Consumer(this.#supply);
    this.#reader = new MessageReader(
      native,
      this.#box,
      {
        unknown: (event) => this.#tell('unknown', event),
        rejected: (event) => this.#tell('rejected', event),
      },
      (peer, replyTo, message, options) => {
        const own = checkOptions('reply()', options, replyOptions);
        return this.#sendingOrThrow().reply(peer, replyTo, message, own);
      },
    );
    const emitter = this as unknown as EventEmitter;
    this.#listening = new MessageListening(emitter, this.#inbox, this.#liveness, facts);
    this.#refollow = followListeners(emitter, {
      message: (wanted) => this.#listening.follow(wanted && !this.closed),
      ...this.#watchers.hooks,
      undelivered: (wanted) => reports.listen(wanted),
    });
  }

  /** This endpoint's number on the bus; it stays the same when the controller changes. */
  get id(): number {
    return this.#id;
  }

  /** The strings that selectors match this endpoint by, as all others see them. */
  get label(): readonly string[] {
    return this.#labels.current;
  }

  /** Whether `close()` was called, or the bus has expelled this endpoint. */
  get closed(): boolean {
    return this.#closed || this.#closing !== undefined;
  }

  /** Whether this endpoint is the bus controller now. */
  get isController(): boolean {
    return !this.#closed && this.#native.isController();
  }

  /** The bus controller as the directory lists it; `undefined` while an election is under way. */
  get controller(): Peer | undefined {
    return this.#members.withId(this.#native.controllerId());
  }

  /** The number of controllers that this bus has had so far. */
  get generation(): number {
    return this.#native.generation();
  }

  /** The observers of the bus at this moment: see {@link observe}. They are not among the peers. */
  get observers(): readonly Peer[] {
    return this.#native.observers();
  }

  /**
   * All other endpoints on the bus at this moment except observers, in no particular order: a
   * frozen array, the same one as long as nothing changes.
   */
  get peers(): readonly Peer[] {
    return this.#members.others(this.#id);
  }

  /**
   * The endpoints that match at this moment, in no particular order: those to which a `multicast`
   * would go, or of which a `unicast` would take one. This endpoint is one of them if it matches,
   * except for a multicast with `excludeSelf`. Reads shared memory, without asking another process;
   * {@link waitFor} waits for matches.
   *
   * @throws ClosedError if the endpoint is closed.
   */
  matches(to: Selector | string): readonly Peer[] {
    const selector = toSelector(to);
    return this.#members.matching(this.#sendingOrThrow().routeOf(selector));
  }

  /** Counters since this endpoint joined. */
  get counters(): Counters {
    return {
      ...this.#native.counters(),
      unknown: this.#reader.unknown,
      rejected: this.#reader.rejected,
      waiting: this.#inbox.length,
    };
  }

  /**
   * Sends a message and returns the number of receivers: each has it in its ring, or will get it
   * from this process's queue. A string means `unicast`. Messages from one sender to one receiver
   * arrive in order, except those with a `key`. If no endpoint matches, a multicast returns 0; so
   * does a message with `ttl`, which waits for a match.
   *
   * @throws NoRecipientError if a unicast without `ttl` matches no endpoint.
   * @throws QueueFullError if a receiver's queue is full; then no receiver gets the message. Wait
   * for {@link drained}.
   * @throws TooLargeError if the encoded payload exceeds `maxMessageBytes`.
   * @throws ClosedError if the endpoint is closed.
   */
  send(to: Selector | string, message: Outgoing<B>, options?: SendOptions): number {
    const selector = toSelector(to);
    if (options === undefined) return this.#sendingOrThrow().sendPlain(selector, message);
    const own = checkOptions('send()', options, sendOptions);
    return this.#sendingOrThrow().send(selector, message, own);
  }

  /**
   * Sends a message as {@link send} does, and tells its number, and for a unicast the receiver: for
   * a sender that recognises replies, and what became undelivered, by the number.
   *
   * @throws As {@link send}.
   */
  sendWithReceipt(to: Selector | string, message: Outgoing<B>, options?: SendOptions): SendReceipt {
    const selector = toSelector(to);
    const own =
      options === undefined ? undefined : checkOptions('sendWithReceipt()', options, sendOptions);
    return this.#sendingOrThrow().sendWithReceipt(selector, message, own);
  }

  /**
   * Sends a message as soon as every receiver has room for it, and resolves with the number of
   * receivers. Calls that wait for one receiver proceed in order; a `send()` may overtake them.
   *
   * @throws As {@link send}; QueueFullError only when the store for `ttl` messages is full.
   * TimeoutError and AbortedError, after which no receiver gets the message.
   */
  async sendWhenReady(
    to: Selector | string,
    message: Outgoing<B>,
    options?: SendWhenReadyOptions,
  ): Promise<number> {
    const own = checkCancelOptions('sendWhenReady()', options, sendWhenReadyOptions);
    const sent = this.#sendingOrThrow().sendWhenReady(toSelector(to), message, own);
    return typeof sent === 'number' ? sent : this.#liveness.during(sent);
  }

  /** As {@link sendWhenReady}; resolves with what {@link sendWithReceipt} returns. */
  async sendWhenReadyWithReceipt(
    to: Selector | string,
    message: Outgoing<B>,
    options?: SendWhenReadyOptions,
  ): Promise<SendReceipt> {
    const what = 'sendWhenReadyWithReceipt()';
    const own = checkCancelOptions(what, options, sendWhenReadyOptions);
    const sent = this.#sendingOrThrow().sendWhenReadyWithReceipt(toSelector(to), message, own);
    return 'then' in sent ? this.#liveness.during(sent) : sent;
  }

  /**
   * Sends a message and resolves when every receiver has taken it (see {@link
   * DeliverOptions.acknowledge}), with the number of receivers.
   *
   * @throws UndeliveredError if a receiver died or left before it took the message and no other
   * endpoint could get it; `failures` has the reason for each receiver. Otherwise as {@link send}.
   * TimeoutError and AbortedError, after which the message may still arrive.
   */
  async deliver(
    to: Selector | string,
    message: Outgoing<B>,
    options?: DeliverOptions,
  ): Promise<number> {
    const own = checkCancelOptions('deliver()', options, [...sendOptions, 'acknowledge']);
    const delivered = this.#sendingOrThrow().deliver(toSelector(to), message, own);
    return this.#liveness.during(delivered);
  }

  /** Resolves when no message waits in this process's memory for a receiver with a full ring. */
  async drained(options?: CancelOptions): Promise<void> {
    const own = checkCancelOptions('drained()', options);
    return this.#liveness.during(this.#sendingOrThrow().drained(own));
  }

  /**
   * Resolves with the next message; the previous one counts as handled from now on.
   * @throws TimeoutError, AbortedError, ClosedError. None of them loses a message.
   */
  recv(options?: CancelOptions): Promise<Received<B>> {
    try {
      const own = checkCancelOptions('recv()', options);
      return this.#consumer.recv('recv()', own) as Promise<Received<B>>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Iterates over the messages until the endpoint is closed. A message is handled when its loop
   * asks for the next one. Leaving a loop, even while it waits, loses no message.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Received<B>, void, undefined> {
    return new MessageIterator(new Consumer(this.#supply));
  }

  /** Resolves with the matching endpoints (the sender included) once there are `count` or more. */
  async waitFor(to: Selector | string, options?: WaitForOptions): Promise<readonly Peer[]> {
    const own = checkCancelOptions('waitFor()', options, ['count']);
    const { count = 1 } = own;
    checkInteger('count', count, 1, limits.maxMembers);
    const selector = toSelector(to);
    if (this.closed) throw this.#closedError();
    const promise = cancellable<readonly Peer[]>(
      'waitFor()',
      own,
      this.#facts,
      (settler) => this.#watchers.wait(selector, count, settler),
      (settler) => this.#watchers.cancel(settler),
    );
    return this.#liveness.during(promise);
  }

  /**
   * Changes the strings that selectors match this endpoint by, and resolves once every other
   * endpoint sees them: whatever is sent from then on goes by the new label. Links stay open, and
   * what was sent before still arrives. Calls take effect in their order.
   * @throws InvalidLabelError, as `join`. ClosedError. TimeoutError and AbortedError, after which
   * the label may change nevertheless.
   */
  async relabel(label: string | readonly string[], options?: RelabelOptions): Promise<void> {
    const own = checkCancelOptions('relabel()', options);
    const strings = checkLabel(label);
    if (this.closed) throw this.#closedError();
    return this.#liveness.during(this.#labels.change(strings, own, this.#facts));
  }

  /** Removes the listeners of an event, or of all events. */
  override removeAllListeners(
    event?: keyof EndpointEvents<B> | 'newListener' | 'removeListener' | symbol,
  ): this {
    if (event === undefined) super.removeAllListeners();
    else super.removeAllListeners(event as keyof EndpointEvents<B>);
    this.#refollow();
    return this;
  }

  /**
   * Lets this endpoint keep the process alive while it has listeners or pending calls (the
   * default).
   */
  ref(): this {
    this.#liveness.setWanted(true);
    return this;
  }

  /** Lets the process exit in spite of listeners and pending calls. {@link ref} undoes it. */
  unref(): this {
    this.#liveness.setWanted(false);
    return this;
  }

  /**
   * Leaves the bus. Queued messages get the linger time; messages that wait for a match, and the
   * office of controller, go to other endpoints; all resources go back to the system. Pending calls
   * reject with `ClosedError`. Repeated calls return the same promise.
   * @throws UndeliveredError if messages had to be given up; the endpoint is closed nevertheless.
   */
  close(options?: CloseOptions): Promise<void> {
    try {
      const { linger = this.#linger } = checkOptions('close()', options, ['linger']);
      const milliseconds = millisecondsOf('linger', linger, maxTimeout);
      this.#closing ??= this.#close(milliseconds);
      return this.#closing;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Closes, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Called by join() once the bus has admitted this endpoint. */
  joined(id: number): void {
    this.#id = id;
    closeAtExit(this.#native, () => {
      this.#inbox.handBack();
      this.#closed = true;
    });
    const targets: NoticeTargets = {
      members: this.#members,
      box: this.#box,
      inbox: this.#inbox,
      sending: this.#sending,
      watchers: this.#watchers,
      labels: this.#labels,
      reader: this.#reader,
      facts: () => this.#facts,
      tell: (event, ...values) => tell(this as unknown as EventEmitter, event, ...values),
      rejoined: (newId) => {
        this.#id = newId;
      },
      shutOut: (notice) => this.#shutOut(notice),
    };
    this.#board.open((notice) => act(notice, targets), takeBatches(this.#reader, this.#inbox));
    publishJoin(this.#facts, this.label);
  }

  get #facts(): BusErrorFacts {
    return { bus: this.identifier, endpointId: this.#id };
  }

  #closedError(): ClosedError {
    return closedError(this.#facts);
  }

  #sendingOrThrow(): Sending {
    if (this.closed) throw this.#closedError();
    return this.#sending;
  }

  #tell<E extends keyof EndpointEvents<B> & string>(event: E, ...values: EndpointEvents<B>[E]) {
    tell(this as unknown as EventEmitter, event, ...values);
  }

  #shutOut(notice: Extract<Notice, { kind: 'refused' | 'outOfMemory' }>): void {
    const error = shutOutError(notice, this.#facts);
    this.#closing ??= this.#close(0, error);
    this.#closing.catch(() => undefined);
  }

  async #close(linger: number, cause?: BusError): Promise<void> {
    this.#liveness.setWanted(true);
    this.#liveness.hold();
    this.#listening.follow(false);
    this.#inbox.handBack();
    const error = cause ?? this.#closedError();
    this.#inbox.rejectAll(error);
    this.#sending.rejectAll(error);
    this.#watchers.rejectAll(error);
    this.#labels.rejectAll(error);
    const abandoned = await this.#board.closed(() => this.#native.close(linger));
    closedBeforeExit(this.#native);
    this.#liveness.drop();
    this.#native.detach();
    this.#closed = true;
    this.#tell('close', cause);
    publishClose(this.#facts, cause);
    if (abandoned > 0) throw abandonedError(abandoned, this.#facts);
  }
}
