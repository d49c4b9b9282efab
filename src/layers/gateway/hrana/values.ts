// Values, statements and results in the JSON of Hrana, version 3 of its protocol over HTTP.
import {
  type SqlInput,
  type SqlResult,
  type SqlStatement,
  type SqlValue,
  sql,
} from '../../sql/index.js';
import { Refusal } from '../http/refusal.js';

/** An object that a caller sent: only its own members are read. */
export type Sent = Readonly<Record<string, unknown>>;

/** Takes an object of a caller. */
export function sentObject(value: unknown, what: string): Sent {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('BAD_REQUEST', `${what} is no object`);
  }
  return value as Sent;
}

/** Takes a list of a caller; a missing one is empty. */
export function sentList(value: unknown, what: string, most: number): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > most) {
    throw new Refusal('BAD_REQUEST', `${what} is no list of at most ${most}`);
  }
  return value;
}

/** Values of one statement. */
const mostValues = 32_766;

/** A statement: `sql`, or `sql_id` of a text that was stored, and its values. */
export function statementOf(given: unknown, stored: ReadonlyMap<number, string>): SqlStatement {
  const { sql: text, sql_id: id, args, named_args: named } = sentObject(given, 'a statement');
  const found = textOf(text, id, stored);
  const values = sentList(args, 'args', mostValues).map(inputOf);
  const names = sentList(named, 'named_args', mostValues);
  if (names.length === 0) return values.length === 0 ? sql(found) : sql(found, values);
  if (values.length > 0) {
    throw new Refusal('BAD_REQUEST', 'a statement has args or named_args, not both');
  }
  const entries = names.map((each) => {
    const { name, value } = sentObject(each, 'a named argument');
    if (typeof name !== 'string') throw new Refusal('BAD_REQUEST', 'an argument has no name');
    return [name.replace(/^[:@$]/, ''), inputOf(value)] as const;
  });
  return sql(found, Object.fromEntries(entries));
}

/** The text of a statement. */
export function textOf(text: unknown, id: unknown, stored: ReadonlyMap<number, string>): string {
  if (typeof text === 'string') return text;
  const found = typeof id === 'number' ? stored.get(id) : undefined;
  if (found === undefined) throw new Refusal('BAD_REQUEST', 'a statement has no text');
  return found;
}

const integer = /^[+-]?\d{1,19}$/;
const least = -(2n ** 63n);
const most = 2n ** 63n - 1n;

function inputOf(given: unknown): SqlInput {
  const { type, value, base64 } = sentObject(given, 'a value');
  switch (type) {
    case 'null':
      return null;
    case 'text':
      if (typeof value === 'string') return value;
      break;
    case 'float':
      if (typeof value === 'number') return value;
      break;
    case 'integer': {
      if (typeof value !== 'string' || !integer.test(value)) break;
      const number = BigInt(value);
      if (number < least || number > most) break;
      return number;
    }
    case 'blob':
      if (typeof base64 === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(base64)) {
        return new Uint8Array(Buffer.from(base64, 'base64'));
      }
      break;
    default:
  }
  throw new Refusal('BAD_REQUEST', `a value of type ${String(type)} is malformed`);
}

/** A value of a result; integers are bigints here. */
export function sentValue(value: SqlValue): object {
  if (value === null) return { type: 'null' };
  switch (typeof value) {
    case 'bigint':
      return { type: 'integer', value: String(value) };
    case 'number':
      return { type: 'float', value };
    case 'string':
      return { type: 'text', value };
    default: {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.length);
      return { type: 'blob', base64: bytes.toString('base64').replace(/=+$/, '') };
    }
  }
}

/** The columns of a result. */
export function columnsOf(columns: SqlResult['columns']): readonly object[] {
  return columns.map(({ name, type }) => ({ name, decltype: type ?? null }));
}

/** A result. */
export function resultOf(result: SqlResult, wantsRows: boolean): object {
  const { columns, arrays, changes, lastInsertRowid } = result;
  const rowid = lastInsertRowid === undefined ? null : String(lastInsertRowid);
  return {
    cols: columnsOf(columns),
    rows: wantsRows ? arrays.map((row) => row.map(sentValue)) : [],
    affected_row_count: changes,
    last_insert_rowid: rowid,
    replication_index: null,
    rows_read: 0,
    rows_written: changes,
    query_duration_ms: 0,
  };
}

/** An error of a statement. */
export function errorOf(error: unknown): { readonly message: string; readonly code: string } {
  if (error instanceof Refusal) return { message: error.message, code: error.code };
  const { message, code, result } = error as Error & { readonly code?: unknown; result?: unknown };
  // What has no code is an accident of this process, whose text is nobody's business.
  if (typeof code !== 'string') return { message: 'the gateway failed', code: 'INTERNAL' };
  return { message, code: typeof result === 'string' ? result : code };
}
