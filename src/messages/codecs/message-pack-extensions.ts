// The extension types for values that MessagePack lacks: their codes, which are those of the
// library msgpackr, and how to build values from their contents.
import { types } from 'node:util';

/** Both sides refuse values nested deeper than this, far below what would exhaust the stack. */
export const maxDepth = 1000;

/**
 * Codes of extension types. Timestamps are MessagePack's own (-1); many implementations use this
 * `undefined`.
 */
export const extensionCode = {
  undefined: 0,
  error: 0x65,
  set: 0x73,
  view: 0x74,
  regExp: 0x78,
  timestamp: 0xff,
} as const;

/** The first byte of a `view`: one of these, or the index of its class in {@link viewClasses}. */
export const arrayBufferKind = 16;
export const dataViewKind = 17;

/**
 * The order is part of the format. `Float16Array` is neither in all versions of Node nor in the
 * format.
 */
export const viewClasses = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

const viewNames: readonly string[] = viewClasses.map(({ name }) => name);
const nameOfView = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** The kind of a view, whatever its realm and subclass; -1 for a kind that the format lacks. */
export function kindOfView(view: ArrayBufferView): number {
  if (types.isDataView(view)) return dataViewKind;
  return viewNames.indexOf(nameOfView.call(view) ?? '');
}

/**
 * Builds a `view` from its kind and its bytes, which nothing else uses and which are aligned to 8.
 */
export function viewOf(kind: number, bytes: Uint8Array<ArrayBuffer>): unknown {
  const { buffer } = bytes;
  if (kind === arrayBufferKind) return buffer;
  if (kind === dataViewKind) return new DataView(buffer);
  const View = viewClasses[kind];
  if (View === undefined) throw new TypeError(`there is no typed array ${kind}`);
  return new View(buffer);
}

/**
 * Builds the date of a `timestamp`, the first `length` bytes of `view`: one of MessagePack's three
 * forms, or the form for an invalid date.
 */
export function dateOf(view: DataView, length: number): Date {
  switch (length) {
    case 1:
      return new Date(Number.NaN);
    case 4:
      return new Date(view.getUint32(0) * 1000);
    case 8: {
      const first = view.getUint32(0);
      const seconds = (first & 3) * 2 ** 32 + view.getUint32(4);
      return new Date(seconds * 1000 + (first >>> 2) / 1e6);
    }
    case 12:
      return new Date(Number(view.getBigInt64(4)) * 1000 + view.getUint32(0) / 1e6);
    default:
      throw new RangeError(`timestamp of ${length} bytes`);
  }
}

const errorClasses = new Map<string, ErrorConstructor>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((each) => [
    each.name,
    each,
  ]),
);

/** The members that every error has. The stack is the one where the receiver builds it. */
export const ownOfErrors: ReadonlySet<string> = new Set(['name', 'message', 'stack', 'cause']);

/**
 * Builds an `error` from its name, message, cause and an object with its other members; the last
 * two may be missing.
 */
export function errorOf(content: unknown): Error {
  if (!Array.isArray(content)) throw new TypeError('error without name and message');
  const [name, message, cause, members]: readonly unknown[] = content;
  if (typeof name !== 'string') throw new TypeError('error without a name');
  const { errors, ...others } = { ...(members as object | undefined) } as Record<string, unknown>;
  const text = message === undefined ? undefined : String(message);
  const options = cause === undefined ? undefined : { cause };
  let error: Error;
  if (name === 'AggregateError' && Array.isArray(errors)) {
    error = new AggregateError(errors, text, options);
  } else {
    error = new (errorClasses.get(name) ?? Error)(text, options);
    if (errors !== undefined) define(error, 'errors', errors, true);
  }
  if (error.name !== name) define(error, 'name', name, false);
  for (const [key, value] of Object.entries(others)) {
    if (!ownOfErrors.has(key)) define(error, key, value, true);
  }
  return error;
}

function define(object: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}

/** Builds a `regExp` from its source and flags. */
export function regExpOf(content: unknown): RegExp {
  if (!Array.isArray(content)) throw new TypeError('regular expression without a source');
  const [source, flags]: readonly unknown[] = content;
  return new RegExp(String(source), flags === undefined ? '' : String(flags));
}

/** Builds a `set` from its members. */
export function setOf(content: unknown): Set<unknown> {
  if (!Array.isArray(content)) throw new TypeError('set without members');
  return new Set(content);
}
