// Payloads of Stinger's programs: JSON objects with Stinger's names, integers for enums, null for
// what is missing. Converted to and from the JSON of the interface, which then checks the values.
import type { StingerField, StingerValue } from '../../interface/index.js';

/** Structs within structs. Deeper values are refused. */
const maxDepth = 64;

/** A payload that is not what the interface describes. */
export class PayloadError extends Error {}

/** The JSON of the interface as Stinger's programs write it. */
export function toStinger(fields: readonly StingerField[], json: unknown): object {
  return fieldsToStinger(fields, json, 0);
}

/**
 * The JSON of the interface in a payload. Unknown keys are left out; what is wrong elsewhere is for
 * the interface to refuse.
 * @throws PayloadError if it is no object, is too deep, or an enum has another number.
 */
export function fromStinger(fields: readonly StingerField[], payload: unknown): object {
  return fieldsFromStinger(fields, payload, 0);
}

/**
 * Reads the bytes of a payload. An empty one has no fields: programs without arguments send either.
 * @throws PayloadError if they are no JSON.
 */
export function readJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(decoder.decode(bytes)) as unknown;
  } catch (error) {
    throw new PayloadError(`the payload is no JSON: ${(error as Error).message}`);
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function fieldsToStinger(fields: readonly StingerField[], json: unknown, depth: number): object {
  const from = json as Readonly<Record<string, unknown>>;
  const to: Record<string, unknown> = {};
  for (const { name, key, type } of fields) {
    const value = from[name];
    define(to, key, value === undefined || value === null ? null : write(type, value, depth));
  }
  return to;
}

function write(type: StingerValue, value: unknown, depth: number): unknown {
  switch (type.kind) {
    case 'enum':
      return type.numbers.get(value as string);
    case 'list':
      return (value as readonly unknown[]).map((each) => write(type.of, each, depth));
    case 'struct':
      checkDepth(depth);
      return fieldsToStinger(type.fields, value, depth + 1);
    default:
      return value;
  }
}

function fieldsFromStinger(fields: readonly StingerField[], given: unknown, depth: number): object {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new PayloadError('the payload is no object of fields');
  }
  const to: Record<string, unknown> = {};
  for (const { name, key, type } of fields) {
    if (!Object.hasOwn(given, key)) continue;
    const value = (given as Readonly<Record<string, unknown>>)[key];
    if (value !== null) define(to, name, read(type, value, depth));
  }
  return to;
}

function read(type: StingerValue, value: unknown, depth: number): unknown {
  switch (type.kind) {
    case 'enum':
      return nameOf(type.numbers, value);
    case 'time':
      return typeof value === 'string' ? withZone(value) : value;
    case 'duration':
      return typeof value === 'string' ? withoutYears(value) : value;
    case 'list':
      return Array.isArray(value) ? value.map((each) => read(type.of, each, depth)) : value;
    case 'struct':
      checkDepth(depth);
      return fieldsFromStinger(type.fields, value, depth + 1);
    default:
      return value;
  }
}

function nameOf(numbers: ReadonlyMap<string, number>, value: unknown): string {
  for (const [name, number] of numbers) if (number === value) return name;
  throw new PayloadError(`${JSON.stringify(value)} is no number of the enum`);
}

/** A moment without a zone, as of Python's `datetime.now()`, is taken for one of UTC. */
function withZone(text: string): string {
  const hasZone = /(?:[Zz]|[+-]\d\d:?\d\d)$/.test(text);
  return (hasZone ? text : `${text}Z`).replace(' ', 'T').replace(/([+-]\d\d)(\d\d)$/, '$1:$2');
}

/** Python's pydantic writes 400 days as `P1Y35D`, whose year has 365 days. */
function withoutYears(text: string): string {
  const [all, sign = '', years = '0', weeks = '0', days = '0', rest = ''] =
    /^([+-]?)P(?:(\d{1,4})Y)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?(T.*)?$/.exec(text) ?? [];
  if (all === undefined || (years === '0' && weeks === '0' && sign !== '+')) return text;
  const count = Number(years) * 365 + Number(weeks) * 7 + Number(days);
  return `${sign === '-' ? '-' : ''}P${count}D${rest}`;
}

function checkDepth(depth: number): void {
  if (depth >= maxDepth) throw new PayloadError(`structs are nested more than ${maxDepth} deep`);
}

// A key may be called `__proto__`.
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
