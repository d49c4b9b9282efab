// A running table, as its program has it: starting, listing, draining.
import { EventEmitter } from 'node:events';
import type { BusError, MessageBox, Peer, RejectedEvent } from '../../index.js';
import type { CallRow } from './call-rows.js';
import { checkDelay, checkKeys, isThenable } from './checks.js';
import type { EmitRow } from './context.js';
import { Engine } from './engine.js';
import { mermaidOf } from './mermaid.js';
import type { Hook, Plan } from './plan.js';
import type { FailedEvent } from './running-route.js';
import type { Clock, Seat, SeatMessage } from './seat.js';
import type { RouteRow, Sender } from './types.js';

/** A message that no route takes. */
export interface UnroutedEvent {
  /** The key of its type; the UUID if the box does not have it. */
  readonly type: string;
  /** Its sender. */
  readonly from: Peer;
  /** Its number. */
  readonly id: number;
}

/** The events of a running table, for `on`, `once` and `off`. */
export interface HandlersEvents {
  /**
   * An attempt at a message has failed. If it was given up, went to no dead letters, and nobody
   * listens, the error is uncaught.
   */
  failed: [event: FailedEvent];
  /** A message that no route takes; a sender that waits learns that it was not handled. */
  unrouted: [event: UnroutedEvent];
  /** A message that its codec or schema refused; see the event of endpoints. */
  rejected: [event: RejectedEvent];
  /** The table takes no more messages; `error` is the reason unless `close()` was called. */
  close: [error: BusError | undefined];
}

/** Options of {@link Handlers.close}. */
export interface CloseHandlersOptions {
  /** Milliseconds for what has arrived and what runs. Default: `drain` of `handle`. */
  readonly drain?: number;
}

/** @internal What else a running table consists of. */
export interface Beside {
  readonly calls: readonly CallRow[];
  /** Takes a message of a type that is not in the box; returns whether it did. */
  accept(message: SeatMessage): boolean;
  /** Ends the services, within some milliseconds. */
  close(milliseconds: number): Promise<void>;
}

