// Takes messages from an endpoint as fast as the lanes let it, and gives each to its route. The
// order of arrival is the order in which routes see messages; there is one consumer of the endpoint
// for each message in hand, so that each is reported as handled by itself.
import { setMaxListeners } from 'node:events';
import type { AnyMessageType } from '../../index.js';
import { TableSender } from './context.js';
import { type Lane, OrderedLane, PlainLane } from './lane.js';
import type { Plan, RoutePlan } from './plan.js';
import { type RouteHost, RunningRoute } from './running-route.js';
import type { Clock, Seat, SeatMessage } from './seat.js';

type Consumer = AsyncIterator<SeatMessage, void, undefined>;

/** What an engine reports. */
export interface EngineEvents extends Pick<RouteHost, 'failed'> {
  /** No route takes this message. */
  unrouted(message: SeatMessage): void;
  /** A message of another type; returns whether somebody takes it. */
  other(message: SeatMessage): boolean;
  /** Nothing is left to do now. */
  idle(): void;
}

const notHandled = Promise.resolve(false);

/** Messages that may wait in a table with services, so that calls need not wait behind them. */
const aheadOfCalls = 64;

/** A table at work. */
export class Engine {
  readonly routes: ReadonlyMap<string, readonly RunningRoute[]>;
  readonly sender: TableSender;
  /** Messages that no route took. */
  unrouted = 0;
  readonly #seat: Seat;
  readonly #clock: Clock;
  readonly #events: EngineEvents;
  readonly #types: ReadonlyMap<string, AnyMessageType>;
  readonly #lanes: readonly Lane[];
  readonly #wantsIdle: boolean;
  readonly #hasCalls: boolean;
  readonly #abort = new AbortController();
  /** Consumers without a message. */
  readonly #free: Consumer[] = [];
  /** The consumer that waits for the next message. */
  #asking: Consumer | undefined;
  #stopped = false;
  /** Messages whose handlers have not finished. */
  #held = 0;
  /** Messages taken so far. */
  #taken = 0;
  #idleSoon = false;
  #onRoom: (() => void) | undefined;
  #onChange: (() => void)[] = [];

