// Writes pcapng: the blocks that `capture` needs. One section, an interface for the bus, a packet for
// each observation. All numbers are little-endian, as the section header says.

const byteOrder = 0x1a2b3c4d;
const sectionType = 0x0a0d0d0a;
const interfaceType = 1;
const packetType = 6;
const statisticsType = 5;
/** LINKTYPE_USER0: private use, which a dissector is registered for. */
const linkType = 147;

/** Options of blocks. */
const option = {
  end: 0,
  comment: 1,
  application: 4,
  name: 2,
  description: 3,
  resolution: 9,
  dropCount: 4,
  received: 4,
  dropped: 5,
} as const;

interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/** A packet. */
export interface Packet {
  /** Microseconds since 1970. */
  readonly time: bigint;
  readonly bytes: Uint8Array;
  /** The length that it would have if all of it had been captured. */
  readonly length: number;
  readonly comment: string;
  /** Packets lost before this one. */
  readonly dropped: number;
}

/** The section and its one interface: what a file begins with. */
export function fileHead(application: string, bus: string): Uint8Array {
  const section = block(
    sectionType,
    // The length of the section is not known: -1.
    concat([u32(byteOrder), u16(1), u16(0), u64(0xffff_ffff_ffff_ffffn)]),
    [{ code: option.application, value: text(application) }],
  );
  const description = block(interfaceType, concat([u16(linkType), u16(0), u32(0)]), [
    { code: option.name, value: text(bus) },
    { code: option.description, value: text(`Busbar: bus '${bus}'`) },
    // 10^-6 seconds.
    { code: option.resolution, value: Uint8Array.of(6) },
  ]);
  return concat([section, description]);
}

/** A packet. */
export function packetBlock({ time, bytes, length, comment, dropped }: Packet): Uint8Array {
  const fixed = concat([u32(0), ...timestamp(time), u32(bytes.length), u32(length), padded(bytes)]);
  return block(packetType, fixed, [
    ...(comment === '' ? [] : [{ code: option.comment, value: text(comment) }]),
    ...(dropped > 0 ? [{ code: option.dropCount, value: u64(BigInt(dropped)) }] : []),
  ]);
}

/** How many there were in all, and how many of them were lost: what a file ends with. */
export function statisticsBlock(time: bigint, received: number, dropped: number): Uint8Array {
  return block(statisticsType, concat([u32(0), ...timestamp(time)]), [
    { code: option.received, value: u64(BigInt(received)) },
    { code: option.dropped, value: u64(BigInt(dropped)) },
  ]);
}

function block(type: number, fixed: Uint8Array, options: readonly Option[]): Uint8Array {
  const parts = options.flatMap(({ code, value }) => [u16(code), u16(value.length), padded(value)]);
  if (options.length > 0) parts.push(u16(option.end), u16(0));
  const body = concat([fixed, ...parts]);
  const total = u32(body.length + 12);
  return concat([u32(type), total, body, total]);
}

/** In two halves, the higher one first. */
function timestamp(time: bigint): readonly Uint8Array[] {
  return [u32(Number(time >> 32n)), u32(Number(time & 0xffff_ffffn))];
}

/** A text of an option has 65,535 bytes at most; these are cut long before, at a character. */
function text(value: string): Uint8Array {
  return new TextEncoder().encode(value.slice(0, 4096));
}

function padded(bytes: Uint8Array): Uint8Array {
  const rest = (4 - (bytes.length % 4)) % 4;
  return rest === 0 ? bytes : concat([bytes, new Uint8Array(rest)]);
}

/** Several byte arrays as one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Little-endian numbers. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff);
}

/** Little-endian. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Little-endian. */
export function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
