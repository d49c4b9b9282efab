// Packets of a line that errs: COBS between zeros, a checksum at the end of each.
//
//   kind u8 | number u8 | content | CRC-32C of these, little-endian
import { decodeCobs, encodeCobs } from './cobs.js';
import { crc32c } from './crc32c.js';

/** What a packet is. */
export const packetKind = {
  /** A part of a frame; another one follows. */
  part: 0,
  /** The last part of a frame. */
  last: 1,
  /** All before `number` has come. */
  ack: 2,
  /** All before `number` has come, and something behind it was lost. */
  nack: 3,
  /** The sender begins; its next packet is number 0. */
  begin: 4,
} as const;

/** A packet that arrived unchanged. */
export interface Packet {
  readonly kind: number;
  readonly number: number;
  readonly content: Uint8Array;
}

const overhead = 6;

/** Bytes of a frame in one packet: few enough that most packets pass a line with one wrong bit in 10⁴. */
export const contentBytes = 128;

/** The most bytes between two zeros. */
const mostEncoded = contentBytes + overhead + 2;

/** A packet as the bytes of the line. */
export function writePacket(kind: number, number: number, content: Uint8Array): Uint8Array {
  const packet = new Uint8Array(content.length + overhead);
  packet[0] = kind;
  packet[1] = number;
  packet.set(content, 2);
  const end = content.length + 2;
  new DataView(packet.buffer).setUint32(end, crc32c(packet.subarray(0, end)), true);
  return encodeCobs(packet);
}

/** Finds packets in bytes that come in any pieces, and holds no more than one. */
export class PacketReader {
  readonly #held = new Uint8Array(mostEncoded);
  #size = 0;
  #skips = false;

  /** Reads bytes; `undefined` stands for a packet that was changed on its way. */
  push(bytes: Uint8Array, packet: (packet: Packet | undefined) => void): void {
    for (const byte of bytes) {
      if (byte === 0) {
        this.#end(packet);
      } else if (this.#size === mostEncoded) {
        this.#skips = true;
      } else {
        this.#held[this.#size++] = byte;
      }
    }
  }

  #end(packet: (packet: Packet | undefined) => void): void {
    const encoded = this.#held.subarray(0, this.#size);
    const skipped = this.#skips;
    this.#size = 0;
    this.#skips = false;
    // Zeros between packets are nothing.
    if (encoded.length === 0 && !skipped) return;
    packet(skipped ? undefined : readPacket(encoded));
  }
}

function readPacket(encoded: Uint8Array): Packet | undefined {
  const packet = decodeCobs(encoded);
  if (packet === undefined || packet.length < overhead) return undefined;
  const end = packet.length - 4;
  const expected = new DataView(packet.buffer, packet.byteOffset).getUint32(end, true);
  if (crc32c(packet.subarray(0, end)) !== expected) return undefined;
  return { kind: packet[0] as number, number: packet[1] as number, content: packet.slice(2, end) };
}
