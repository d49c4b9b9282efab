// Checks of what programs pass to this layer. A refusal is an InvalidArgumentError that names the
// option, the value and the limit.
import { optionChecks } from '../../base/option-checks.js';
import { show } from '../../base/show.js';
import { InvalidArgumentError, type LabelExpression, type Selector } from '../../index.js';

/** A refusal of an option or argument. */
export function refused(text: string, option: string): InvalidArgumentError {
  return new InvalidArgumentError(text, { option });
}

export const { checkKeys, checkWhole } = optionChecks(refused);

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
