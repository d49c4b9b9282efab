// Message types between their text and their 16 bytes. A wire has few, so both directions are looked
// up; what a peer invents does not fill the tables.
import { uint32At } from './frame.js';

const maxKnown = 4096;

const bytesByText = new Map<string, Uint8Array>();

/** The 16 bytes of a type. */
export function bytesOfType(text: string): Uint8Array {
  const known = bytesByText.get(text);
  if (known !== undefined) return known;
  const bytes = new Uint8Array(16);
  const digits = text.replaceAll('-', '');
  for (let at = 0; at < 16; at++) bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  if (bytesByText.size < maxKnown) bytesByText.set(text, bytes);
  return bytes;
}

interface Known {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** By the first four bytes, which are as good as random. */
const textByStart = new Map<number, Known>();

/** The text of the type whose bytes begin at `at`. */
export function textOfType(source: Uint8Array, at: number): string {
  const start = uint32At(source, at);
  const known = textByStart.get(start);
  if (known !== undefined && isSame(known.bytes, source, at)) return known.text;
  const bytes = source.slice(at, at + 16);
  const text = textOf(bytes);
  if (known === undefined && textByStart.size < maxKnown) textByStart.set(start, { bytes, text });
  return text;
}

function isSame(known: Uint8Array, source: Uint8Array, at: number): boolean {
  for (let index = 4; index < 16; index++) if (known[index] !== source[at + index]) return false;
  return true;
}

function textOf(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ].join('-');
}
