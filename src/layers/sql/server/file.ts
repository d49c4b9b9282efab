// The file that is served: which driver opens it, and what each connection is set to.
import type { Engine } from '../engine/engine.js';
import { Session } from './session.js';

/** What all connections of a file have in common. */
export interface FileSettings {
  readonly path: string;
  readonly readOnly: boolean;
  readonly synchronous: 'normal' | 'full';
  readonly foreignKeys: boolean;
  readonly maxResult: number;
}

/** The file, as one thread sees it. */
export class ServedFile {
  readonly settings: FileSettings;
  readonly engine: Engine;

  constructor(engine: Engine, settings: FileSettings) {
    this.engine = engine;
    this.settings = settings;
  }

  /** A connection that cannot write. */
  openReader(): Session {
    const session = this.#open(true);
    session.connection.exec('PRAGMA query_only = 1');
    return session;
  }

  /**
   * The connection that writes. Makes the file if there is none, and sets it to WAL.
   * @throws The driver's error, SQLITE_BUSY if another process has the file for itself just now.
   */
  openWriter(): Session {
    const session = this.#open(false);
    const { connection } = session;
    try {
      const [[mode] = []] = connection.prepare('PRAGMA journal_mode = WAL').all([]);
      if (mode !== 'wal') throw new Error(`the file cannot have a WAL: its journal is ${mode}`);
      connection.exec(`PRAGMA synchronous = ${this.settings.synchronous}`);
    } catch (error) {
      session.close();
      throw error;
    }
    return session;
  }

  #open(readOnly: boolean): Session {
    const { path, foreignKeys, maxResult } = this.settings;
    const connection = this.engine.open(path, { readOnly });
    connection.exec(`PRAGMA foreign_keys = ${foreignKeys ? 1 : 0}; PRAGMA trusted_schema = 0`);
    return new Session(connection, maxResult);
  }
}
