// The context of a trace in its two forms: 25 bytes on the bus, and the text `traceparent` of W3C
// Trace Context for tools; and how metadata has it.
import { maxMetadataBytes, metadataTag, metadataVersion } from './metadata-tag.js';

/** Bytes of a context: trace id 16, parent id 8, flags 1. */
export const contextBytes = 25;

const traceBytes = 16;
const flagsAt = 24;
/** Characters of `traceparent`, version 00. */
const textLength = 55;
const hyphen = 0x2d;
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01` */
export function formatTraceparent(context: Uint8Array): string {
  let text = '00-';
  for (let at = 0; at < contextBytes; at++) {
    if (at === traceBytes || at === flagsAt) text += '-';
    text += hex[context[at] as number];
  }
  return text;
}

/** The context in a `traceparent`; `undefined` if the text is none. */
export function parseTraceparent(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length < textLength || !areHyphensIn(text)) return undefined;
  const version = byteIn(text, 0);
  // A later version may say more, which is not ours to hand on.
  if (version < 0 || version === 0xff || (length > textLength && version === 0)) return undefined;
  if (length > textLength && text.charCodeAt(textLength) !== hyphen) return undefined;
  const context = new Uint8Array(contextBytes);
  let from = 3;
  for (let at = 0; at < contextBytes; at++) {
    if (at === traceBytes || at === flagsAt) from++;
    const byte = byteIn(text, from);
    if (byte < 0) return undefined;
    context[at] = byte;
    from += 2;
  }
  return isContext(context) ? context : undefined;
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

function areHyphensIn(text: string): boolean {
  return (
    text.charCodeAt(2) === hyphen &&
    text.charCodeAt(35) === hyphen &&
    text.charCodeAt(52) === hyphen
  );
}

// Two digits, in lower case as the standard wants them; negative if they are none.
function byteIn(text: string, at: number): number {
  return (digit(text.charCodeAt(at)) << 4) | digit(text.charCodeAt(at + 1));
}

// '0' is 48, 'a' is 97.
function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
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
  const view = new DataView(metadata.buffer, metadata.byteOffset, metadata.length);
  let context: Uint8Array | undefined;
  let state: Uint8Array | undefined;
  let cause: Cause | undefined;
  for (let at = 2; at + 2 <= metadata.length; ) {
    const tag = view.getUint8(at);
    const start = at + 2;
    at = start + view.getUint8(at + 1);
    if (at > metadata.length) return undefined;
    if (tag === metadataTag.trace) context = metadata.slice(start, at);
    else if (tag === metadataTag.traceState) state = metadata.slice(start, at);
    else if (tag === metadataTag.cause && at - start === 16) cause = readCause(view, start);
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

/** Reads the 16 bytes of a cause. */
export function readCause(view: DataView, at: number): Cause {
  return { peer: readNumber(view, at), id: readNumber(view, at + 8) };
}

/** Writes the 16 bytes of a cause. */
export function writeCause(view: DataView, at: number, { peer, id }: Cause): void {
  writeNumber(view, at, peer);
  writeNumber(view, at + 8, id);
}

// A u64 of at most 53 bits, without a bigint.
function writeNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

function readNumber(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
