// Checks of options and arguments, for every function that takes any. A refusal is an
// InvalidArgumentError whose text names the option, the value and the limit. The checks fill in no
// defaults and coerce nothing.
import { hint } from './base/misspelt.js';
import { show as showAny } from './base/show.js';
import { markOf } from './brand.js';
import { InvalidArgumentError } from './errors/index.js';
import { isWellFormed } from './utf8.js';

/**
 * Refuses `options` that are not an object or that have a key outside `known`. For a misspelt key
 * the error suggests the closest known one. `where` is the function, as in `join()`. Returns the
 * object to read options from: it has own properties only, so additions to `Object.prototype` are
 * not taken for options.
 */
export function checkOptions<T extends object>(
  where: string,
  options: T | undefined,
  known: readonly string[],
): T {
  if (options === undefined) return noOptions as T;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidArgumentError(`options of ${where} are ${show(options)}; expected an object`, {
      option: 'options',
      value: options,
    });
  }
  // A known name that was added to Object.prototype is not an option.
  let clean = true;
  for (const name in options) {
    if (known.includes(name)) {
      clean &&= Object.hasOwn(options, name);
      continue;
    }
    if (!Object.hasOwn(options, name)) continue;
    const text = `unknown option '${name}' of ${where}${hint(name, known)}`;
    throw new InvalidArgumentError(text, { option: name });
  }
  return clean ? options : { __proto__: null, ...options };
}

/** Stands for options that were not given. */
export const noOptions: object = Object.freeze(Object.create(null));

/**
 * Refuses anything except an integer of `min` to `max`. `unit` follows the numbers, as in 'bytes'.
 */
export function checkInteger(
  option: string,
  value: unknown,
  min: number,
  max: number,
  unit = '',
): asserts value is number {
  const suffix = unit === '' ? '' : ` ${unit}`;
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new InvalidArgumentError(
      `${option} is ${show(value)}; expected an integer${suffix && ` of${suffix}`}`,
      {
        option,
        value,
      },
    );
  }
  if (value < min || value > max) {
    const limit = value < min ? min : max;
    const bound = value < min ? 'smallest' : 'largest';
    throw new InvalidArgumentError(
      `${option} is ${value}${suffix}; the ${bound} allowed is ${limit}`,
      {
        option,
        value,
        limit,
      },
    );
  }
}

/**
 * Refuses anything except a number of milliseconds up to `max`, or `Infinity` for no limit.
 * Fractions are allowed, and so are negative numbers, because a deadline that has passed leaves
 * one.
 */
export function checkDuration(
  option: string,
  value: unknown,
  max: number,
): asserts value is number {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new InvalidArgumentError(
      `${option} is ${show(value)}; expected a number of milliseconds, or undefined for the default`,
      { option, value },
    );
  }
  if (value <= max || value === Number.POSITIVE_INFINITY) return;
  throw new InvalidArgumentError(
    `${option} is ${value} milliseconds; the largest allowed is ${max}, or Infinity`,
    { option, value, limit: max },
  );
}

/** A checked duration in whole milliseconds: rounded up; 0 if negative; `max` for `Infinity`. */
export function millisecondsOf(option: string, value: unknown, max: number): number {
  checkDuration(option, value, max);
  return Math.max(0, Math.min(Math.ceil(value), max));
}

/**
 * Refuses anything except a well-formed string of `min` to `max` bytes in UTF-8. The error does not
 * carry the string, which may be long or secret.
 */
export function checkString(
  option: string,
  value: unknown,
  min: number,
  max: number,
): asserts value is string {
  if (typeof value !== 'string') {
    throw new InvalidArgumentError(`${option} is ${show(value)}; expected a string`, { option });
  }
  if (!isWellFormed(value)) {
    throw new InvalidArgumentError(`${option} has a lone surrogate, which UTF-8 cannot express`, {
      option,
    });
  }
  const bytes = Buffer.byteLength(value);
  if (bytes < min || bytes > max) {
    const limit = bytes < min ? min : max;
    const bound = bytes < min ? 'least' : 'limit';
    throw new InvalidArgumentError(`${option} is ${bytes} bytes long; the ${bound} is ${limit}`, {
      option,
      limit,
    });
  }
}

/** Refuses anything except `true` and `false`. */
export function checkBoolean(option: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') {
    throw new InvalidArgumentError(`${option} is ${show(value)}; expected true or false`, {
      option,
      value,
    });
  }
}

/** Refuses anything except an AbortSignal. An aborted signal passes; the caller handles it. */
export function checkSignal(option: string, value: unknown): asserts value is AbortSignal {
  if (!isSignal(value)) {
    throw new InvalidArgumentError(`${option} is ${show(value)}; expected an AbortSignal`, {
      option,
      value,
    });
  }
}

// Checked by shape: jsdom and node:vm have an AbortSignal class of their own.
function isSignal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener } = value as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof addEventListener === 'function';
}

/**
 * A value as an error text shows it: short, on one line, without running code of the value's owner.
 */
export function show(value: unknown): string {
  return showAny(value, kindOf);
}

function kindOf(object: object): string | undefined {
  const kind = markOf(object);
  if (kind === undefined) return undefined;
  return `${/^[aeiou]/i.test(kind) ? 'an' : 'a'} ${kind}`;
}
