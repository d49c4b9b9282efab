// Queries of SQLite MPI, and their results as its messages have them.
import type { SqlResult } from '../client/result.js';
import type { SqlRunner } from '../client/runner.js';
import { sql } from '../client/sql.js';
import { Refusal } from '../text/classify.js';
import { type StatementText, statementOf } from '../text/statements.js';
import type { SqlInput } from '../values.js';
import { SmpiFailure } from './errors.js';
import { inputOf, type SmpiParameters } from './request.js';

/** `q`: whatever it is; `read` and `write`: it must be that. */
export type Category = 'q' | 'read' | 'write';

/** Where errors of a query belong. */
export function queryPath(category: Category, isRead: boolean): string {
  const read = category === 'read' || (category === 'q' && isRead);
  return `TxOp/${read ? 'ReadBindRunError' : 'WriteBindRunError'}/BindRunError`;
}

/** A query that may run. */
export interface Query {
  readonly statement: StatementText;
  readonly values: readonly SqlInput[] | Readonly<Record<string, SqlInput>>;
  readonly path: string;
}

/**
 * Checks a query and its parameters. Without parameters, its placeholders are NULL.
 * @throws SmpiFailure
 */
export function checkQuery(category: Category, text: string, given: SmpiParameters): Query {
  let statement: StatementText;
  try {
    statement = statementOf(text);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new SmpiFailure(`${queryPath(category, true)}/Refused`, error.message);
  }
  const isRead = statement.kind === 'read';
  if (category === 'read' && !isRead) {
    throw new SmpiFailure('TxOp/ReadError/QueryIsWrite', 'the query writes');
  }
  if (category === 'write' && isRead) {
    throw new SmpiFailure('TxOp/WriteError/QueryIsRead', 'the query only reads');
  }
  const path = queryPath(category, isRead);
  return { statement, values: valuesFor(statement, given, path), path };
}

function valuesFor({ names, places }: StatementText, given: SmpiParameters, path: string) {
  if (given.kind === 'none') {
    if (names.length > 0) return Object.fromEntries(names.map((name) => [name, null]));
    return Array.from({ length: places }, () => null);
  }
  if (given.kind === 'indexes') {
    if (names.length > 0) {
      throw new SmpiFailure(`${path}/ErrorBind/MissingKeysInData`, `missing: ${names.join(', ')}`);
    }
    if (given.values.length !== places) {
      const text = `${given.values.length} values for ${places} placeholders`;
      throw new SmpiFailure(`${path}/ErrorBind/MissingIndexesInData`, text);
    }
    return given.values.map((value) => inputOf(value, path));
  }
  if (places > 0) {
    const text = 'the placeholders have no keys';
    throw new SmpiFailure(`${path}/ErrorBind/MissingIndexesInData`, text);
  }
  const missing = names.filter((name) => !Object.hasOwn(given.values, name));
  if (missing.length > 0) {
    throw new SmpiFailure(`${path}/ErrorBind/MissingKeysInData`, `missing: ${missing.join(', ')}`);
  }
  return Object.fromEntries(names.map((name) => [name, inputOf(given.values[name], path)]));
}

/** Runs a query; returns the `res` of its answer, as JSON. */
export async function runQuery(runner: SqlRunner, { statement, values }: Query): Promise<string> {
  // With each parameter as written: its names are the keys.
  const result = await runner.execute(sql(statement.text, values), { origins: true });
  return resultText(result, statement.kind === 'read', statement.kind === 'change');
}

/** A result as JSON: integers beyond 53 bits keep all their digits. */
export function resultText(result: SqlResult, isRead: boolean, isChange: boolean): string {
  const data = result.arrays.map((row) => `[${row.map(valueText).join(',')}]`).join(',');
  const head = JSON.stringify({
    is_read_only: isRead,
    is_iud: isChange,
    rows_changed: isChange ? result.changes : null,
    col_names: result.columns.map(({ name, origin }) => ({ name, name_origin: origin ?? null })),
    num_cols: result.columns.length,
    num_rows: result.arrays.length,
  });
  return `${head.slice(0, -1)},"rows":{"data":[${data}]}}`;
}

function valueText(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  return JSON.stringify(value instanceof Uint8Array ? [...value] : value);
}

/** The result of a statement without one, as JSON. */
export const emptyResult = JSON.stringify({
  is_read_only: true,
  is_iud: false,
  rows_changed: null,
  ...{ col_names: [], num_cols: 0, num_rows: 0, rows: { data: [] } },
});
