// The rules for a label and for one of its strings, and which strings need no quotes in a selector's text.
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

/**
 * Refuses a value that cannot be an endpoint's label: one string, or an array of them.
 * @throws InvalidLabelError if a string is wrong or given twice, or if they are too many or too
 * long together.
 */
export function checkLabel(label: unknown): readonly string[] {
  const strings: unknown[] = Array.isArray(label) ? [...label] : [label];
  if (strings.length > limits.maxLabelStrings) {
    throw new InvalidLabelError(
      `label has ${strings.length} strings; the limit is ${limits.maxLabelStrings}`,
      { limit: limits.maxLabelStrings },
    );
  }
  let bytes = 0;
  for (const string of strings) {
    checkLabelName(string as string);
    bytes += 1 + Buffer.byteLength(string as string);
  }
  if (bytes > limits.maxLabelBytes) {
    throw new InvalidLabelError(
      `label takes ${bytes} bytes; the limit is ${limits.maxLabelBytes}`,
      {
        limit: limits.maxLabelBytes,
      },
    );
  }
  if (new Set(strings).size !== strings.length) {
    throw new InvalidLabelError('label has the same string twice', { value: label });
  }
  return Object.freeze(strings as string[]);
}
