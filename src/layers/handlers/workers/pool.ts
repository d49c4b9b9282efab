// A pool: one table at work in several threads and processes, each on an endpoint of its own with
// the same labels, so that senders choose among them. A worker that dies is started again.

import { EventEmitter } from 'node:events';
import { show } from '../../../base/show.js';
import { checkDelay, checkKeys, checkWhole, refused } from '../checks.js';
import type { WorkerError } from '../errors.js';
import { closeOn } from '../signals.js';
import type { RouteRow } from '../types.js';
import type { WorkerKind } from './channel.js';
import type { WorkerStart } from './protocol.js';
import { PoolWorker } from './slot.js';
import { summed } from './sum.js';

/** How many workers, and where. */
export type WorkerCounts =
  | number
  | {
      /** Workers that are threads of this process. Default: 0. */
      readonly threads?: number | undefined;
      /** Workers that are processes of their own. Default: 0. */
      readonly processes?: number | undefined;
    };

/** Options of `handle` with a module. Values other than plain data are in the module's `options`. */
export interface WorkersOptions {
  /** A number of processes, or numbers of threads and processes; 1 to 1,024 in all. */
  readonly workers: WorkerCounts;
  /** As for `handle`, for each worker. */
  readonly label?: string | readonly string[];
  /** As for `handle`. */
  readonly prefetch?: number;
  /** As for `handle`. */
  readonly drain?: number;
  /** As for `handle`: closes the pool. */
  readonly closeOn?: NodeJS.Signals | readonly NodeJS.Signals[];
  /** Plain data, given to a `table` that is a function. */
  readonly data?: unknown;
  /**
   * When a worker that died is started again: after `delay`, which doubles with each further death
   * up to `maxDelay`, and starts at `delay` again after a worker has lived ten seconds.
   */
  readonly restart?: {
    /** Milliseconds after the first death. Default: 100. */
    readonly delay?: number;
    /** Milliseconds at most. Default: 10,000. */
    readonly maxDelay?: number;
  };
}

/** A worker that died. */
export interface WorkerDiedEvent {
  /** Its place in the pool, from 0. */
  readonly worker: number;
  /** How it ended; `cause` is what it threw, if it could tell. */
  readonly error: WorkerError;
  /** Milliseconds until the next one is started in its place. */
  readonly restartAfter: number;
}

/** A worker that has begun. */
export interface WorkerStartedEvent {
  /** Its place in the pool, from 0. */
  readonly worker: number;
  /** The number of its endpoint. */
  readonly id: number;
  /** The process that it is, or is in. */
  readonly pid: number;
}

/** The events of a pool, for `on`, `once` and `off`. */
export interface WorkersEvents {
  /** A worker is at work, in place of one that died or was exchanged. */
  started: [event: WorkerStartedEvent];
  /** A worker died, or did not start. Messages that it had not taken go to the others. */
  died: [event: WorkerDiedEvent];
}

const names = ['workers', 'label', 'prefetch', 'drain', 'closeOn', 'data', 'restart'];
const mostWorkers = 1024;
/** A worker that has lived so long, in milliseconds, did not die of its start. */
const stable = 10_000;

interface Place {
  readonly kind: WorkerKind;
  worker: PoolWorker | undefined;
  deaths: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** One table in several threads and processes, made by `handle`. */
export class Workers extends EventEmitter<WorkersEvents> implements AsyncDisposable {
  readonly #start: WorkerStart;
  readonly #places: readonly Place[];
  readonly #delay: number;
  readonly #maxDelay: number;
  readonly #drain: number;
  #stops: readonly (() => void)[] = [];
  #closing: Promise<void> | undefined;

