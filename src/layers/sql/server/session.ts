// One connection to the file, with its compiled statements. It runs a statement with the values of a
// caller and packs the result; it decides neither who may run what nor when.
import type {
  EngineColumn,
  EngineConnection,
  EngineStatement,
  EngineValue,
} from '../engine/engine.js';
import { Refusal } from '../text/classify.js';
import type { StatementText } from '../text/statements.js';
import { type PackedValues, ValuesPacker, ValuesReader } from '../values.js';

/** A statement as a caller sends it. */
export interface StatementArgs {
  readonly sql: string;
  readonly values?: PackedValues | undefined;
  readonly names?: readonly string[] | undefined;
  readonly origins?: boolean | undefined;
}

/** The columns of a result, as the interface has them. */
export interface PackedColumns {
  columns: string[];
  types: string[];
  origins?: string[];
}

/** A result, as the interface has it. */
export interface PackedResult extends PackedColumns {
  values: PackedValues;
  rows: number;
  changes: number;
  lastInsertRowid?: bigint;
}

/** A result would be larger than one answer may be. */
export class TooLarge extends Error {}

/** Rows of a statement that is running. */
export interface Cursor extends IterableIterator<EngineValue[]> {
  /** The columns, which are right once it has given a row or ended. */
  columns(): readonly EngineColumn[];
}

const maxCached = 200;
const maxCachedLength = 20_000;

/** A connection. */
export class Session {
  readonly connection: EngineConnection;
  /** Statements that are not running, by their text; the one used last is the last. */
  readonly #cached = new Map<string, EngineStatement>();
  readonly #maxResult: number;

  /** `maxResult` is how many bytes one result may have. */
  constructor(connection: EngineConnection, maxResult: number) {
    this.connection = connection;
    this.#maxResult = maxResult;
  }

  /** Runs a statement to its end. */
  run(statement: StatementText, args: StatementArgs): PackedResult {
    const { kind, sql } = statement;
    const values = valuesFor(statement, args);
    const compiled = this.#take(sql);
    try {
      if (!compiled.hasRows) {
        const { changes, lastInsertRowid } = compiled.run(values);
        const nothing = { columns: [], types: [], values: { kinds: '' }, rows: 0 };
        if (kind !== 'change') return { ...nothing, changes: 0 };
        return {
          ...nothing,
          changes: Number(changes),
          lastInsertRowid: BigInt(lastInsertRowid),
        };
      }
      const packed = this.#rows(compiled, values);
      const result: PackedResult = {
        ...packedColumns(compiled.columns(), args.origins === true),
        ...packed,
        changes: 0,
      };
      if (kind === 'change') this.#count(result);
      return result;
    } finally {
      this.#giveBack(sql, compiled);
    }
  }

  /** Starts a statement. Its compiled form is not used for anything else until the cursor ends. */
  open(statement: StatementText, args: StatementArgs): Cursor {
    const values = valuesFor(statement, args);
    const compiled = this.#take(statement.sql);
    const rows = compiled.iterate(values);
    return {
      next: () => rows.next(),
      return: () => rows.return?.() ?? { done: true, value: undefined },
      columns: () => compiled.columns(),
      [Symbol.iterator]() {
        return this;
      },
    };
  }

  /** Runs a statement of this layer's own, without rows. */
  command(sql: string): void {
    const compiled = this.#take(sql);
    compiled.run([]);
    this.#giveBack(sql, compiled);
  }

  /** Compiles a statement and returns its columns. */
  describe(sql: string): PackedColumns {
    return packedColumns(this.#take(sql).columns(), true);
  }

  close(): void {
    this.#cached.clear();
    this.connection.close();
  }

  #rows(compiled: EngineStatement, values: readonly EngineValue[]) {
    const packer = new ValuesPacker();
    let rows = 0;
    try {
      for (const row of compiled.iterate(values)) {
        for (let at = 0; at < row.length; at++) packer.engine(row[at] as EngineValue);
        rows++;
        if (packer.size + rows > this.#maxResult) throw new TooLarge();
      }
    } catch (error) {
      packer.drop();
      throw error;
    }
    return { values: packer.take(), rows };
  }

  // What the statement with RETURNING has changed: drivers tell that only of statements without rows.
  #count(result: PackedResult): void {
    const counting = 'SELECT changes(), last_insert_rowid()';
    const compiled = this.#take(counting);
    const [[changes, rowid] = []] = compiled.all([]);
    this.#giveBack(counting, compiled);
    result.changes = Number(changes);
    result.lastInsertRowid = rowid as bigint;
  }

  #take(sql: string): EngineStatement {
    const cached = this.#cached.get(sql);
    if (cached === undefined) return this.connection.prepare(sql);
    this.#cached.delete(sql);
    return cached;
  }

  #giveBack(sql: string, compiled: EngineStatement): void {
    if (sql.length > maxCachedLength) return;
    if (this.#cached.size >= maxCached) {
      this.#cached.delete(this.#cached.keys().next().value ?? '');
    }
    this.#cached.set(sql, compiled);
  }
}

/** Columns as a message has them. */
export function packedColumns(columns: readonly EngineColumn[], origins: boolean): PackedColumns {
  const packed: PackedColumns = { columns: [], types: [] };
  for (const { name, type } of columns) {
    packed.columns.push(name);
    packed.types.push(type ?? '');
  }
  if (origins) packed.origins = columns.map(({ column }) => column ?? '');
  return packed;
}

// The value of each `?`, in order.
function valuesFor(statement: StatementText, args: StatementArgs): EngineValue[] {
  const { slots, places, names } = statement;
  const given: EngineValue[] = [];
  if (args.values !== undefined) {
    const reader = new ValuesReader(args.values);
    try {
      for (let at = 0; at < reader.length; at++) given.push(reader.nextExact());
    } catch (error) {
      throw new Refusal('values', (error as Error).message);
    }
  }
  if (args.names !== undefined) {
    if (args.names.length !== given.length) {
      throw new Refusal('values', 'there are not as many values as names');
    }
    const byName = new Map(args.names.map((name, at) => [name, given[at] as EngineValue]));
    const missing = names.find((name) => !byName.has(name));
    if (missing !== undefined) {
      throw new Refusal('parameters', `there is no value for the parameter ${missing}`);
    }
    if (places > 0) throw new Refusal('parameters', 'the parameters have no names');
    return slots.map((slot) => byName.get(slot as string) as EngineValue);
  }
  if (names.length > 0) {
    throw new Refusal('parameters', `the parameter ${names[0]} needs a value by its name`);
  }
  if (given.length !== places) {
    const text = `the statement has ${places} parameters, and there are ${given.length} values`;
    throw new Refusal('parameters', text);
  }
  return slots.length === places && slots.every((slot, at) => slot === at)
    ? given
    : slots.map((slot) => given[slot as number] as EngineValue);
}
