// What a statement returns, as a program sees it.
import type { PackedValues } from '../values.js';
import { ValuesReader } from '../values.js';

/** A value of SQL: integers beyond 53 bits are bigint, so no value loses anything. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** A row by the names of its columns; of columns with the same name, the last one. */
export type SqlRow = Record<string, SqlValue>;

/** A column of a result. */
export interface SqlColumn {
  /** Its name. */
  readonly name: string;
  /** The declared type of the table's column; `undefined` for an expression. */
  readonly type: string | undefined;
  /** The name of the table's column; `undefined` for an expression, or if `origins` did not ask. */
  readonly origin: string | undefined;
}

/** How integers arrive: as numbers if they are exact, else as bigint; or all of them as bigint. */
export type IntegerMode = 'number' | 'bigint';

/** Columns as a message has them. */
export interface ReceivedColumns {
  readonly columns: readonly string[];
  readonly types: readonly string[];
  readonly origins?: readonly string[] | undefined;
}

/** A result as a message has it. */
export interface ReceivedResult extends ReceivedColumns {
  readonly values: PackedValues;
  readonly rows: number;
  readonly changes: number;
  readonly lastInsertRowid?: bigint | undefined;
}

/** The columns of a message. */
export function columnsOf({ columns, types, origins }: ReceivedColumns): SqlColumn[] {
  return columns.map((name, at) => ({
    name,
    type: types[at] || undefined,
    origin: origins?.[at] || undefined,
  }));
}

/** Takes the rows out of a message, and releases its regions. */
export function arraysOf(
  values: PackedValues,
  rows: number,
  width: number,
  integers: IntegerMode,
): SqlValue[][] {
  try {
    const reader = new ValuesReader(values);
    if (reader.length !== rows * width) throw new RangeError('the rows do not fit the columns');
    const all: SqlValue[][] = [];
    for (let row = 0; row < rows; row++) {
      const one: SqlValue[] = [];
      for (let at = 0; at < width; at++) {
        one.push(integers === 'bigint' ? reader.nextExact() : reader.next());
      }
      all.push(one);
    }
    return all;
  } finally {
    for (const region of values.regions ?? []) region.release();
  }
}

/** Rows as objects. */
export function objectsOf<Row>(names: readonly string[], arrays: readonly SqlValue[][]): Row[] {
  const plain = !names.includes('__proto__');
  return arrays.map((values) => {
    const row: SqlRow = {};
    for (let at = 0; at < names.length; at++) {
      const name = names[at] as string;
      const value = values[at] as SqlValue;
      if (plain) row[name] = value;
      else Object.defineProperty(row, name, { value, ...ownField });
    }
    return row as Row;
  });
}

const ownField = { enumerable: true, writable: true, configurable: true };

/** What a statement did. */
export class SqlResult<Row = SqlRow> {
  /** The columns, also if there are no rows. */
  readonly columns: readonly SqlColumn[];
  /** The rows by place. */
  readonly arrays: readonly SqlValue[][];
  /** The rows that were inserted, updated or deleted, without those of triggers. */
  readonly changes: number;
  /**
   * The rowid of the row that was inserted last, by this statement or, if it inserted none, by one
   * before; `undefined` for statements that change no rows.
   */
  readonly lastInsertRowid: number | bigint | undefined;
  #rows: Row[] | undefined;

  /** @internal */
  constructor(received: ReceivedResult, integers: IntegerMode) {
    this.columns = columnsOf(received);
    this.arrays = arraysOf(received.values, received.rows, this.columns.length, integers);
    this.changes = received.changes;
    const { lastInsertRowid: rowid } = received;
    this.lastInsertRowid = rowid === undefined ? undefined : numberOf(rowid, integers);
  }

  /** The rows by the names of the columns. */
  get rows(): readonly Row[] {
    this.#rows ??= objectsOf(
      this.columns.map(({ name }) => name),
      this.arrays,
    );
    return this.#rows;
  }
}

/** An integer as the program wants it. */
export function numberOf(value: bigint, integers: IntegerMode): number | bigint {
  const number = Number(value);
  return integers === 'number' && Number.isSafeInteger(number) ? number : value;
}
