// A stream of rows.
import type { PackedValues } from '../values.js';
import {
  arraysOf,
  columnsOf,
  type IntegerMode,
  objectsOf,
  type ReceivedColumns,
  type SqlColumn,
  type SqlRow,
} from './result.js';

/** An item as it arrives. */
export interface ReceivedRows {
  readonly columns?: ReceivedColumns['columns'] | undefined;
  readonly types?: ReceivedColumns['types'] | undefined;
  readonly origins?: ReceivedColumns['origins'];
  readonly values: PackedValues;
  readonly rows: number;
}

/**
 * The rows of a statement, from one snapshot. The statement runs when the first row is asked for, and
 * as far as its rows are taken: leaving the loop ends it. It can be read once.
 */
export class RowStream<Row = SqlRow> implements AsyncIterable<Row> {
  readonly #items: AsyncIterable<ReceivedRows>;
  readonly #integers: IntegerMode;
  readonly #errorOf: (error: unknown) => unknown;
  #columns: readonly SqlColumn[] | undefined;

  /** @internal */
  constructor(
    items: AsyncIterable<ReceivedRows>,
    integers: IntegerMode,
    errorOf: (error: unknown) => unknown,
  ) {
    this.#items = items;
    this.#integers = integers;
    this.#errorOf = errorOf;
  }

  /** The columns, once the first rows have arrived or the stream has ended. */
  get columns(): readonly SqlColumn[] | undefined {
    return this.#columns;
  }

  /** The rows as they arrived together, about 32 KiB each: less work for each row. */
  async *batches(): AsyncGenerator<Row[], void, undefined> {
    let names: readonly string[] = [];
    try {
      for await (const { columns, types, origins, values, rows } of this.#items) {
        if (columns !== undefined && types !== undefined) {
          this.#columns = columnsOf({ columns, types, origins });
          names = columns;
        }
        const arrays = arraysOf(values, rows, names.length, this.#integers);
        if (rows > 0) yield objectsOf<Row>(names, arrays);
      }
    } catch (error) {
      throw this.#errorOf(error);
    }
  }

  /** The rows. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Row, void, undefined> {
    for await (const batch of this.batches()) yield* batch;
  }
}
