// What a pool and its workers say to each other: plain data, by the channel of a thread or process.
import type { RouteRow } from '../types.js';

/** What a worker is started with. */
export interface WorkerStart {
  readonly bus: unknown;
  /** The address of the module with `box` and `table`. */
  readonly module: string;
  /** Options of `handle` that a pool was given. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Given to a table that is a function. */
  readonly data: unknown;
  /** Signals that the pool obeys, so that a worker must not. */
  readonly ignored: readonly NodeJS.Signals[];
}

/** From the pool. */
export type ToWorker =
  | { readonly kind: 'start'; readonly start: WorkerStart }
  | { readonly kind: 'routes'; readonly question: number }
  | { readonly kind: 'close'; readonly drain: number | undefined };

/** From a worker. */
export type FromWorker =
  | { readonly kind: 'started'; readonly id: number }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'routes'; readonly question: number; readonly rows: readonly RouteRow[] };
