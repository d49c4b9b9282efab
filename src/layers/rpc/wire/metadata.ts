// The metadata of a frame, as calls write and read it. The fields and their form are in
// src/base/metadata-tag.ts, which other layers use, too.
import {
  firstCriticalTag,
  maxMetadataBytes,
  metadataTag as tag,
  metadataVersion as version,
} from '../../../base/metadata-tag.js';
import { type Cause, readCause, type Trace, writeCause } from '../../../base/trace-context.js';

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
    (trace?.cause === undefined ? 0 : 18);
  if (needed === 0) return undefined;
  const state = fitting(trace?.state, maxMetadataBytes - 2 - needed);
  const bytes = new Uint8Array(2 + needed + (state === undefined ? 0 : 2 + state.length));
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
  if (trace !== undefined) at = field(bytes, at, tag.trace, trace.context);
  if (trace?.cause !== undefined) {
    at = header(bytes, at, tag.cause, 16);
    writeCause(view, at, trace.cause);
    at += 16;
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
  bytes.set(value, start);
  return start + value.length;
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
  let { deadline, creditItems, creditBytes, attempt } = noMetadata;
  let context: Uint8Array | undefined;
  let state: Uint8Array | undefined;
  let cause: Cause | undefined;
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
      context = bytes.slice(start, at);
    } else if (name === tag.traceState) {
      state = bytes.slice(start, at);
    } else if (name === tag.cause) {
      expectLength(name, length, 16);
      cause = readCause(view, start);
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
