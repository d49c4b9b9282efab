// Consistent Overhead Byte Stuffing: bytes without any zero, so that a zero ends each packet and a
// reader that has lost its place finds the next one.

/** Encodes a packet; the zero that ends it is the last byte. */
export function encodeCobs(packet: Uint8Array): Uint8Array {
  const encoded = new Uint8Array(packet.length + Math.ceil(packet.length / 254) + 2);
  let codeAt = 0;
  let at = 1;
  for (const [index, byte] of packet.entries()) {
    if (byte !== 0) encoded[at++] = byte;
    if (byte === 0 || at - codeAt === 0xff) {
      encoded[codeAt] = at - codeAt;
      codeAt = at++;
      // A full block at the very end needs no other one behind it.
      if (byte !== 0 && index === packet.length - 1) return encoded.subarray(0, codeAt + 1);
    }
  }
  encoded[codeAt] = at - codeAt;
  return encoded.subarray(0, at + 1);
}

/** Decodes a packet without its zero; `undefined` if it is none. */
export function decodeCobs(encoded: Uint8Array): Uint8Array | undefined {
  const packet = new Uint8Array(encoded.length);
  let to = 0;
  for (let at = 0; at < encoded.length; ) {
    const code = encoded[at++] as number;
    const end = at + code - 1;
    if (code === 0 || end > encoded.length) return undefined;
    while (at < end) {
      const byte = encoded[at++] as number;
      if (byte === 0) return undefined;
      packet[to++] = byte;
    }
    if (code < 0xff && at < encoded.length) packet[to++] = 0;
  }
  return packet.subarray(0, to);
}
