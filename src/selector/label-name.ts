// The rules for one string of a label, and which strings need no quotes in a selector's text.
import { show } from '../checks.js';
import { InvalidLabelError } from '../errors/index.js';
import { limits } from '../limits.js';
import { isWellFormed } from '../utf8.js';

/** The characters of an unquoted name, as a class of a regular expression with the flag `u`. */
export const bareCharacters = String.raw`[\p{L}\p{M}\p{N}_.:/@+=~-]`;

const bareName = new RegExp(`^${bareCharacters}+$`, 'u');

/** Whether a name can be written without quotes. */
export function isBareName(name: string): boolean {
  return name !== 'true' && name !== 'false' && bareName.test(name);
}

/**
 * Refuses a value that cannot be one string of a label.
 * @throws InvalidLabelError if it is not a string, empty, longer than 255 bytes or not well-formed.
 */
export function checkLabelName(name: unknown): asserts name is string {
  const { maxLabelStringBytes } = limits;
  if (typeof name !== 'string') {
    throw new InvalidLabelError(`label is ${show(name)}; expected a string`, { value: name });
  }
  if (name === '') throw new InvalidLabelError('label is empty', { value: name });
  if (!isWellFormed(name)) {
    throw new InvalidLabelError('label has a lone surrogate, which UTF-8 cannot express', {
      value: name,
    });
  }
  const length = Buffer.byteLength(name);
  if (length > maxLabelStringBytes) {
    throw new InvalidLabelError(
      `label is ${length} bytes long; the limit is ${maxLabelStringBytes}`,
      {
        value: name,
        limit: maxLabelStringBytes,
      },
    );
  }
}
