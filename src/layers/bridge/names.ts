// Names of the bus as tokens of a broker and back. A broker's subjects and topics have characters of
// their own, so every byte of a name that is not safe there becomes '%' and two hexadecimal digits.

import { show } from '../../base/show.js';
import { refused } from './checks.js';

/** Writes names as tokens, one to one. */
export interface NameCoding {
  /**
   * The token of a name. An empty name is `%`.
   * @throws InvalidArgumentError if the name is no well-formed text.
   */
  encode(name: string): string;
  /** The name of a token; `undefined` if it is not exactly what `encode` makes of a name. */
  decode(token: string): string | undefined;
}

/** What is safe in subjects of NATS and in topics of MQTT alike. */
export const usualSafe = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const empty = '%';
const percent = 0x25;

/** A coding in which the characters of `safe`, all of ASCII, stand for themselves. */
export function nameCoding(safe: string = usualSafe): NameCoding {
  const isSafe = new Uint8Array(256);
  for (const character of safe) isSafe[character.charCodeAt(0)] = 1;
  // Otherwise a token could be read in two ways.
  isSafe[percent] = 0;
  return {
    encode: (name) => encode(name, isSafe),
    decode: (token) => decode(token, isSafe),
  };
}

function encode(name: string, isSafe: Uint8Array): string {
  if (typeof name !== 'string' || /\p{Surrogate}/u.test(name)) {
    throw refused(`a name is ${show(name)}; expected well-formed text`, 'name');
  }
  if (name === '') return empty;
  let token = '';
  for (const byte of encoder.encode(name)) {
    token += isSafe[byte] === 1 ? String.fromCharCode(byte) : `%${hexOf(byte)}`;
  }
  return token;
}

function decode(token: string, isSafe: Uint8Array): string | undefined {
  if (token === empty) return '';
  if (token === '') return undefined;
  const bytes = new Uint8Array(token.length);
  let size = 0;
  for (let at = 0; at < token.length; at++) {
    const code = token.charCodeAt(at);
    if (code !== percent) {
      if (code > 0x7f || isSafe[code] !== 1) return undefined;
      bytes[size++] = code;
      continue;
    }
    const digits = token.slice(at + 1, at + 3);
    if (!/^[0-9A-F]{2}$/.test(digits)) return undefined;
    const byte = Number.parseInt(digits, 16);
    if (isSafe[byte] === 1) return undefined;
    bytes[size++] = byte;
    at += 2;
  }
  try {
    return decoder.decode(bytes.subarray(0, size));
  } catch {
    return undefined;
  }
}

function hexOf(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
