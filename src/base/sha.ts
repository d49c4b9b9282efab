// What the hashes of FIPS 180-4 with words of 32 bits have in common.

/** A content in blocks of 64 bytes, padded as the standard says: a one, zeros, its length in bits. */
export function paddedBlocks(content: Uint8Array): DataView {
  const size = (((content.length + 8) >> 6) + 1) << 6;
  const padded = new Uint8Array(size);
  padded.set(content);
  padded[content.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(size - 8, BigInt(content.length) * 8n);
  return view;
}