  constructor(
    plan: Plan,
    seat: Seat,
    clock: Clock,
    rows: ConstructorParameters<typeof TableSender>[1],
    events: EngineEvents,
  ) {
    this.#seat = seat;
    this.#clock = clock;
    this.#events = events;
    this.#types = plan.types;
    this.#hasCalls = plan.services.length > 0;
    this.#wantsIdle = plan.hooks.onIdle !== undefined;
    // Each handler that runs may listen to it.
    setMaxListeners(0, this.#abort.signal);
    this.sender = new TableSender(seat, rows, this.#abort.signal);
    const host: RouteHost = {
      sender: this.sender,
      clock,
      failed: (event, lost) => events.failed(event, lost),
    };
    const lanes = new Lanes([...plan.routes.values()].flat(), this.#hasCalls ? aheadOfCalls : 0);
    const routes = new Map<string, readonly RunningRoute[]>();
    for (const [type, plans] of plan.routes) {
      routes.set(
        type,
        plans.map((each) => new RunningRoute(each, lanes.of(each), host)),
      );
    }
    this.routes = routes;
    this.#lanes = lanes.all;
  }

  /** Takes messages until {@link stop}, or until the endpoint is closed. */
  async run(): Promise<void> {
    let consumer = this.#consumer();
    while (!this.#stopped) {
      this.#asking = consumer;
      const step = await consumer.next();
      this.#asking = undefined;
      if (step.done === true) break;
      this.#taken++;
      const outcome = this.#give(step.value);
      if (outcome === undefined) {
        // Asking again reports it as handled; nobody asks again after a handler has stopped this.
        if (this.#stopped) step.value.acknowledge();
        if (this.#wantsIdle) this.#lookForIdle();
        continue;
      }
      this.#hold(step.value, consumer, outcome);
      if (!this.#open) await this.#room();
      consumer = this.#free.pop() ?? this.#consumer();
    }
    void consumer.return?.();
  }

  /** Takes no more messages; those in hand go on. */
  stop(): void {
    this.#stopped = true;
    void this.#asking?.return?.();
    this.#onRoom?.();
    for (const consumer of this.#free.splice(0)) void consumer.return?.();
  }

  /** Handlers that still run should give up. */
  abort(): void {
    this.#abort.abort();
  }

  /** Resolves when no handler runs. */
  async finished(): Promise<void> {
    while (this.#held > 0) {
      await new Promise<void>((resolve) => this.#onChange.push(resolve));
    }
  }

  /** Resolves when no handler runs, and no message came for a turn. */
  async quiet(): Promise<void> {
    for (;;) {
      await this.finished();
      const before = this.#taken;
      await this.#turn();
      await this.#turn();
      if (this.#taken === before && this.#held === 0) return;
    }
  }

  #consumer(): Consumer {
    return this.#seat[Symbol.asyncIterator]();
  }

  #give(message: SeatMessage): Promise<boolean> | undefined {
    const { type } = message;
    const routes = this.routes.get(type);
    if (routes !== undefined) {
      for (const route of routes) {
        const { from } = route.plan;
        if (from === undefined || from.matches(message.from)) return route.offer(message);
      }
    } else if (!this.#types.has(type) && this.#events.other(message)) {
      return undefined;
    }
    this.unrouted++;
    this.#events.unrouted(message);
    return notHandled;
  }

  #hold(message: SeatMessage, consumer: Consumer, outcome: Promise<boolean>): void {
    this.#held++;
    void outcome.then((handled) => {
      this.#held--;
      if (handled) message.acknowledge();
      const attached = message.objects.length > 0 || message.regions.length > 0;
      // The end of a consumer closes what came with its message, and reports one that was not handled.
      if (!handled || attached || this.#stopped) void consumer.return?.();
      else this.#free.push(consumer);
      if (this.#onRoom !== undefined && this.#open) this.#onRoom();
      for (const changed of this.#onChange.splice(0)) changed();
      if (this.#wantsIdle) this.#lookForIdle();
    });
  }

  /** Whether a further message may be taken. */
  get #open(): boolean {
    let saturated = this.#lanes.length > 0;
    for (const lane of this.#lanes) {
      if (lane.blocked) return false;
      saturated &&= lane.saturated;
    }
    return this.#hasCalls || !saturated;
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRoom = () => {
        this.#onRoom = undefined;
        resolve();
      };
    });
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#clock.turn(resolve));
  }

  #lookForIdle(): void {
    if (this.#idleSoon) return;
    this.#idleSoon = true;
    void this.quiet().then(() => {
      this.#idleSoon = false;
      if (!this.#stopped) this.#events.idle();
    });
  }
}

/** The lanes of a table: routes that say nothing share one. */
class Lanes {
  readonly all: Lane[] = [];
  readonly #serial: Lane | undefined;
  /** Messages that may wait in each lane, if its routes do not say more. */
  readonly #least: number;

  constructor(plans: readonly RoutePlan[], least: number) {
    this.#least = least;
    const serial = plans.filter(({ mode }) => mode === 'serial');
    if (serial.length === 0) return;
    this.#serial = this.#add(
      new PlainLane(1, Math.max(least, ...serial.map(({ queue }) => queue))),
    );
  }

  of({ mode, concurrency, queue: own }: RoutePlan): Lane {
    const queue = Math.max(own, this.#least);
    if (mode === 'serial') return this.#serial as Lane;
    if (mode === 'ordered') return this.#add(new OrderedLane(concurrency, queue));
    return this.#add(new PlainLane(concurrency, queue));
  }

  #add(lane: Lane): Lane {
    this.all.push(lane);
    return lane;
  }
}