/** A running table, made by `handle`. */
export class Handlers<B extends MessageBox = MessageBox>
  extends EventEmitter<HandlersEvents>
  implements AsyncDisposable
{
  /** Sends on behalf of the table, also outside of its handlers. */
  readonly sender: Sender<B>;
  readonly #plan: Plan;
  readonly #seat: Seat;
  readonly #clock: Clock;
  readonly #engine: Engine;
  readonly #emits: ReadonlyMap<string, EmitRow>;
  readonly #drain: number;
  readonly #label: readonly string[];
  readonly #onClosed: (() => void)[] = [];
  #beside: Beside | undefined;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(plan: Plan, seat: Seat, clock: Clock, drain: number) {
    super();
    this.#plan = plan;
    this.#seat = seat;
    this.#clock = clock;
    this.#drain = drain;
    this.#label = seat.label;
    this.#emits = new Map([...plan.emits].map(([type, to]) => [type, { to, handled: 0 }]));
    this.#engine = new Engine(plan, seat, clock, this.#emits, {
      failed: (event, lost) => this.#failed(event, lost),
      unrouted: ({ type, from, id }) => this.#tell('unrouted', { type, from, id }),
      other: (message) => this.#beside?.accept(message) === true,
      idle: () => this.#idle(),
    });
    this.sender = this.#engine.sender as unknown as Sender<B>;
  }

  /** The endpoint's number on the bus. */
  get id(): number {
    return this.#seat.id;
  }

  /** Whether `close()` was called, or the bus has expelled the endpoint. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Messages that no route took. */
  get unrouted(): number {
    return this.#engine.unrouted;
  }

  /** The table as it is now, one row for each route, method and destination. */
  routes(): readonly RouteRow[] {
    const rows: RouteRow[] = [];
    const none = { from: undefined, to: undefined, waiting: 0, retried: 0, failed: 0 };
    for (const routes of this.#engine.routes.values()) {
      for (const { plan, counters } of routes) {
        const { name, type, mode, concurrency, to } = plan;
        const { handled, retried, failed, deadLetters, running, waiting } = counters;
        const counts = { handled, retried, failed, deadLetters, running, waiting };
        const { meanMicroseconds } = counters;
        const from = plan.from?.text;
        rows.push({ name, type, from, mode, concurrency, to, ...counts, meanMicroseconds });
      }
    }
    for (const { name, concurrency, counters } of this.#beside?.calls ?? []) {
      const { handled, failed, running, meanMicroseconds } = counters;
      const counts = { ...none, deadLetters: 0, handled, failed, running, meanMicroseconds };
      rows.push({ ...counts, name, type: name, mode: 'call', concurrency });
    }
    for (const [type, { to, handled }] of this.#emits) {
      const counts = { ...none, deadLetters: 0, running: 0, meanMicroseconds: 0, handled };
      const text = to === undefined ? undefined : String(to);
      rows.push({ ...counts, name: type, type, mode: 'emit', concurrency: 0, to: text });
    }
    return rows;
  }

  /** The table as the text of a Mermaid flow chart. */
  mermaid(): string {
    return mermaidOf(this.routes(), this.#label);
  }

  /**
   * Drains and leaves: other endpoints send nothing more here, what has arrived is handled, and
   * `onStop` is called. Messages not handled in time stay with their senders, which bring them to
   * other matches. Repeated calls return the same promise.
   * @throws What `onStop` throws, and UndeliveredError, as `endpoint.close`; the endpoint is closed
   * nevertheless.
   */
  close(options?: CloseHandlersOptions): Promise<void> {
    try {
      const { drain = this.#drain } = checkKeys('close()', options, ['drain']);
      const milliseconds = checkDelay('drain', drain);
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

  /** @internal Starts; rejects with what `onStart` throws. */
  async start(beside: Beside | undefined): Promise<this> {
    this.#beside = beside;
    await this.#plan.hooks.onStart?.(this.sender);
    this.#running = this.#engine.run();
    return this;
  }

  /** @internal Called once the table is closed. */
  onClosed(callback: () => void): void {
    this.#onClosed.push(callback);
  }

  /** @internal The bus has closed the endpoint. */
  ended(error: BusError | undefined): void {
    if (this.#closing !== undefined) return;
    this.#closing = Promise.resolve();
    this.#engine.stop();
    this.#engine.abort();
    void this.#beside?.close(0);
    this.#over(error);
  }

  async #close(milliseconds: number): Promise<void> {
    const engine = this.#engine;
    let late = () => {};
    const over = new Promise<void>((resolve) => {
      late = resolve;
    });
    const cancel = milliseconds > 0 ? this.#clock.delay(milliseconds, late) : late;
    if (milliseconds === 0) late();
    let failure: { readonly error: unknown } | undefined;
    try {
      // From now on, senders choose others; what they sent before is on its way here.
      if (this.#label.length > 0) await Promise.race([this.#seat.relabel([]).catch(ignore), over]);
      await Promise.race([engine.quiet(), over]);
      engine.stop();
      await Promise.race([engine.finished(), over]);
      await this.#beside?.close(milliseconds);
      await this.#plan.hooks.onStop?.(this.sender);
    } catch (error) {
      failure = { error };
    } finally {
      cancel();
      engine.stop();
      engine.abort();
    }
    await this.#seat.close().finally(() => this.#over(undefined));
    await this.#running;
    if (failure !== undefined) throw failure.error;
  }

  #over(error: BusError | undefined): void {
    for (const callback of this.#onClosed) callback();
    this.#tell('close', error);
  }

  #failed(event: FailedEvent, lost: boolean): void {
    if (this.listenerCount('failed') > 0) this.#tell('failed', event);
    else if (lost) throwLater(event.error);
  }

  #idle(): void {
    this.#call(this.#plan.hooks.onIdle);
  }

  #call(hook: Hook): void {
    try {
      const result = hook?.(this.sender);
      if (isThenable(result)) result.then(undefined, throwLater);
    } catch (error) {
      throwLater(error);
    }
  }

  /** @internal Emits an event; an exception of a listener is uncaught, and stops nothing here. */
  tell<E extends keyof HandlersEvents>(event: E, ...values: HandlersEvents[E]): void {
    this.#tell(event, ...values);
  }

  #tell<E extends keyof HandlersEvents>(event: E, ...values: HandlersEvents[E]): void {
    try {
      (this as unknown as EventEmitter).emit(event, ...values);
    } catch (error) {
      throwLater(error);
    }
  }
}

function ignore(): void {
  // The bus has no controller now, or the endpoint was expelled: draining goes on without.
}

function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