  private constructor(start: WorkerStart, kinds: readonly WorkerKind[], own: Checked) {
    super();
    this.#start = start;
    this.#places = kinds.map((kind) => ({
      ...{ kind, worker: undefined, deaths: 0, timer: undefined },
    }));
    this.#delay = own.delay;
    this.#maxDelay = own.maxDelay;
    this.#drain = own.drain;
  }

  /** @internal Starts all workers; see `handle`. */
  static async start(bus: unknown, module: URL, options: WorkersOptions): Promise<Workers> {
    const own = checked(options);
    const { label, prefetch, drain, data } = options;
    const given = Object.entries({ label, prefetch, drain });
    const start: WorkerStart = {
      bus,
      module: module.href,
      options: Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      data,
      ignored: own.signals,
    };
    const workers = new Workers(start, own.kinds, own);
    try {
      await Promise.all(workers.#places.map((place) => workers.#begin(place)));
    } catch (error) {
      await workers.close({ drain: 0 });
      throw error;
    }
    workers.#stops = own.signals.map((signal) => closeOn(signal, () => workers.close()));
    return workers;
  }

  /** The workers that are at work now. */
  get running(): readonly WorkerStartedEvent[] {
    return this.#places.flatMap(({ worker }, index) =>
      worker === undefined || worker.id === 0
        ? []
        : [{ worker: index, id: worker.id, pid: worker.pid }],
    );
  }

  /** The table of all workers, with their counts together. */
  async routes(): Promise<readonly RouteRow[]> {
    return summed(await Promise.all(this.#places.map(({ worker }) => worker?.routes() ?? [])));
  }

  /**
   * Exchanges all workers, one after the other: starts the new one, then lets the old one drain. For
   * a new version of the module's code in processes, or against a leak.
   * @throws WorkerError if a new worker does not start; the old one goes on.
   */
  async restart(): Promise<void> {
    for (const place of this.#places) {
      if (this.#closing !== undefined) return;
      const old = place.worker;
      if (place.timer !== undefined) continue;
      await this.#begin(place);
      await old?.close(undefined, this.#drain);
    }
  }

  /** Lets all workers drain, and resolves when they are gone. */
  close(options?: { readonly drain?: number }): Promise<void> {
    try {
      const { drain } = checkKeys('close()', options, ['drain']);
      if (drain !== undefined) checkDelay('drain', drain);
      this.#closing ??= this.#close(drain);
      return this.#closing;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Closes, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drain: number | undefined): Promise<void> {
    for (const place of this.#places) clearTimeout(place.timer);
    await Promise.all(this.#places.map(({ worker }) => worker?.close(drain, drain ?? this.#drain)));
    for (const stop of this.#stops) stop();
  }

  async #begin(place: Place): Promise<void> {
    const worker = new PoolWorker(place.kind);
    const before = place.worker;
    try {
      await worker.start(this.#start);
    } catch (error) {
      await worker.close(0, 0);
      throw error;
    }
    place.worker = worker;
    void worker.gone.then((error) => this.#gone(place, worker, error));
    if (before !== undefined || place.deaths > 0) {
      const { id, pid } = worker;
      this.emit('started', { worker: this.#places.indexOf(place), id, pid });
    }
    if (this.#closing !== undefined) await worker.close(0, 0);
  }

  #gone(place: Place, worker: PoolWorker, error: WorkerError): void {
    // One that was exchanged may go.
    if (place.worker !== worker || this.#closing !== undefined) return;
    place.worker = undefined;
    if (performance.now() - worker.startedAt > stable) place.deaths = 0;
    this.#again(place, error);
  }

  #again(place: Place, error: WorkerError): void {
    place.deaths++;
    const restartAfter = Math.min(this.#maxDelay, this.#delay * 2 ** (place.deaths - 1));
    place.timer = setTimeout(() => {
      place.timer = undefined;
      if (this.#closing !== undefined) return;
      this.#begin(place).catch((failure: WorkerError) => {
        if (this.#closing === undefined) this.#again(place, failure);
      });
    }, restartAfter);
    this.emit('died', { worker: this.#places.indexOf(place), error, restartAfter });
  }
}

interface Checked {
  readonly kinds: readonly WorkerKind[];
  readonly delay: number;
  readonly maxDelay: number;
  readonly drain: number;
  readonly signals: readonly NodeJS.Signals[];
}

function checked(options: WorkersOptions): Checked {
  const own = checkKeys('handle()', options, names);
  const { workers, closeOn: signals = [], drain = 5000 } = own;
  const { threads = 0, processes = 0 } =
    typeof workers === 'number'
      ? { processes: workers }
      : checkKeys('workers', Object(workers) as { threads?: number; processes?: number }, [
          'threads',
          'processes',
        ]);
  checkWhole('threads', threads, 0, mostWorkers);
  checkWhole('processes', processes, 0, mostWorkers);
  checkWhole('workers', threads + processes, 1, mostWorkers);
  const { delay = 100, maxDelay = 10_000 } = checkKeys('restart', own.restart, [
    'delay',
    'maxDelay',
  ]);
  const list: readonly unknown[] = Array.isArray(signals) ? signals : [signals];
  for (const signal of list) {
    if (typeof signal === 'string' && /^SIG[A-Z0-9]+$/.test(signal)) continue;
    throw refused(`closeOn has ${show(signal)}; expected the name of a signal`, 'closeOn');
  }
  return {
    kinds: [
      ...new Array<WorkerKind>(threads).fill('thread'),
      ...new Array<WorkerKind>(processes).fill('process'),
    ],
    delay: checkDelay('restart.delay', delay),
    maxDelay: checkDelay('restart.maxDelay', maxDelay),
    drain: checkDelay('drain', drain),
    signals: list as readonly NodeJS.Signals[],
  };
}
