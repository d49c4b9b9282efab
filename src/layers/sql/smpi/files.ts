// The files that callers of SQLite MPI may name, served as they are first used.
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Bus } from '../../rpc/index.js';
import { connectDatabase, type Database } from '../client/database.js';
import { type DatabaseService, type ServeDatabaseOptions, serveDatabase } from '../serve.js';
import { SmpiFailure } from './errors.js';

interface OpenFile {
  readonly service: DatabaseService;
  readonly database: Database;
}

/** The most files that are open at a time. */
const maxFiles = 256;

/** The files. */
export class SmpiFiles {
  readonly #bus: Bus;
  readonly #allowed: ReadonlySet<string>;
  readonly #folders: readonly string[];
  readonly #options: ServeDatabaseOptions;
  readonly #files = new Map<string, Promise<OpenFile>>();

  constructor(
    bus: Bus,
    files: readonly string[],
    folders: readonly string[],
    options: ServeDatabaseOptions,
  ) {
    this.#bus = bus;
    this.#allowed = new Set(files.map((file) => canonical(resolve(file))));
    this.#folders = folders.map((folder) => realpathSync(folder));
    this.#options = options;
  }

  /** The paths of the files that are open. */
  get open(): readonly string[] {
    return [...this.#files.keys()];
  }

  /**
   * A file.
   * @throws SmpiFailure if it is not allowed or its folder does not exist, DatabaseOpenError.
   */
  async database(given: string): Promise<Database> {
    const path = this.#checked(given);
    let opening = this.#files.get(path);
    if (opening === undefined) {
      if (this.#files.size >= maxFiles) {
        throw new SmpiFailure('FileOp/TooManyFiles', `there are ${maxFiles} files open already`);
      }
      opening = this.#serve(path);
      this.#files.set(path, opening);
      // The next one tries again.
      opening.catch(() => this.#files.delete(path));
    }
    return (await opening).database;
  }

  /** Closes all. */
  async close(): Promise<void> {
    const all = await Promise.allSettled(this.#files.values());
    for (const each of all) {
      if (each.status === 'rejected') continue;
      await each.value.database.close();
      await each.value.service.close();
    }
  }

  async #serve(path: string): Promise<OpenFile> {
    const label = `busbar.smpi ${path}`;
    const service = await serveDatabase(this.#bus, path, { ...this.#options, label });
    return { service, database: await connectDatabase(this.#bus, label) };
  }

  #checked(given: string): string {
    if (!isAbsolute(given) || given.includes('\0')) {
      throw new SmpiFailure('FileOp/FileNotAllowed', 'the path is not absolute');
    }
    const path = canonical(given);
    if (this.#allowed.has(path) || this.#folders.includes(dirname(path))) return path;
    throw new SmpiFailure('FileOp/FileNotAllowed', 'the file is not one of those that are served');
  }
}

/** The path without links, also of a file that does not exist yet in a folder that does. */
function canonical(path: string): string {
  let folder: string;
  try {
    folder = realpathSync(dirname(path));
    if (!statSync(folder).isDirectory()) throw new Error('it is no folder');
  } catch {
    throw new SmpiFailure('FileOp/FileDirectoryDoesNotExist', `${dirname(path)} does not exist`);
  }
  const file = join(folder, basename(path));
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
