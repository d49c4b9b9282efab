// serveDatabase(): starts the threads that serve a file, and starts them again if one ends.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { show } from '../../base/show.js';
import type { Bus, BusOptions } from '../rpc/index.js';
import { checkBoolean, checkKeys, checkText, checkWhole, checkWord, refused } from './checks.js';
import type { FileSettings } from './server/file.js';
import { Thread } from './server/thread.js';
import type { WorkerData } from './server/worker-data.js';

/** Options of {@link serveDatabase}. */
export interface ServeDatabaseOptions {
  /** The name, or names, by which `connectDatabase` finds it. Default: the name of the file. */
  readonly label?: string | readonly string[] | undefined;
  /**
   * Threads that run statements which only read, 1 to 64. Each runs one at a time. Default: one less
   * than the processors, 1 to 4.
   */
  readonly readers?: number | undefined;
  /** Serves without a thread that writes; the file must exist. Default: false. */
  readonly readOnly?: boolean | undefined;
  /**
   * When a commit is on the disk. `'normal'`: some time later, so that a power cut can lose the last
   * ones, and the death of a process none. `'full'`: before it is reported. Default: `'normal'`.
   */
  readonly synchronous?: 'normal' | 'full' | undefined;
  /** Whether SQLite checks foreign keys. Default: true. */
  readonly foreignKeys?: boolean | undefined;
  /**
   * Milliseconds without a call after which a transaction is rolled back, and a stream that is not
   * read ends. Default: 5,000.
   */
  readonly idle?: number | undefined;
  /** The most bytes of one result that is not streamed, 64 KiB to 1 GiB. Default: 16 MiB. */
  readonly maxResult?: number | undefined;
  /**
   * The driver: `'node:sqlite'`, also that of Node 22, which cuts texts at NUL characters; or a package
   * or URL with the interface of better-sqlite3. Default: `node:sqlite` if that of this Node keeps all
   * values, as from Node 24 on, else `better-sqlite3`.
   */
  readonly driver?: string | undefined;
  /** Called with each error that no caller gets to see, and when a thread has ended by itself. */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** A database that is served. */
export interface DatabaseService extends AsyncDisposable {
  /** The path of the file. */
  readonly file: string;
  /** The labels by which it is found. */
  readonly label: readonly string[];
  /** The driver. */
  readonly engine: string;
  /**
   * Takes no more calls, lets those that run finish for `linger` milliseconds (5,000), rolls open
   * transactions back and closes the file. Repeated calls return the same promise.
   */
  close(options?: { readonly linger?: number | undefined }): Promise<void>;
}

const names = [
  ...['label', 'readers', 'readOnly', 'synchronous', 'foreignKeys', 'idle', 'maxResult'],
  ...['driver', 'onError'],
];
const maxIdle = 0x7fff_ffff;

/**
 * Serves a file of SQLite as {@link SqlService}: one thread writes, others read, and all join the bus
 * by themselves, so that this thread is never blocked. The file gets a write-ahead log, and is made
 * if there is none. Resolves once callers find it.
 * @throws SqlArgumentError if an option is wrong, MissingEngineError if there is no driver,
 * DatabaseOpenError if the file cannot be opened, and what `serve` of `busbar/rpc` throws.
 */
export async function serveDatabase(
  bus: Bus,
  file: string,
  options?: ServeDatabaseOptions,
): Promise<DatabaseService> {
  const given = checkKeys('serveDatabase()', options, names);
  const settings = settingsOf(file, given);
  const label = labelsOf(settings.path, given.label);
  const { onError } = given;
  if (onError !== undefined && typeof onError !== 'function') {
    throw refused(`onError is ${show(onError)}; expected a function`);
  }
  const readers = checkWhole('readers', given.readers ?? byDefault(), 1, 64);
  const data = {
    ...{ bus: plain(bus), label, file: settings },
    driver: given.driver === undefined ? undefined : checkText('driver', given.driver),
    idle: checkWhole('idle', given.idle ?? 5000, 1, maxIdle),
  };
  const tell = (error: Error) => onError?.(error);
  const start = (role: WorkerData['role']) => {
    const at = `busbar.sql.${randomBytes(8).toString('hex')}`;
    return Thread.start({ ...data, role, at }, tell);
  };
  const threads: Thread[] = [];
  try {
    // First, because it makes the file.
    if (!settings.readOnly) threads.push(await start('writer'));
    const others = await Promise.allSettled(Array.from({ length: readers }, () => start('reader')));
    for (const other of others) if (other.status === 'fulfilled') threads.push(other.value);
    const failed = others.find((other) => other.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } catch (error) {
    await Promise.all(threads.map((thread) => thread.close(0)));
    throw error;
  }
  let closing: Promise<void> | undefined;
  const close = (how?: { readonly linger?: number | undefined }) => {
    const linger = checkWhole('linger', how?.linger ?? 5000, 0, maxIdle);
    closing ??= closeAll(threads, linger);
    return closing;
  };
  return {
    ...{ file: settings.path, label, engine: threads[0]?.engine ?? '' },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

// The writer last: it is the one that moves the log into the file.
async function closeAll(threads: readonly Thread[], linger: number): Promise<void> {
  const [first, ...others] = threads;
  await Promise.all(others.map((thread) => thread.close(linger)));
  await first?.close(linger);
}

function byDefault(): number {
  return Math.min(4, Math.max(1, availableParallelism() - 1));
}

function settingsOf(file: unknown, given: Partial<ServeDatabaseOptions>): FileSettings {
  const path = checkText('the file', file);
  if (path.includes('\0')) throw refused('the file has a NUL in its name');
  if (path === ':memory:' || path.startsWith('file:')) {
    throw refused(
      `the file is ${show(path)}; expected the path of a file, which threads can share`,
    );
  }
  return {
    path: resolve(path),
    readOnly: checkBoolean('readOnly', given.readOnly ?? false),
    synchronous: checkWord('synchronous', given.synchronous ?? 'normal', ['normal', 'full']),
    foreignKeys: checkBoolean('foreignKeys', given.foreignKeys ?? true),
    maxResult: checkWhole('maxResult', given.maxResult ?? 2 ** 24, 65_536, 2 ** 30),
  };
}

function labelsOf(path: string, label: ServeDatabaseOptions['label']): readonly string[] {
  if (label === undefined) return [basename(path)];
  const list = typeof label === 'string' ? [label] : label;
  if (!Array.isArray(list) || list.length === 0) {
    throw refused(`label is ${show(label)}; expected a text or several`);
  }
  return list.map((each) => checkText('label', each));
}

// The threads join by themselves, so what they get must be able to go there.
function plain(bus: Bus): string | BusOptions {
  if (typeof bus !== 'object' || bus === null) return bus;
  const { signal, ...rest } = bus;
  signal?.throwIfAborted();
  return rest;
}
