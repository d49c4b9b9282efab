// Checks of what programs pass to this layer. A refusal is an InvalidArgumentError that names the
// option, the value and the limit.
import { InvalidArgumentError, type LabelExpression, type Selector } from '../../index.js';

/** Refuses options that are no object, or that have a key outside `known`. */
export function checkKeys<T extends object>(
  where: string,
  options: T | undefined,
  known: readonly string[],
): Partial<T> {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw refused(`options of ${where} are ${show(options)}; expected an object`, 'options');
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return { __proto__: null, ...options } as Partial<T>;
  const names = known.map((name) => `'${name}'`).join(', ');
  throw refused(`unknown option '${unknown}' of ${where}; known: ${names}`, unknown);
}

/** A refusal of an option or argument. */
export function refused(text: string, option: string): InvalidArgumentError {
  return new InvalidArgumentError(text, { option });
}

/** Refuses anything except an integer from `min` to `max`. */
export function checkWhole(option: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw refused(`${option} is ${show(value)}; expected an integer of ${min} to ${max}`, option);
  }
  return value;
}

/** The longest delay of a timer. */
export const maxDelay = 2 ** 31 - 1;

/** Refuses anything except milliseconds from 0 on; `Infinity` stands for the longest delay. */
export function checkDelay(option: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0)) {
    throw refused(`${option} is ${show(value)}; expected milliseconds, 0 or more`, option);
  }
  return Math.min(value, maxDelay);
}

/** Refuses anything except a function. */
export function checkFunction<T>(option: string, value: T): T {
  if (typeof value === 'function') return value;
  throw refused(`${option} is ${show(value)}; expected a function`, option);
}

/** Whether something has a `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Whether something is a selector of this package. */
export function isSelector(value: unknown): value is Selector {
  const { kind, expression } = Object(value) as Partial<Selector>;
  return (kind === 'unicast' || kind === 'multicast') && isExpression(expression);
}

/** Whether something is a label expression of this package. */
export function isExpression(value: unknown): value is LabelExpression {
  const { node, program } = Object(value) as Partial<LabelExpression>;
  return node !== undefined && program instanceof Uint8Array;
}

/** A value as an error text shows it. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  }
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
