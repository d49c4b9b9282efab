// The driver `node:sqlite`.
import type {
  Engine,
  EngineColumn,
  EngineConnection,
  EngineStatement,
  EngineValue,
} from './engine.js';

// What is used of it. Its types come with newer ones of Node than the oldest that is supported.
interface Statement {
  setReadBigInts(on: boolean): void;
  setReturnArrays(on: boolean): void;
  run(...values: readonly EngineValue[]): {
    changes: number | bigint;
    lastInsertRowid: number | bigint;
  };
  all(...values: readonly EngineValue[]): EngineValue[][];
  iterate(...values: readonly EngineValue[]): IterableIterator<EngineValue[]>;
  columns(): readonly EngineColumn[];
}
interface Database {
  readonly isTransaction: boolean;
  prepare(sql: string): Statement;
  exec(sql: string): void;
  function(
    name: string,
    options: { readonly useBigIntArguments: boolean; readonly varargs: boolean },
    run: (...values: EngineValue[]) => null,
  ): void;
  enableDefensive?(on: boolean): void;
  close(): void;
}
interface Driver {
  readonly DatabaseSync: new (
    file: string,
    options: { readonly readOnly: boolean; readonly timeout: number },
  ) => Database;
  readonly StatementSync: { readonly prototype: Partial<Statement> };
}

/**
 * The driver; `undefined` if this Node has none, or one that is too old. That of Node 22 cuts texts at
 * a NUL character, so it is taken only if `lossy` allows that.
 */
export async function nodeEngine(lossy: boolean): Promise<Engine | undefined> {
  const driver = await loaded();
  const statement = driver?.StatementSync.prototype;
  if (driver === undefined || !statement?.columns || !statement.setReturnArrays) return undefined;
  if (!lossy && !keepsTexts(driver)) return undefined;
  return {
    name: 'node:sqlite',
    open(file, { readOnly }) {
      const database = new driver.DatabaseSync(file, { readOnly, timeout: 0 });
      database.enableDefensive?.(true);
      return new Connection(database);
    },
    resultOf: (error) => {
      const { errcode } = error as { readonly errcode?: unknown };
      return typeof errcode === 'number' ? errcode : undefined;
    },
  };
}

function keepsTexts(driver: Driver): boolean {
  const database = new driver.DatabaseSync(':memory:', { readOnly: false, timeout: 0 });
  const [row] = database.prepare('SELECT char(97, 0, 98) AS text').all();
  database.close();
  return Object.values(row ?? {})[0] === 'a\0b';
}

async function loaded(): Promise<Driver | undefined> {
  // As a variable: bundlers and older versions of Node do not know the name.
  const name = 'node:sqlite';
  const { emitWarning } = process;
  // Versions of Node in which it is experimental print that once. What is used here is in all of them.
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).startsWith('SQLite is an experimental')) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    return (await import(name)) as Driver;
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

class Connection implements EngineConnection {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  prepare(sql: string): EngineStatement {
    const statement = this.#database.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    return {
      hasRows: statement.columns().length > 0,
      run: (values) => statement.run(...values),
      all: (values) => statement.all(...values),
      iterate: (values) => statement.iterate(...values),
      columns: () => statement.columns(),
    };
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  define(name: string, run: (...values: EngineValue[]) => null): void {
    this.#database.function(name, { useBigIntArguments: true, varargs: true }, run);
  }

  close(): void {
    this.#database.close();
  }
}
