// Requests of SQLite MPI: what is malformed is refused before anything else is looked at.
import type { SqlInput } from '../values.js';
import { SmpiFailure } from './errors.js';

/** What the parameters of a query are. */
export type SmpiParameters =
  | { readonly kind: 'none' }
  | { readonly kind: 'keys'; readonly values: Readonly<Record<string, unknown>> }
  | { readonly kind: 'indexes'; readonly values: readonly unknown[] };

/** A request. */
export interface SmpiRequest {
  readonly id: string;
  readonly fn: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The longest request, in UTF-16 units. */
const maxRequest = 2 ** 24;
const maxId = 100;

/** The fields that each function needs, all of them texts. */
const functions = new Map<string, readonly string[]>([
  ['file/get_read_tx', ['file']],
  ['file/get_write_tx', ['file']],
  ['file/close', ['file']],
  ['file/get_open_txs', ['file']],
  ['file/config/set', ['file']],
  ['files/close_all', []],
  ['files/get_connections', []],
  ['files/get_open_txs', []],
  ['config/set', []],
  ['tx/commit', ['tx_id']],
  ['tx/rollback', ['tx_id']],
  ...['q', 'read', 'write'].flatMap((base): [string, readonly string[]][] => [
    [`tx/${base}`, ['tx_id', 'q']],
    [`tx/${base}_params`, ['tx_id', 'q']],
    [`file/${base}`, ['file', 'q']],
    [`file/${base}_params`, ['file', 'q']],
  ]),
]);

/**
 * Reads a request.
 * @throws SmpiFailure with a path that begins with `ParseError`.
 */
export function parseRequest(text: string): SmpiRequest {
  if (text.length > maxRequest) {
    throw new SmpiFailure(
      'ParseError/ParseError',
      `the request has more than ${maxRequest} letters`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SmpiFailure('ParseError/ParseError', (error as Error).message);
  }
  const { id, fn, args } = plainObject(value) ?? {};
  if (typeof id !== 'string' || id === '' || id.length > maxId) {
    throw new SmpiFailure('ParseError/ParseError', `id is no text of 1 to ${maxId} letters`);
  }
  if (typeof fn !== 'string') throw new SmpiFailure('ParseError/ParseError', 'fn is no text');
  const fields = functions.get(fn);
  if (fields === undefined) {
    throw new SmpiFailure('ParseError/DataError/InvalidFunction', `there is no function '${fn}'`);
  }
  const given = plainObject(args) ?? {};
  const missing = fields.find((name) => typeof given[name] !== 'string');
  if (missing !== undefined) throw wrongArgs(`${fn} needs ${missing}, a text`);
  return { id, fn, args: given };
}

/** A refusal of arguments. */
export function wrongArgs(message: string): SmpiFailure {
  return new SmpiFailure('ParseError/DataError/InvalidArgs', message);
}

/** The parameters of a query. */
export function parametersIn({ fn, args }: SmpiRequest): SmpiParameters {
  if (!fn.endsWith('_params')) return { kind: 'none' };
  const { key_based: keys, index_based: indexes } = args;
  if ((keys === undefined) === (indexes === undefined)) {
    throw wrongArgs(`${fn} needs one of key_based and index_based`);
  }
  if (indexes !== undefined) {
    if (!Array.isArray(indexes)) throw wrongArgs('index_based is no array');
    return { kind: 'indexes', values: indexes };
  }
  const values = plainObject(keys);
  if (values === undefined) throw wrongArgs('key_based is no object');
  return { kind: 'keys', values };
}

function plainObject(value: unknown): Record<string, unknown> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : undefined;
}

/** A value of JSON as one of SQL. A list of bytes is a blob. */
export function inputOf(value: unknown, path: string): SqlInput {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  const isByte = (byte: unknown) => Number.isInteger(byte) && (byte as number) >> 8 === 0;
  if (Array.isArray(value) && value.every(isByte)) return Uint8Array.from(value as number[]);
  throw new SmpiFailure(
    `${path}/ErrorBind/PlaceholderDataTypeNotCompatible`,
    `${JSON.stringify(value).slice(0, 100)} is no value of SQL`,
  );
}
