// Texts and keys of received MessagePack. Short ones are built here, since a native call costs
// more. Keys are looked up before they are decoded, since most messages have the same keys as the
// message before.
import { decodeUtf8 } from '../../utf8.js';

/** Shorter ASCII texts are built without a native call. */
const shortText = 16;

const cacheSize = 4096;

interface Key {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** The most recent keys, by a hash of their bytes. */
const keys = new Array<Key | undefined>(cacheSize).fill(undefined);

/** The text in `length` bytes of `source` from `at` on. Throws if they are not UTF-8. */
export function textOf(source: Uint8Array, at: number, length: number): string {
  if (length < shortText) {
    const text = asciiOf(source, at, length);
    if (text !== undefined) return text;
  }
  const text = decodeUtf8(source, at, at + length);
  if (text === undefined) throw new TypeError('text that is not valid UTF-8');
  return text;
}

/** As {@link textOf}, for a key of at most 31 bytes. */
export function keyOf(source: Uint8Array, at: number, length: number): string {
  if (length === 0) return '';
  const first = source[at] as number;
  const middle = source[at + (length >> 1)] as number;
  const last = source[at + length - 1] as number;
  const hash = (first ^ (middle << 3) ^ (last << 6) ^ (length << 2)) & (cacheSize - 1);
  const known = keys[hash];
  if (known !== undefined && sameBytes(known.bytes, source, at, length)) return known.text;
  const text = keyNamed(interned(textOf(source, at, length)));
  keys[hash] = { bytes: source.slice(at, at + length), text };
  return text;
}

/** Renames the one dangerous key, so that no peer can set the prototype of an object. */
export function keyNamed(key: string): string {
  return key === '__proto__' ? '__proto_' : key;
}

// The engine keeps one string for all properties of a name, and looks up that very string fastest.
function interned(text: string): string {
  return Object.keys({ [text]: 0 })[0] as string;
}

function sameBytes(bytes: Uint8Array, source: Uint8Array, at: number, length: number): boolean {
  if (bytes.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (bytes[index] !== source[at + index]) return false;
  }
  return true;
}

const { fromCharCode } = String;

/** The text in fewer than 16 bytes; `undefined` if they are not all ASCII. */
function asciiOf(source: Uint8Array, at: number, length: number): string | undefined {
  let all = 0;
  for (let index = 0; index < length; index++) all |= source[at + index] as number;
  if (all > 0x7f) return undefined;
  switch (length) {
    case 0:
      return '';
    case 1:
      return fromCharCode(source[at] as number);
    case 2:
      return fromCharCode(source[at] as number, source[at + 1] as number);
    case 3:
      return fromCharCode(source[at] as number, source[at + 1] as number, source[at + 2] as number);
    case 4:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
      );
    case 5:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
      );
    case 6:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
        source[at + 5] as number,
      );
    case 7:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
        source[at + 5] as number,
        source[at + 6] as number,
      );
    case 8:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
        source[at + 5] as number,
        source[at + 6] as number,
        source[at + 7] as number,
      );
    case 9:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
        source[at + 5] as number,
        source[at + 6] as number,
        source[at + 7] as number,
        source[at + 8] as number,
      );
    case 10:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
        source[at + 5] as number,
        source[at + 6] as number,
        source[at + 7] as number,
        source[at + 8] as number,
        source[at + 9] as number,
      );
    case 11:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
        source[at + 5] as number,
        source[at + 6] as number,
        source[at + 7] as number,
        source[at + 8] as number,
        source[at + 9] as number,
        source[at + 10] as number,
      );
    case 12:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
        source[at + 5] as number,
        source[at + 6] as number,
        source[at + 7] as number,
        source[at + 8] as number,
        source[at + 9] as number,
        source[at + 10] as number,
        source[at + 11] as number,
      );
    case 13:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
        source[at + 5] as number,
        source[at + 6] as number,
        source[at + 7] as number,
        source[at + 8] as number,
        source[at + 9] as number,
        source[at + 10] as number,
        source[at + 11] as number,
        source[at + 12] as number,
      );
    case 14:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
        source[at + 5] as number,
        source[at + 6] as number,
        source[at + 7] as number,
        source[at + 8] as number,
        source[at + 9] as number,
        source[at + 10] as number,
        source[at + 11] as number,
        source[at + 12] as number,
        source[at + 13] as number,
      );
    case 15:
      return fromCharCode(
        source[at] as number,
        source[at + 1] as number,
        source[at + 2] as number,
        source[at + 3] as number,
        source[at + 4] as number,
        source[at + 5] as number,
        source[at + 6] as number,
        source[at + 7] as number,
        source[at + 8] as number,
        source[at + 9] as number,
        source[at + 10] as number,
        source[at + 11] as number,
        source[at + 12] as number,
        source[at + 13] as number,
        source[at + 14] as number,
      );
    default:
      return undefined;
  }
}
