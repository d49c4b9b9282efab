// What the threads of a served database and the thread that started them tell each other.
import type { BusOptions } from '../../rpc/index.js';
import type { FileSettings } from './file.js';

/** The labels by which a thread's endpoint is found beside the database's own. */
export const roles = { reader: 'busbar.sql.reader', writer: 'busbar.sql.writer' } as const;

/** What a thread is to do. */
export interface WorkerData {
  readonly role: 'reader' | 'writer';
  /** The bus; without functions and signals, which do not cross threads. */
  readonly bus: string | BusOptions;
  readonly label: readonly string[];
  /** The label that only this thread's endpoint has. */
  readonly at: string;
  readonly file: FileSettings;
  readonly driver: string | undefined;
  /** Milliseconds without a call after which a transaction is rolled back. */
  readonly idle: number;
}

/** What a thread reports: once that it serves or cannot, and each unexpected error. */
export type FromWorker =
  | { readonly kind: 'ready'; readonly engine: string }
  | {
      readonly kind: 'failed';
      readonly reason: 'engine' | 'open' | 'join';
      readonly message: string;
      readonly result?: string;
      readonly cause: unknown;
    }
  | { readonly kind: 'error'; readonly error: unknown };

/** What a thread is told: to close, and how many milliseconds calls have that run. */
export interface ToWorker {
  readonly linger: number;
}
