// The context of a trace in its two forms: 25 bytes on the bus, and the text `traceparent` of W3C
// Trace Context for tools; and how metadata has it.
import { maxMetadataBytes, metadataTag, metadataVersion } from './metadata-tag.js';

/** Bytes of a context: trace id 16, parent id 8, flags 1. */
export const contextBytes = 25;
/** Bytes of a {@link Cause}: two numbers of 64 bits. */
export const causeBytes = 16;

const traceBytes = 16;
const flagsAt = 24;
/** Characters of `traceparent`, version 00. */
const textLength = 55;
const hyphen = 0x2d;
const hexDigits = '0123456789abcdef';
/** The value of a digit, in lower case as the standard wants them, by its character; else -1. */
const digitOf = Int8Array.from({ length: 256 }, (_, code) =>
  hexDigits.indexOf(String.fromCharCode(code)),
);
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01` */
export function formatTraceparent(context: Uint8Array): string {
  return `00-${traceIdOf(context)}-${parentIdOf(context)}-${hex[flagsOf(context)]}`;
}

/** The 25 bytes of a context whose ids are hexadecimal; `undefined` if they are no such ids. */
export function contextOf(
  traceId: string,
  parentId: string,
  flags: number,
): Uint8Array | undefined {
  if (traceId.length !== 2 * traceBytes || parentId.length !== 2 * (flagsAt - traceBytes)) {
    return undefined;
  }
  const context = new Uint8Array(contextBytes);
  const known = readHex(traceId, 0, context, 0, traceBytes);
  if (!known || !readHex(parentId, 0, context, traceBytes, flagsAt)) return undefined;
  context[flagsAt] = flags;
  return isContext(context) ? context : undefined;
}

/** The trace id of a context, as 32 hexadecimal digits. */
export function traceIdOf(context: Uint8Array): string {
  return hexOf(context, 0, traceBytes);
}

/** The parent id of a context, as 16 hexadecimal digits. */
export function parentIdOf(context: Uint8Array): string {
  return hexOf(context, traceBytes, flagsAt);
}

/** The flags of a context; bit 0 says that it is sampled. */
export function flagsOf(context: Uint8Array): number {
  return context[flagsAt] ?? 0;
}

/** The context in a `traceparent`; `undefined` if the text is none. */
export function parseTraceparent(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length < textLength || !areHyphensIn(text)) return undefined;
  const context = new Uint8Array(contextBytes);
  if (!readHex(text, 0, context, 0, 1)) return undefined;
  const [version] = context;
  // A later version may say more, which is not ours to hand on.
  if (version === 0xff || (length > textLength && version === 0)) return undefined;
  if (length > textLength && text.charCodeAt(textLength) !== hyphen) return undefined;
  const whole =
    readHex(text, 3, context, 0, traceBytes) &&
    readHex(text, 36, context, traceBytes, flagsAt) &&
    readHex(text, 53, context, flagsAt, contextBytes);
  return whole && isContext(context) ? context : undefined;
}

/** Whether a context has both ids, as a peer should have written it. */
export function isContext(bytes: Uint8Array): boolean {
  if (bytes.length !== contextBytes) return false;
  let trace = 0;
  let parent = 0;
  for (let at = 0; at < traceBytes; at++) trace |= bytes[at] as number;
  for (let at = traceBytes; at < flagsAt; at++) parent |= bytes[at] as number;
  return trace !== 0 && parent !== 0;
}

function hexOf(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) text += hex[bytes[at] as number];
  return text;
}

// Whether the digits at `start` are as many bytes, which then lie at `from` to `to`. By a table:
// digits of ids are random, so that a processor would guess half of all branches wrong.
function readHex(text: string, start: number, into: Uint8Array, from: number, to: number): boolean {
  let wrong = 0;
  for (let at = from, digits = start; at < to; at++, digits += 2) {
    const high = text.charCodeAt(digits);
    const low = text.charCodeAt(digits + 1);
    const byte = ((digitOf[high & 0xff] as number) << 4) | (digitOf[low & 0xff] as number);
    wrong |= byte | (0xff - (high | low));
    into[at] = byte;
  }
  return wrong >= 0;
}

function areHyphensIn(text: string): boolean {
  return (
    text.charCodeAt(2) === hyphen &&
    text.charCodeAt(35) === hyphen &&
    text.charCodeAt(52) === hyphen
  );
}

/** The message that a call is made for: that of the call in whose method it is made. */
export interface Cause {
  /** The endpoint that sent it. */
  readonly peer: number;
  /** Its number there. */
  readonly id: number;
}

/** What the metadata of a message says about a trace. */
export interface Trace {
  /** Trace id, parent id and flags, 25 bytes. */
  readonly context: Uint8Array;
  /** `tracestate` as UTF-8. */
  readonly state: Uint8Array | undefined;
  /** For tools that see all messages: whose calls these are. */
  readonly cause: Cause | undefined;
}

/** The trace in metadata that may be anything; `undefined` for none. */
export function traceOf(metadata: Uint8Array | undefined): Trace | undefined {
  if (metadata === undefined || metadata[0] !== metadataVersion) return undefined;
  let context: Uint8Array | undefined;
  let state: Uint8Array | undefined;
  let cause: Cause | undefined;
  for (let at = 2; at + 2 <= metadata.length; ) {
    const tag = metadata[at];
    const start = at + 2;
    at = start + (metadata[at + 1] as number);
    if (at > metadata.length) return undefined;
    if (tag === metadataTag.trace) context = metadata.slice(start, at);
    else if (tag === metadataTag.traceState) state = metadata.slice(start, at);
    else if (tag === metadataTag.cause && at - start === causeBytes) {
      cause = readCause(metadata, start);
    }
  }
  if (context === undefined || !isContext(context)) return undefined;
  return { context, state, cause };
}

/** Metadata with a trace and nothing else. A state that does not fit is left out. */
export function metadataOf({ context, state }: Trace): Uint8Array {
  const head = 4 + context.length;
  const fits = state !== undefined && head + 2 + state.length <= maxMetadataBytes;
  const bytes = new Uint8Array(head + (fits ? 2 + state.length : 0));
  bytes.set([metadataVersion, 0, metadataTag.trace, context.length]);
  bytes.set(context, 4);
  if (fits) {
    bytes.set([metadataTag.traceState, state.length], head);
    bytes.set(state, head + 2);
  }
  return bytes;
}

/** Reads the bytes of a cause. */
export function readCause(bytes: Uint8Array, at: number): Cause {
  return { peer: readNumber(bytes, at), id: readNumber(bytes, at + 8) };
}

/** Writes the bytes of a cause. */
export function writeCause(bytes: Uint8Array, at: number, { peer, id }: Cause): void {
  writeNumber(bytes, at, peer);
  writeNumber(bytes, at + 8, id);
}

// Little-endian numbers without a DataView, which takes longer to make than these to read.

/** Reads 32 bits, without a sign. */
export function readU32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  const high = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8);
  return (low | (high << 16)) >>> 0;
}

/** Writes 32 bits; returns the index behind them. */
export function writeU32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

// A u64 of at most 53 bits, without a bigint.
function writeNumber(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, writeU32(bytes, at, value >>> 0), Math.floor(value / 2 ** 32));
}

function readNumber(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) + readU32(bytes, at + 4) * 2 ** 32;
}
