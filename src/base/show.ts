// Values in the texts of errors. Like all of this folder it knows neither the bus nor Node, so that
// the bus and the layers share it.

/** Words for an object of a known class, such as `a Date`; `undefined` for others. */
export type KindOf = (object: object) => string | undefined;

/**
 * A value as an error text shows it: short, on one line, without running code of the value's owner.
 */
export function show(value: unknown, kindOf: KindOf = builtInKind): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case 'bigint':
      return `${value}n`;
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? 'an array' : (kindOf(value) ?? 'an object');
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    default:
      return String(value);
  }
}

const tagOf = Object.prototype.toString;

/** Dates, and views of bytes by their class. */
export function builtInKind(value: object): string | undefined {
  if (value instanceof Date) return 'a Date';
  if (ArrayBuffer.isView(value)) return `a ${tagOf.call(value).slice(8, -1)}`;
  return undefined;
}
