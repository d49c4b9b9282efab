// The driver better-sqlite3, or a package with its interface.
import type {
  Engine,
  EngineColumn,
  EngineConnection,
  EngineStatement,
  EngineValue,
} from './engine.js';
import { resultNumbers } from './results.js';

// What is used of it.
interface Statement {
  readonly reader: boolean;
  safeIntegers(on: boolean): Statement;
  raw(on: boolean): Statement;
  run(...values: readonly EngineValue[]): { changes: number; lastInsertRowid: number | bigint };
  all(...values: readonly EngineValue[]): EngineValue[][];
  iterate(...values: readonly EngineValue[]): IterableIterator<EngineValue[]>;
  columns(): readonly EngineColumn[];
}
interface Database {
  readonly inTransaction: boolean;
  prepare(sql: string): Statement;
  exec(sql: string): void;
  function(
    name: string,
    options: { readonly safeIntegers: boolean; readonly varargs: boolean },
    run: (...values: EngineValue[]) => null,
  ): void;
  close(): void;
}
type Driver = new (
  file: string,
  options: { readonly readonly: boolean; readonly timeout: number },
) => Database;

/** The driver. @throws Any error if it cannot be loaded. */
export async function betterEngine(specifier: string): Promise<Engine> {
  const { default: Driver } = (await import(specifier)) as { readonly default: Driver };
  if (typeof Driver !== 'function') throw new TypeError(`${specifier} exports no class`);
  return {
    name: specifier,
    open: (file, { readOnly }) =>
      new Connection(new Driver(file, { readonly: readOnly, timeout: 0 })),
    resultOf: (error) => {
      const { code } = error as { readonly code?: unknown };
      return typeof code === 'string' ? resultNumbers.get(code) : undefined;
    },
  };
}

class Connection implements EngineConnection {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  prepare(sql: string): EngineStatement {
    const statement = this.#database.prepare(sql).safeIntegers(true);
    const { reader } = statement;
    if (reader) statement.raw(true);
    return {
      hasRows: reader,
      run: (values) => statement.run(...values),
      all: (values) => statement.all(...values),
      iterate: (values) => statement.iterate(...values),
      columns: () => (reader ? statement.columns() : []),
    };
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  define(name: string, run: (...values: EngineValue[]) => null): void {
    this.#database.function(name, { safeIntegers: true, varargs: true }, run);
  }

  close(): void {
    this.#database.close();
  }
}
