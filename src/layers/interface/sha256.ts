// SHA-256 (FIPS 180-4) of a text in UTF-8. Not from node:crypto, because this entry runs where there
// is no Node, and the Web's digest is asynchronous.
import { paddedBlocks } from '../../base/sha.js';

/** The first `count` primes' roots: the fractional bits that FIPS 180-4 takes its constants from. */
function fractions(count: number, root: (prime: number) => number): Uint32Array {
  const result = new Uint32Array(count);
  for (let candidate = 2, found = 0; found < count; candidate++) {
    let isPrime = true;
    for (let factor = 2; factor * factor <= candidate; factor++) {
      if (candidate % factor === 0) isPrime = false;
    }
    if (isPrime) result[found++] = (root(candidate) % 1) * 2 ** 32;
  }
  return result;
}

const constants = fractions(64, Math.cbrt);
const initial = fractions(8, Math.sqrt);

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/** The digest as 64 hexadecimal digits. */
export function sha256(text: string): string {
  const blocks = paddedBlocks(new TextEncoder().encode(text));
  const state = initial.slice();
  for (let at = 0; at < blocks.byteLength; at += 64) compress(state, blocks, at);
  return [...state].map((word) => word.toString(16).padStart(8, '0')).join('');
}

function compress(state: Uint32Array, view: DataView, at: number): void {
  const words = new Uint32Array(64);
  for (let i = 0; i < 16; i++) words[i] = view.getUint32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const [w2, w15] = [words[i - 2] as number, words[i - 15] as number];
    const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3);
    const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10);
    words[i] = (words[i - 16] as number) + s0 + (words[i - 7] as number) + s1;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    ...[number, number, number, number],
    ...[number, number, number, number],
  ];
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + s1 + choice + (constants[i] as number) + (words[i] as number)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + s0 + majority) | 0];
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) {
    state[i] = (state[i] as number) + word;
  }
}
