// UTF-8 in and out of byte regions, strict in both directions: a lone surrogate or a malformed byte
// is reported to the caller, never silently replaced. This file knows no messages and no errors.
// The TextEncoder is imported because jsdom has no global one.
import { TextEncoder } from 'node:util';

const encoder = new TextEncoder();
const replacement = '\uFFFD';

// Node has it since version 20, but the type library that this project compiles against lacks it.
const wellFormed = (String.prototype as unknown as { isWellFormed(this: string): boolean })
  .isWellFormed;

// Buffer's own slicing works on every Uint8Array and saves making a Buffer for each message (60 ns
// of 140). It is undocumented, hence the fallback.
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
 * Writes `text` at `start` of `target`. Returns the end of the written bytes, or -1 if they do not
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

/**
 * Writes a well-formed `text` at `start` of `target`, where it must fit. Returns how many bytes it
 * took.
 */
export function writeUtf8(text: string, target: Uint8Array, start: number): number {
  return utf8Write.call(target, text, start, target.length - start);
}

/** The text in bytes `start` to `end` of `source`, or `undefined` if they are not valid UTF-8. */
export function decodeUtf8(source: Uint8Array, start: number, end: number): string | undefined {
  const text = utf8Slice.call(source, start, end);
  // Only text with a replacement character can have lost something; the search costs nothing where
  // the text is Latin-1. A genuine U+FFFD is three bytes, EF BF BD: encoded again, nothing differs.
  if (text.includes(replacement) && !sameBytes(encoder.encode(text), source, start, end)) {
    return undefined;
  }
  return text;
}

function sameBytes(bytes: Uint8Array, source: Uint8Array, start: number, end: number): boolean {
  return Buffer.compare(bytes, source.subarray(start, end)) === 0;
}
