// UTF-8 in and out of byte regions, strict in both directions: a lone surrogate or a malformed byte is
// told to the caller, never replaced silently. It knows nothing of messages and errors.
// Not the global one, which jsdom lacks.
import { TextEncoder } from 'node:util';

const encoder = new TextEncoder();
const replacement = '\uFFFD';

// In Node since version 20, but not in the type library this project compiles against.
const wellFormed = (String.prototype as unknown as { isWellFormed(this: string): boolean })
  .isWellFormed;

// Buffer's own slicing works on every Uint8Array and saves making a Buffer for each message (60 ns of
// 140). It is undocumented, hence the way round.
type Utf8Slice = (this: Uint8Array, start: number, end: number) => string;
const utf8Slice: Utf8Slice =
  (Buffer.prototype as unknown as { utf8Slice?: Utf8Slice }).utf8Slice ??
  function slice(start, end) {
    return Buffer.from(this.buffer, this.byteOffset + start, end - start).toString('utf8');
  };

/** Whether `text` can be written as UTF-8, that is, has no lone surrogate. Takes about 7 ns. */
export function isWellFormed(text: string): boolean {
  return wellFormed.call(text);
}

/**
 * Writes `text` at `start` of `target` and returns the end of what was written, or -1 where it does not
 * fit. The text must be well-formed.
 */
export function encodeUtf8Into(text: string, target: Uint8Array, start: number): number {
  const { read, written } = encoder.encodeInto(text, start === 0 ? target : target.subarray(start));
  return read === text.length ? start + written : -1;
}

type Utf8Write = (this: Uint8Array, text: string, start: number, length: number) => number;
const utf8Write: Utf8Write =
  (Buffer.prototype as unknown as { utf8Write?: Utf8Write }).utf8Write ??
  function write(text, start) {
    return encoder.encodeInto(text, this.subarray(start)).written;
  };

/** Writes a well-formed `text` at `start` of `target`, where there must be room, and returns how many bytes it took. */
export function writeUtf8(text: string, target: Uint8Array, start: number): number {
  return utf8Write.call(target, text, start, target.length - start);
}

/** The text in bytes `start` to `end` of `source`, or `undefined` if they are not valid UTF-8. */
export function decodeUtf8(source: Uint8Array, start: number, end: number): string | undefined {
  const text = utf8Slice.call(source, start, end);
  // Only text with a replacement character can have lost something; the search costs nothing where the
  // text is Latin-1. A true U+FFFD is three bytes, EF BF BD: encoded again, nothing differs.
  if (text.includes(replacement) && !sameBytes(encoder.encode(text), source, start, end)) {
    return undefined;
  }
  return text;
}

function sameBytes(bytes: Uint8Array, source: Uint8Array, start: number, end: number): boolean {
  return Buffer.compare(bytes, source.subarray(start, end)) === 0;
}
