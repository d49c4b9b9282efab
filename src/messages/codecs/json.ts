// JSON in UTF-8, for readers in any language.
import { types } from 'node:util';
import { show } from '../../checks.js';
import { InvalidArgumentError } from '../../errors/index.js';
import type { Codec } from '../codec.js';
import { stageText, textOf } from './text.js';

const codec: Codec<unknown> = Object.freeze({
  name: 'json',
  encode(value, arena): void {
    const text: string | undefined = stringify(value);
    if (text === undefined) {
      throw new InvalidArgumentError(`payload is ${show(value)}, which JSON cannot express`);
    }
    // Always well-formed: JSON.stringify escapes lone surrogates.
    stageText(text, arena);
  },
  decode: (source, start, end) => JSON.parse(textOf(source, start, end)),
} satisfies Codec<unknown>);

/**
 * JSON. It changes values that it cannot express, as usual: a `Date` arrives as a string, a `Map`
 * as `{}`, and members that are `undefined` are omitted. Cycles and bigints are refused with
 * `InvalidArgumentError`.
 */
export function jsonCodec<T = unknown>(): Codec<T> {
  return codec as Codec<T, unknown>;
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!types.isNativeError(error) || error.name !== 'TypeError') throw error;
    throw new InvalidArgumentError(`payload cannot be written as JSON: ${error.message}`, {
      cause: error,
    });
  }
}
