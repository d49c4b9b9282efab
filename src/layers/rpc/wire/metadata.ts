// The metadata of a frame: a version byte, a byte of flags, then (tag u8, length u8, value) for each
// field; at most 240 bytes. Numbers are little-endian. A reader skips tags below 128 that it does
// not know, and refuses the frame for one from 128 on.

const version = 1;

/** The tags. They never change; a number is never reused. */
export const tag = {
  /** u32: milliseconds that are left. Remaining time, because clocks are never compared. */
  deadline: 1,
  /** u32 items, u32 bytes: what the sender of the other direction may send in addition. */
  credit: 2,
  /** 25 bytes: trace id 16, parent id 8, flags 1. */
  trace: 3,
  /** UTF-8. */
  traceState: 4,
  /** u64. */
  sequence: 5,
  /** u64. */
  position: 6,
  /** 8 bytes for each bridge that the message came through. */
  hops: 7,
  /** u8: how often the call was sent before. */
  attempt: 8,
} as const;

/** Tags from this on must be understood. */
const firstCritical = 128;

/** The largest number of milliseconds that fits; a longer deadline is none. */
export const maxDeadline = 0xffff_ffff;

/** The fields that calls use. */
export interface Metadata {
  /** Milliseconds left; `undefined` for no deadline. */
  readonly deadline: number | undefined;
  readonly creditItems: number;
  readonly creditBytes: number;
  readonly attempt: number;
  /** Trace id, parent id and flags, 25 bytes. */
  readonly trace: Uint8Array | undefined;
}

/** What a frame without metadata has. */
export const noMetadata: Metadata = Object.freeze({
  deadline: undefined,
  creditItems: 0,
  creditBytes: 0,
  attempt: 0,
  trace: undefined,
});

/** The metadata of a frame; `undefined` if it needs none. */
export function writeMetadata(fields: Metadata): Uint8Array | undefined {
  const { deadline, creditItems, creditBytes, attempt, trace } = fields;
  const credit = creditItems > 0 || creditBytes > 0;
  const length =
    (deadline === undefined ? 0 : 6) +
    (credit ? 10 : 0) +
    (attempt > 0 ? 3 : 0) +
    (trace === undefined ? 0 : 2 + trace.length);
  if (length === 0) return undefined;
  const bytes = new Uint8Array(2 + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = version;
  let at = 2;
  if (deadline !== undefined) {
    at = header(bytes, at, tag.deadline, 4);
    view.setUint32(at, Math.min(maxDeadline, Math.max(0, Math.ceil(deadline))), true);
    at += 4;
  }
  if (credit) {
    at = header(bytes, at, tag.credit, 8);
    view.setUint32(at, creditItems, true);
    view.setUint32(at + 4, creditBytes, true);
    at += 8;
  }
  if (attempt > 0) {
    at = header(bytes, at, tag.attempt, 1);
    bytes[at++] = attempt;
  }
  if (trace !== undefined) bytes.set(trace, header(bytes, at, tag.trace, trace.length));
  return bytes;
}

function header(bytes: Uint8Array, at: number, tagNumber: number, length: number): number {
  bytes[at] = tagNumber;
  bytes[at + 1] = length;
  return at + 2;
}

/**
 * Reads the metadata of a frame, which a peer wrote.
 * @throws TypeError if it is malformed, or has a tag that must be understood and is not.
 */
export function readMetadata(bytes: Uint8Array | undefined): Metadata {
  if (bytes === undefined || bytes.length === 0) return noMetadata;
  if (bytes.length < 2 || bytes[0] !== version) {
    throw new TypeError(`metadata has version ${bytes[0]}; expected ${version}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let { deadline, creditItems, creditBytes, attempt, trace } = noMetadata;
  for (let at = 2; at < bytes.length; ) {
    if (at + 2 > bytes.length) throw new TypeError('metadata ends within a field');
    const name = view.getUint8(at);
    const length = view.getUint8(at + 1);
    const start = at + 2;
    at = start + length;
    if (at > bytes.length) throw new TypeError('metadata ends within a field');
    if (name === tag.deadline) {
      expectLength(name, length, 4);
      deadline = view.getUint32(start, true);
    } else if (name === tag.credit) {
      expectLength(name, length, 8);
      creditItems = view.getUint32(start, true);
      creditBytes = view.getUint32(start + 4, true);
    } else if (name === tag.attempt) {
      expectLength(name, length, 1);
      attempt = view.getUint8(start);
    } else if (name === tag.trace) {
      expectLength(name, length, 25);
      trace = bytes.slice(start, at);
    } else if (name >= firstCritical) {
      throw new TypeError(`metadata has tag ${name}, which this version does not know`);
    }
  }
  return { deadline, creditItems, creditBytes, attempt, trace };
}

function expectLength(name: number, length: number, expected: number): void {
  if (length === expected) return;
  throw new TypeError(`metadata tag ${name} has ${length} bytes; expected ${expected}`);
}
