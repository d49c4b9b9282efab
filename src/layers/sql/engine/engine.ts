// The seam between this layer and a driver of SQLite. Two drivers stand behind it, `node:sqlite` and
// better-sqlite3; nothing else of this layer knows them.

/** A value as drivers give and take it here: integers are bigint, so that they stay exact. */
export type EngineValue = bigint | number | string | Uint8Array | null;

/** A column of a result. */
export interface EngineColumn {
  readonly name: string;
  /** The declared type of the table's column; `null` for expressions. */
  readonly type: string | null;
  /** The table's column that it is; `null` for expressions. */
  readonly column: string | null;
  /** The table; `null` for expressions. */
  readonly table: string | null;
}

/** What a statement without rows has done. */
export interface EngineChange {
  readonly changes: number | bigint;
  readonly lastInsertRowid: number | bigint;
}

/** A compiled statement. */
export interface EngineStatement {
  /** Whether it returns rows; if not, it can only be {@link run}. */
  readonly hasRows: boolean;
  /** Runs it to its end, for statements without rows. */
  run(values: readonly EngineValue[]): EngineChange;
  /** All rows. */
  all(values: readonly EngineValue[]): EngineValue[][];
  /** The rows one by one; the statement is busy until the iterator has ended. */
  iterate(values: readonly EngineValue[]): IterableIterator<EngineValue[]>;
  /** Its columns, as the schema is now; none for a statement without rows. */
  columns(): readonly EngineColumn[];
}

/** A connection. */
export interface EngineConnection {
  prepare(sql: string): EngineStatement;
  /** Runs statements of this layer's own. */
  exec(sql: string): void;
  /** Whether a transaction is open. */
  readonly inTransaction: boolean;
  /** Gives SQL a function; it must not throw. */
  define(name: string, run: (...values: EngineValue[]) => null): void;
  close(): void;
}

/** A driver. */
export interface Engine {
  /** Its name: `'node:sqlite'` or the package. */
  readonly name: string;
  /** @throws Any error of the driver. */
  open(file: string, options: { readonly readOnly: boolean }): EngineConnection;
  /** The number of SQLite's extended result code in an error; `undefined` for other errors. */
  resultOf(error: unknown): number | undefined;
}
