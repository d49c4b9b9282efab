// The metadata of a frame, as calls write and read it. The fields and their form are in
// src/base/metadata-tag.ts, which other layers use, too.
import {
  firstCriticalTag,
  maxMetadataBytes,
  metadataTag as tag,
  metadataVersion as version,
} from '../../../base/metadata-tag.js';
import {
  type Cause,
  causeBytes,
  contextBytes,
  readCause,
  readU32,
  type Trace,
  writeCause,
  writeU32,
} from '../../../base/trace-context.js';

export type { Cause, Trace } from '../../../base/trace-context.js';

/** The largest number of milliseconds that fits; a longer deadline is none. */
export const maxDeadline = 0xffff_ffff;

/** The fields that calls use. */
export interface Metadata {
  /** Milliseconds left; `undefined` for no deadline. */
  readonly deadline: number | undefined;
  readonly creditItems: number;
  readonly creditBytes: number;
  readonly attempt: number;
  readonly trace: Trace | undefined;
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
  const needed =
    (deadline === undefined ? 0 : 6) +
    (credit ? 10 : 0) +
    (attempt > 0 ? 3 : 0) +
    (trace === undefined ? 0 : 2 + trace.context.length) +
    (trace?.cause === undefined ? 0 : 2 + causeBytes);
  if (needed === 0) return undefined;
  const state = fitting(trace?.state, maxMetadataBytes - 2 - needed);
  const bytes = new Uint8Array(2 + needed + (state === undefined ? 0 : 2 + state.length));
  bytes[0] = version;
  let at = 2;
  if (deadline !== undefined) {
    at = header(bytes, at, tag.deadline, 4);
    at = writeU32(bytes, at, Math.min(maxDeadline, Math.max(0, Math.ceil(deadline))));
  }
  if (credit) {
    at = header(bytes, at, tag.credit, 8);
    at = writeU32(bytes, at, creditItems);
    at = writeU32(bytes, at, creditBytes);
  }
  if (attempt > 0) {
    at = header(bytes, at, tag.attempt, 1);
    bytes[at++] = attempt;
  }
  if (trace !== undefined) at = field(bytes, at, tag.trace, trace.context);
  if (trace?.cause !== undefined) {
    at = header(bytes, at, tag.cause, causeBytes);
    writeCause(bytes, at, trace.cause);
    at += causeBytes;
  }
  if (state !== undefined) field(bytes, at, tag.traceState, state);
  return bytes;
}

// What belongs to the call comes first; W3C Trace Context allows that a `tracestate` is dropped.
function fitting(state: Uint8Array | undefined, room: number): Uint8Array | undefined {
  return state !== undefined && 2 + state.length <= room ? state : undefined;
}

function header(bytes: Uint8Array, at: number, tagNumber: number, length: number): number {
  bytes[at] = tagNumber;
  bytes[at + 1] = length;
  return at + 2;
}

function field(bytes: Uint8Array, at: number, tagNumber: number, value: Uint8Array): number {
  const start = header(bytes, at, tagNumber, value.length);
  // In a loop: for so few bytes, set() and slice() take longer.
  for (let index = 0; index < value.length; index++) bytes[start + index] = value[index] as number;
  return start + value.length;
}

function copied(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start);
  for (let index = 0; index < copy.length; index++) copy[index] = bytes[start + index] as number;
  return copy;
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
  let { deadline, creditItems, creditBytes, attempt } = noMetadata;
  let context: Uint8Array | undefined;
  let state: Uint8Array | undefined;
  let cause: Cause | undefined;
  for (let at = 2; at < bytes.length; ) {
    if (at + 2 > bytes.length) throw new TypeError('metadata ends within a field');
    const name = bytes[at] as number;
    const length = bytes[at + 1] as number;
    const start = at + 2;
    at = start + length;
    if (at > bytes.length) throw new TypeError('metadata ends within a field');
    if (name === tag.deadline) {
      expectLength(name, length, 4);
      deadline = readU32(bytes, start);
    } else if (name === tag.credit) {
      expectLength(name, length, 8);
      creditItems = readU32(bytes, start);
      creditBytes = readU32(bytes, start + 4);
    } else if (name === tag.attempt) {
      expectLength(name, length, 1);
      attempt = bytes[start] as number;
    } else if (name === tag.trace) {
      expectLength(name, length, contextBytes);
      context = copied(bytes, start, at);
    } else if (name === tag.traceState) {
      state = copied(bytes, start, at);
    } else if (name === tag.cause) {
      expectLength(name, length, causeBytes);
      cause = readCause(bytes, start);
    } else if (name >= firstCriticalTag) {
      throw new TypeError(`metadata has tag ${name}, which this version does not know`);
    }
  }
  const trace = context === undefined ? undefined : { context, state, cause };
  return { deadline, creditItems, creditBytes, attempt, trace };
}

/** Whether a frame may be used: its metadata is well-formed, and nothing in it must be understood. */
export function isUnderstood(bytes: Uint8Array | undefined): boolean {
  if (bytes === undefined) return true;
  try {
    readMetadata(bytes);
    return true;
  } catch {
    return false;
  }
}

function expectLength(name: number, length: number, expected: number): void {
  if (length === expected) return;
  throw new TypeError(`metadata tag ${name} has ${length} bytes; expected ${expected}`);
}
