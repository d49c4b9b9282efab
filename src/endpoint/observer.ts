// An observer: sees what others send, and is no receiver of any message.
import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers'; // Jest's jsdom has no global one
import { type BusError, type BusErrorFacts, ClosedError } from '../errors/index.js';
import type { Peer } from '../messages/index.js';
import type { NativeEndpoint, Notice } from '../native/addon.js';
import { onAbort } from './abort-listening.js';
import { type CancelOptions, cancellable, checkCancelOptions, refusal } from './cancellation.js';
import type { ControllerEvent, ViolationEvent } from './events.js';
import { closeAtExit, closedBeforeExit } from './exit.js';
import { Liveness } from './liveness.js';
import { Members } from './members.js';
import type { NoticeBoard } from './notice-board.js';
import { controllerEvent, shutOutError, violationEvent } from './notice-events.js';
import type { Observation } from './observation.js';
import { ObservationIterator } from './observation-iterator.js';
import { ObservationQueue, type Waiter } from './observation-queue.js';
import { ObservationReader } from './observation-reader.js';
import { PeerBook } from './peer-book.js';
import { tell } from './tell.js';

/** The events of an observer, for `on`, `once` and `off`. */
export interface ObserverEvents {
  /**
   * The bus has another controller, and this observer is with it. What members sent before that
   * joined meanwhile was not observed, and is not counted as lost.
   */
  controller: [event: ControllerEvent];
  /** An endpoint broke the protocol, and is not observed any more. */
  violation: [event: ViolationEvent];
  /** The observer is closed; `error` is the reason unless `close()` was called. */
  close: [error: BusError | undefined];
}

/** @internal The parts of an observer; see observe.ts. */
export interface ObserverParts {
  readonly identifier: string;
  readonly label: readonly string[];
  readonly prefetch: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * An observer of one bus, made by `observe`. Iterating over it, or `recv()`, gives what it observes,
 * each observation once, in the order of each sender. Observations that it is too slow for are
 * lost, never queued by others, and counted (see {@link LostObservation}).
 */
export class Observer
  extends EventEmitter<ObserverEvents>
  implements AsyncDisposable, AsyncIterable<Observation>
{
  /** The name of the bus. */
  readonly identifier: string;
  /** The strings by which others see this observer. They match no selector. */
  readonly label: readonly string[];

  readonly #native: NativeEndpoint;
  readonly #board: NoticeBoard;
  readonly #members: Members;
  readonly #book: PeerBook;
  readonly #reader: ObservationReader;
  readonly #queue: ObservationQueue;
  readonly #liveness: Liveness;
  readonly #signal: AbortSignal | undefined;
  #stopListening: (() => void) | undefined;
  #id = 0;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(native: NativeEndpoint, board: NoticeBoard, parts: ObserverParts) {
    super();
    this.identifier = parts.identifier;
    this.label = parts.label;
    this.#native = native;
    this.#board = board;
    this.#signal = parts.signal;
    // `left` may come later than the directory's change, and an observation in between.
    this.#members = new Members(native, (vanished) => this.#book.note(vanished));
    this.#book = new PeerBook(this.#members);
    this.#reader = new ObservationReader(native, this.#book);
    this.#queue = new ObservationQueue(native, parts.prefetch);
    this.#liveness = new Liveness(native);
  }

  /** This observer's number on the bus. */
  get id(): number {
    return this.#id;
  }

  /** Whether `close()` was called, the signal was aborted, or the bus has expelled this observer. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** The bus controller as the directory lists it; `undefined` while an election is under way. */
  get controller(): Peer | undefined {
    return this.#members.withId(this.#native.controllerId());
  }

  /** The number of controllers that this bus has had so far. */
  get generation(): number {
    return this.#native.generation();
  }

  /** All endpoints on the bus at this moment, observers not included. */
  get peers(): readonly Peer[] {
    // It is not among them itself.
    return this.#members.others(this.#id);
  }

