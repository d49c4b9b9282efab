// UUIDs as text (RFC 9562): whether a text is one, and those of version 5, which are made from names.
// Not from a package: it would be loaded by every program, with all the versions that nobody uses.
import { sha1 } from './sha1.js';

// Versions 1 to 8 of the variant of RFC 9562, and the two special ones.
const pattern =
  /^(?:[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}|0{8}-0{4}-0{4}-0{4}-0{12}|f{8}-f{4}-f{4}-f{4}-f{12})$/i;

/** Whether a text is a UUID: 36 characters, in upper or lower case. */
export function isUuid(text: string): boolean {
  return pattern.test(text);
}

/** The UUID of version 5 that a name has in a namespace, which is a UUID itself; in lower case. */
export function nameUuid(name: string, namespace: string): string {
  const text = utf8(name);
  const bytes = new Uint8Array(16 + text.length);
  const digits = namespace.replaceAll('-', '');
  for (let at = 0; at < 16; at++) {
    bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  }
  bytes.set(text, 16);
  const hash = sha1(bytes).subarray(0, 16);
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

// Not by TextEncoder, which is no global in every environment, as in jsdom.
function utf8(text: string): Uint8Array {
  const wellFormed = text.replace(/\p{Surrogate}/gu, '\ufffd');
  const signs = encodeURIComponent(wellFormed).match(/%..|./g) ?? [];
  return Uint8Array.from(signs, (sign) =>
    sign.length === 1 ? sign.charCodeAt(0) : Number.parseInt(sign.slice(1), 16),
  );
}
