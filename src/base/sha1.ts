// SHA-1 (FIPS 180-4), for UUIDs of version 5; it protects nothing. Not from node:crypto, because
// interfaces also run where there is no Node, and the Web's digest is asynchronous.
import { paddedBlocks } from './sha.js';

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** The 20 bytes of the digest. */
export function sha1(content: Uint8Array): Uint8Array {
  const blocks = paddedBlocks(content);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  for (let at = 0; at < blocks.byteLength; at += 64) compress(state, blocks, at);
  const digest = new Uint8Array(20);
  const out = new DataView(digest.buffer);
  for (const [index, word] of state.entries()) out.setUint32(4 * index, word);
  return digest;
}

function compress(state: Uint32Array, view: DataView, at: number): void {
  const words = new Uint32Array(80);
  for (let i = 0; i < 16; i++) words[i] = view.getUint32(at + 4 * i);
  for (let i = 16; i < 80; i++) {
    const before = (back: number) => words[i - back] as number;
    words[i] = rotate(before(3) ^ before(8) ^ before(14) ^ before(16), 1);
  }
  let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
  for (let i = 0; i < 80; i++) {
    const next = (rotate(a, 5) + mixed(i, b, c, d) + e + (words[i] as number)) | 0;
    [e, d, c, b, a] = [d, c, rotate(b, 30), a, next];
  }
  for (const [i, word] of [a, b, c, d, e].entries()) state[i] = (state[i] as number) + word;
}

// The function and the constant of a round.
function mixed(round: number, b: number, c: number, d: number): number {
  if (round < 20) return ((b & c) ^ (~b & d)) + 0x5a827999;
  if (round < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (round < 60) return ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}