  /**
   * Resolves with the next observation.
   * @throws TimeoutError, AbortedError, ClosedError. None of them loses an observation.
   */
  async recv(options?: CancelOptions): Promise<Observation> {
    const own = checkCancelOptions('recv()', options);
    const observation = await this.#next('recv()', own);
    if (observation === undefined) throw this.#closedError();
    return observation;
  }

  /**
   * Iterates over the observations until the observer is closed. Leaving a loop loses none, and
   * leaves the observer open.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Observation, void, undefined> {
    return new ObservationIterator((options) => this.#next('next()', options));
  }

  /** Lets this observer keep the process alive while it has pending calls (the default). */
  ref(): this {
    this.#liveness.setWanted(true);
    return this;
  }

  /** Lets the process exit in spite of pending calls. {@link ref} undoes it. */
  unref(): this {
    this.#liveness.setWanted(false);
    return this;
  }

  /**
   * Leaves the bus; loops end, and pending calls of `recv` reject with `ClosedError`. Repeated calls
   * return the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close(undefined);
    return this.#closing;
  }

  /** Closes, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Called by observe() once the bus has admitted this observer. */
  joined(id: number): void {
    this.#id = id;
    closeAtExit(this.#native, () => {
      this.#closing ??= Promise.resolve();
    });
    this.#board.open(
      (notice) => this.#act(notice),
      (count, _, block) => this.#onMessages(count, block),
    );
    this.#native.reportMembers(true);
    this.#queue.open();
    if (this.#signal === undefined) return;
    if (this.#signal.aborted) void this.close();
    else this.#stopListening = onAbort(this.#signal, () => void this.close());
  }

  get #facts(): BusErrorFacts {
    return { bus: this.identifier, endpointId: this.#id };
  }

  #closedError(): ClosedError {
    return new ClosedError(
      `observer ${this.#id} of bus '${this.identifier}' is closed`,
      this.#facts,
    );
  }

  // `undefined`: the program has closed it.
  #next(what: string, options: CancelOptions): Promise<Observation | undefined> {
    const refused = refusal(what, options, this.#facts);
    if (refused !== undefined) return Promise.reject(refused);
    try {
      if (this.#queue.ready) return Promise.resolve(this.#queue.take());
    } catch (error) {
      return Promise.reject(error);
    }
    let waiter: Waiter | undefined;
    const promise = cancellable<Observation | undefined>(
      what,
      options,
      this.#facts,
      (settler) => {
        waiter = settler;
        this.#queue.wait(settler);
      },
      () => this.#queue.cancel(waiter as Waiter),
    );
    return this.#liveness.during(promise);
  }

  // All rows are the program's at once: an observer gives nothing back.
  #onMessages(count: number, block: ArrayBuffer | undefined): number {
    this.#reader.begin(block);
    for (let row = 0; row < count; row++) this.#queue.push(this.#reader.read(row));
    this.#reader.end();
    this.#queue.batchDone();
    return 0;
  }

  #act(notice: Notice): void {
    if (notice.kind === 'joined') {
      this.#id = notice.id;
    } else if (notice.kind === 'peers') {
      this.#book.note(notice.left);
    } else if (notice.kind === 'linkClosed') {
      // Its last observations may be in the batch after these notices.
      setImmediate(() => this.#reader.forget(notice.slot)).unref();
    } else if (notice.kind === 'controller') {
      this.#tell('controller', controllerEvent(notice, this.#members));
    } else if (notice.kind === 'violation') {
      this.#tell('violation', violationEvent(notice, this.#facts));
    } else if (notice.kind === 'refused' || notice.kind === 'outOfMemory') {
      this.#closing ??= this.#close(shutOutError(notice, this.#facts));
    }
  }

  #tell<E extends keyof ObserverEvents & string>(event: E, ...values: ObserverEvents[E]): void {
    tell(this as unknown as EventEmitter, event, ...values);
  }

  async #close(cause: BusError | undefined): Promise<void> {
    this.#stopListening?.();
    this.#queue.finish(cause);
    this.#liveness.setWanted(true);
    this.#liveness.hold();
    await this.#board.closed(() => this.#native.close(0));
    closedBeforeExit(this.#native);
    this.#liveness.drop();
    this.#native.detach();
    this.#tell('close', cause);
  }
}
