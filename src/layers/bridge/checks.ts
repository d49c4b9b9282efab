// Checks of what programs pass to a bridge. A refusal is an InvalidArgumentError of the bus that names
// the option and the value.
import { optionChecks } from '../../base/option-checks.js';
import { InvalidArgumentError } from '../../index.js';

/** A refusal of an option or argument. */
export function refused(text: string, option: string): InvalidArgumentError {
  return new InvalidArgumentError(text, { option });
}

export const { checkKeys, checkWhole } = optionChecks(refused);
