// Checks of what programs pass to this layer.
import { optionChecks } from '../../base/option-checks.js';
import { show } from '../../base/show.js';
import { SqlArgumentError } from './errors.js';

/** A refusal of an argument or option. */
export function refused(text: string): SqlArgumentError {
  return new SqlArgumentError(text);
}

export const { checkKeys, checkWhole, checkWord } = optionChecks(refused);

/** Refuses anything except `true` and `false`. */
export function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw refused(`${option} is ${show(value)}; expected true or false`);
}

/** Refuses anything except a string that is not empty. */
export function checkText(option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw refused(`${option} is ${show(value)}; expected a text`);
}
