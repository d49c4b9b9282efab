// What a journal asks of a file system, and Node's. Tests have others: one that loses what was not
// synced, and one that is full. Every failure is an error of this layer.
import * as fs from 'node:fs';
import { promises } from 'node:fs';
import { fileError, JournalFileError, JournalGoneError } from './errors.js';
import { lockFolder, type WriterLock } from './writer-lock.js';

/**
 * How a file is opened: to read it, empty and new (or emptied) to write, or to write what is there.
 * `create-synced` is `create`, and each write is on the disk when it is done, if the system can do
 * that at once; see {@link JournalFile.synced}.
 */
export type OpenMode = 'read' | 'create' | 'create-synced' | 'update';

/** One open file. */
export interface JournalFile {
  /** Whether what is written is on the disk, as by {@link sync}, when `write` resolves. */
  readonly synced: boolean;
  /** Reads up to `into.length` bytes; resolves with their number, less only at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of `buffers`. On a failure some bytes may have been written. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** Resolves when all that was written, and the size, is on the disk. */
  sync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  size(): Promise<number>;
  /** @throws JournalGoneError if no folder has the file any more. */
  checkLinked(): void;
  close(): Promise<void>;
}

/** A watch on a folder. */
export interface FolderWatch {
  close(): void;
}

/** The file system of a journal. */
export interface JournalFiles {
  makeFolder(path: string): Promise<void>;
  /** The names in a folder. */
  list(path: string): Promise<string[]>;
  open(path: string, mode: OpenMode): Promise<JournalFile>;
  remove(path: string): Promise<void>;
  /** Replaces `to`, at once for all who look. */
  rename(from: string, to: string): Promise<void>;
  /** Resolves when the names in the folder are on the disk. */
  syncFolder(path: string): Promise<void>;
  /** Calls `changed` after each change in the folder. Keeps the process alive. */
  watch(path: string, changed: (error?: Error) => void): FolderWatch;
  /** Claims the right to write; rejects with a JournalLockedError if somebody else has it. */
  lock(path: string): Promise<WriterLock>;
}

const { O_CREAT, O_DSYNC, O_RDWR, O_TRUNC } = fs.constants;

/**
 * Whether O_DSYNC is as good as fdatasync: a write that waits for the disk, in one call instead of
 * two. On macOS it does not flush the disk's own cache, as Node's fdatasync does.
 */
const syncs = process.platform === 'linux';

const flags: Readonly<Record<OpenMode, string | number>> = {
  read: 'r',
  create: 'w+',
  'create-synced': syncs ? O_RDWR | O_CREAT | O_TRUNC | O_DSYNC : 'w+',
  update: 'r+',
};

/** The most buffers of one call; IOV_MAX is 1,024. */
const maxBuffers = 1024;

class NodeFile implements JournalFile {
  readonly #descriptor: number;
  readonly #path: string;

  readonly synced: boolean;

  constructor(descriptor: number, path: string, mode: OpenMode) {
    this.#descriptor = descriptor;
    this.#path = path;
    this.synced = syncs && mode === 'create-synced';
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const at = done;
      const count = await this.#call<number>('read', (callback) =>
        fs.read(this.#descriptor, into, at, into.length - at, position + at, callback),
      );
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    let rest = [...buffers];
    let at = position;
    while (rest.length > 0) {
      const some = rest.slice(0, maxBuffers);
      const count = await this.#call<number>('write', (callback) =>
        fs.writev(this.#descriptor, some, at, callback),
      );
      at += count;
      rest = without(rest, count);
    }
  }

  sync(): Promise<void> {
    return this.#call('sync', (callback) => fs.fdatasync(this.#descriptor, callback));
  }

  truncate(bytes: number): Promise<void> {
    return this.#call('truncate', (callback) => fs.ftruncate(this.#descriptor, bytes, callback));
  }

  async size(): Promise<number> {
    const call = (callback: (error: NodeJS.ErrnoException | null, stats?: fs.Stats) => void) =>
      fs.fstat(this.#descriptor, callback);
    return (await this.#call<fs.Stats>('stat', call)).size;
  }

  // At once: what the system knows without a disk costs less than to wait for another thread.
  checkLinked(): void {
    let links: number;
    try {
      links = fs.fstatSync(this.#descriptor).nlink;
    } catch (error) {
      throw fileError(error as NodeJS.ErrnoException, 'stat', this.#path);
    }
    if (links > 0) return;
    throw new JournalGoneError(`${this.#path} was removed`, { path: this.#path });
  }

  close(): Promise<void> {
    return this.#call('close', (callback) => fs.close(this.#descriptor, callback));
  }

  #call<T = void>(
    doing: string,
    call: (callback: (error: NodeJS.ErrnoException | null, value?: T) => void) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      call((error, value) => {
        if (error === null) resolve(value as T);
        else reject(fileError(error, doing, this.#path));
      });
    });
  }
}

/** What is left of `buffers` when `count` bytes of them are done. */
export function without(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  let whole = 0;
  for (const { length } of buffers) {
    if (length > left) break;
    left -= length;
    whole++;
  }
  const rest = buffers.slice(whole);
  const [first] = rest;
  if (left > 0 && first !== undefined) rest[0] = first.subarray(left);
  return rest;
}

async function doing<T>(what: string, path: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw fileError(error, what, path);
  }
}

/** The file system of Node. */
export const nodeFiles: JournalFiles = {
  async makeFolder(path) {
    await doing('make', path, promises.mkdir(path, { recursive: true }));
  },

  list: (path) => doing('list', path, promises.readdir(path)),

  async open(path, mode) {
    return new Promise((resolve, reject) => {
      fs.open(path, flags[mode], 0o644, (error, descriptor) => {
        if (error === null) resolve(new NodeFile(descriptor, path, mode));
        else reject(fileError(error, 'open', path));
      });
    });
  },

  remove: (path) => doing('remove', path, promises.rm(path, { force: true })),

  rename: (from, to) => doing('rename', from, promises.rename(from, to)),

  async syncFolder(path) {
    // Windows opens no folders, and its file systems keep names by a journal of their own.
    if (process.platform === 'win32') return;
    const folder = await doing('open', path, promises.open(path, 'r'));
    try {
      await doing('sync', path, folder.sync());
    } finally {
      await folder.close();
    }
  },

  watch(path, changed) {
    try {
      const watcher = fs.watch(path, () => changed());
      watcher.on('error', (error) => changed(fileError(error, 'watch', path)));
      return watcher;
    } catch (error) {
      // The system's limit on watches is no lack of room on a disk.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw fileError(error, 'watch', path);
      throw new JournalFileError(
        `cannot watch ${path}: the system's limit on file watches is reached`,
        { path, osName: 'ENOSPC', cause: error },
      );
    }
  },

  lock: lockFolder,
};
