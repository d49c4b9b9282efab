// Values as TypeScript literals: the defaults of optional values, and JSON Schemas.
import { array, type Code, call, key, object, quote } from './code-layout.js';

/** The code of a value that a schema of `t` can have. */
export function literal(value: unknown): Code {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'bigint':
      return `${value}n`;
    case 'number':
      return number(value);
    case 'object':
      return value === null ? 'null' : composed(value);
    default:
      return String(value);
  }
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'Number.NaN';
  if (!Number.isFinite(value)) return `Number.${value > 0 ? 'POSITIVE' : 'NEGATIVE'}_INFINITY`;
  return Object.is(value, -0) ? '-0' : String(value).replace('e+', 'e');
}

function composed(value: object): Code {
  if (Array.isArray(value)) return array(value.map(literal));
  if (value instanceof Date) return call('new Date', [quote(value.toISOString())]);
  if (ArrayBuffer.isView(value)) {
    return call('Uint8Array.of', Array.from(value as Uint8Array, String));
  }
  return object(
    Object.entries(value).map(([name, part]) => ({ head: key(name), code: literal(part) })),
  );
}
