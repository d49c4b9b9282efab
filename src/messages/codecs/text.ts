// UTF-8 text, strict on both sides: encoding refuses a string that UTF-8 cannot express, decoding
// fails on bytes that are not UTF-8. Nothing silently becomes U+FFFD.
import { show } from '../../checks.js';
import { InvalidArgumentError } from '../../errors/index.js';
import type { StagingArena } from '../../memory/staging-arena.js';
import { decodeUtf8, encodeUtf8Into, isWellFormed } from '../../utf8.js';
import type { Codec } from '../codec.js';

/**
 * Sends a string as UTF-8. A string with a lone surrogate is refused with `InvalidArgumentError`.
 */
export const textCodec: Codec<string> = Object.freeze({
  name: 'text',
  encode(value, arena): void {
    if (typeof value !== 'string') {
      throw new InvalidArgumentError(`payload is ${show(value)}; expected a string`, { value });
    }
    if (!isWellFormed(value)) {
      throw new InvalidArgumentError('payload has a lone surrogate, which UTF-8 cannot express');
    }
    stageText(value, arena);
  },
  decode: textOf,
} satisfies Codec<string>);

/** Writes a well-formed text into the arena and makes it the result. */
export function stageText(text: string, arena: StagingArena): void {
  // Most text is ASCII, and most arenas have room for three times its length anyway: the bytes are
  // counted only if the first attempt finds no room.
  let start = arena.reserve(text.length);
  let end = encodeUtf8Into(text, arena.buffer, start);
  if (end < 0) {
    arena.cancel(arena.buffer, start);
    start = arena.reserve(Buffer.byteLength(text));
    end = encodeUtf8Into(text, arena.buffer, start);
  }
  arena.stage(arena.buffer, start, end);
}

/** The text of bytes `start` to `end`; throws if they are not UTF-8. */
export function textOf(source: Uint8Array, start: number, end: number): string {
  const text = decodeUtf8(source, start, end);
  if (text === undefined) throw new TypeError('the bytes are not valid UTF-8');
  return text;
}
