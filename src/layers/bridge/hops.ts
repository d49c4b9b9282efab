// Which bridges a message came through, and where it entered the first one: fields of its metadata on
// a bus, headers at a broker. With them no message goes through a bridge twice, in any graph.
import { randomBytes } from 'node:crypto';
import {
  maxMetadataBytes,
  metadataTag,
  metadataVersion as version,
} from '../../base/metadata-tag.js';

/** Bytes of a bridge's number. */
export const hopBytes = 8;

/** Bridges that a message goes through at most. */
export const maxHops = 8;

/** The message as it was on the bus where it entered its first bridge. */
export interface Origin {
  /** The endpoint that sent it. */
  readonly peer: number;
  /** The number that it had there. */
  readonly id: number;
}

/** Where a message has been. */
export interface Path {
  /** The numbers of the bridges, `hopBytes` each, the first one first. */
  readonly hops: Uint8Array;
  /** `undefined` if no bridge knew. */
  readonly origin: Origin | undefined;
}

/** Metadata of a message, taken apart. */
export interface Passage extends Path {
  /** The other fields, without the two bytes before them; empty for none. */
  readonly fields: Uint8Array;
}

const none = new Uint8Array(0);
const originBytes = 16;

/** The path of a message that came from nowhere. */
export const noPassage: Passage = Object.freeze({ hops: none, origin: undefined, fields: none });

/** A new number of a bridge: random, so that two are never the same. */
export function newBridgeId(): Uint8Array {
  return new Uint8Array(randomBytes(hopBytes));
}

/**
 * Takes metadata apart. Returns `undefined` if it is not in the form of fields: then a program uses
 * it in its own way, and it has no place for hops.
 */
export function readPassage(metadata: Uint8Array | undefined): Passage | undefined {
  if (metadata === undefined || metadata.length === 0) return noPassage;
  if (metadata.length < 2 || metadata[0] !== version) return undefined;
  let hops = none;
  let origin: Origin | undefined;
  const kept: number[] = [];
  for (let at = 2; at < metadata.length; ) {
    const start = at + 2;
    const length = metadata[at + 1];
    if (length === undefined || start + length > metadata.length) return undefined;
    const tag = metadata[at];
    const end = start + length;
    if (tag === metadataTag.hops) {
      if (length % hopBytes !== 0) return undefined;
      hops = metadata.slice(start, end);
    } else if (tag === metadataTag.origin) {
      if (length !== originBytes) return undefined;
      origin = readOrigin(metadata, start);
      if (origin === undefined) return undefined;
    } else {
      for (let each = at; each < end; each++) kept.push(metadata[each] as number);
    }
    at = end;
  }
  return { hops, origin, fields: kept.length === 0 ? none : Uint8Array.from(kept) };
}

/** Metadata with this path; `undefined` if it has no room for it, or `fields` are no fields. */
export function writePassage({ hops, origin, fields }: Passage): Uint8Array | undefined {
  const originSize = origin === undefined ? 0 : 2 + originBytes;
  const hopsSize = hops.length === 0 ? 0 : 2 + hops.length;
  const size = 2 + hopsSize + originSize + fields.length;
  if (size > maxMetadataBytes || !areFields(fields)) return undefined;
  const bytes = new Uint8Array(size);
  bytes[0] = version;
  let at = 2;
  if (hopsSize > 0) {
    bytes[at] = metadataTag.hops;
    bytes[at + 1] = hops.length;
    bytes.set(hops, at + 2);
    at += hopsSize;
  }
  if (origin !== undefined) {
    bytes[at] = metadataTag.origin;
    bytes[at + 1] = originBytes;
    writeNumber(bytes, at + 2, origin.peer);
    writeNumber(bytes, at + 10, origin.id);
    at += originSize;
  }
  bytes.set(fields, at);
  return bytes;
}

/** Whether a message may go through the bridge `own`: else why not. */
export function judgeHops(hops: Uint8Array, own: Uint8Array): 'looped' | 'hops' | undefined {
  for (let at = 0; at < hops.length; at += hopBytes) if (isAt(hops, at, own)) return 'looped';
  return hops.length >= maxHops * hopBytes ? 'hops' : undefined;
}

/** The hops with one more. */
export function addHop(hops: Uint8Array, own: Uint8Array): Uint8Array {
  if (hops.length === 0) return own;
  const longer = new Uint8Array(hops.length + hopBytes);
  longer.set(hops);
  longer.set(own, hops.length);
  return longer;
}

/** Hops as hexadecimal digits, 16 for each bridge: for a header. */
export function hopsToText(hops: Uint8Array): string {
  return Buffer.from(hops.buffer, hops.byteOffset, hops.length).toString('hex');
}

/** Hops in a header that anybody may have written; `undefined` if they are none. */
export function hopsOfText(text: string): Uint8Array | undefined {
  const most = maxHops * 2 * hopBytes;
  if (text.length % (2 * hopBytes) !== 0 || text.length > most || !/^[0-9a-f]*$/.test(text)) {
    return undefined;
  }
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** An origin as `peer.id`: for a header. */
export function originToText({ peer, id }: Origin): string {
  return `${peer}.${id}`;
}

/** The origin in a header; `undefined` if it is none. */
export function originOfText(text: string): Origin | undefined {
  const [, peer, id] = /^(\d{1,16})\.(\d{1,16})$/.exec(text) ?? [];
  return numbers(Number(peer), Number(id));
}

function numbers(peer: number, id: number): Origin | undefined {
  return Number.isSafeInteger(peer) && Number.isSafeInteger(id) ? { peer, id } : undefined;
}

function areFields(fields: Uint8Array): boolean {
  let at = 0;
  while (at + 2 <= fields.length) {
    const tag = fields[at];
    if (tag === metadataTag.hops || tag === metadataTag.origin) return false;
    at += 2 + (fields[at + 1] as number);
  }
  return at === fields.length;
}

function isAt(hops: Uint8Array, at: number, own: Uint8Array): boolean {
  for (let index = 0; index < hopBytes; index++) {
    if (hops[at + index] !== own[index]) return false;
  }
  return true;
}

function readOrigin(bytes: Uint8Array, at: number): Origin | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, originBytes);
  return numbers(Number(view.getBigUint64(0, true)), Number(view.getBigUint64(8, true)));
}

function writeNumber(bytes: Uint8Array, at: number, value: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  view.setUint32(0, value % 2 ** 32, true);
  view.setUint32(4, Math.floor(value / 2 ** 32), true);
}
