// What one bridge sends to another about a line between them: the payload of a message of NATS.
//
//   kind u8 | number u32, little-endian | content
//
// Packets of a line are numbered from 0 in each direction. NATS delivers those of one sender in order,
// and may lose some: a gap ends the line.

/** The kinds of packets. */
export const packetKind = {
  /** Asks for a line; the reply subject is its address at the side that asks. */
  open: 1,
  /** Grants it; the reply subject is its address at this side. */
  accept: 2,
  /** Bytes of a wire. */
  data: 3,
  /** So many bytes were taken: u32. */
  taken: 4,
  /** Nothing more comes. */
  close: 5,
} as const;

/** Bytes before the content. */
export const packetHead = 5;

/** A packet as it arrived. */
export interface Packet {
  readonly kind: number;
  readonly number: number;
  readonly content: Uint8Array;
}

/** Writes a packet. */
export function writePacket(kind: number, number: number, content: Uint8Array): Uint8Array {
  const packet = new Uint8Array(packetHead + content.length);
  packet[0] = kind;
  new DataView(packet.buffer).setUint32(1, number, true);
  packet.set(content, packetHead);
  return packet;
}

/** Reads a packet; `undefined` if it is none. */
export function readPacket(bytes: Uint8Array): Packet | undefined {
  if (bytes.length < packetHead) return undefined;
  const kind = bytes[0] as number;
  if (kind < packetKind.open || kind > packetKind.close) return undefined;
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true);
  return { kind, number, content: bytes.subarray(packetHead) };
}

/** The content of `taken`. */
export function writeTaken(count: number): Uint8Array {
  const content = new Uint8Array(4);
  new DataView(content.buffer).setUint32(0, count, true);
  return content;
}

/** The content of `taken`; 0 if it is none. */
export function readTaken(content: Uint8Array): number {
  if (content.length !== 4) return 0;
  return new DataView(content.buffer, content.byteOffset).getUint32(0, true);
}
