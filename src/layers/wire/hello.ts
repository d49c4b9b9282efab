// The handshake: magic, version, limits, token, and the interfaces that each side serves. The side
// that connects speaks first; the other one tells nothing about itself before it has seen the token.
//
//   kind 4 | 'BBWR' | version u8 | JSON { limits: { frameBytes }, token?, answerOnly?, halfDuplex?,
//                                         offers: [{ name, version, hash, relayed? }] }
import { hashOf, type Interface } from '../interface/entry-values.js';
import { WireError } from './errors.js';
import { frameKind } from './frames/frame.js';
import type { Limits } from './limits.js';

/** The version of the protocol. */
export const protocolVersion = 1;

/** A hello has at most so many bytes; nothing larger is taken before it. */
export const maxHelloBytes = 64 * 1024;

const magic = [0x42, 0x42, 0x57, 0x52];
const headBytes = 6;
const maxOffers = 1024;
const maxName = 256;
const leastFrame = 256;

/** An interface that a side serves. */
export interface Offer {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of its model, in hexadecimal digits. */
  readonly hash: string;
  /** Whether its calls are passed on to servers behind the side that offers it. */
  readonly relayed?: boolean;
}

/** What a side says about itself. */
export interface Hello {
  /** Bytes of a frame that it takes. */
  readonly frameBytes: number;
  readonly offers: readonly Offer[];
  readonly token: string | undefined;
  /** It makes no calls. */
  readonly answerOnly: boolean;
  /** The sides take turns. */
  readonly halfDuplex: boolean;
}

const offers = new WeakMap<Interface, Offer>();

/** How an interface is offered. */
export function offerOf(source: Interface): Offer {
  const known = offers.get(source);
  if (known !== undefined) return known;
  const { name, version } = source;
  const offer = { name, version, hash: hashOf(source) };
  offers.set(source, offer);
  return offer;
}

/** The label of those who serve an interface of this offer: its name and major version. */
export function labelOf({ name, version }: Offer): string {
  return `${name}/${version.split('.')[0]}`;
}

/** How an interface of servers behind this side is offered. */
export function relayedOfferOf(source: Interface): Offer {
  return { ...offerOf(source), relayed: true };
}

/** A frame of the kind `hello`. */
export function writeHello(
  { frameBytes }: Limits,
  { offers, token, answerOnly, halfDuplex }: Omit<Hello, 'frameBytes'>,
): Uint8Array {
  const json = JSON.stringify({
    limits: { frameBytes },
    offers,
    token,
    ...(answerOnly ? { answerOnly } : {}),
    ...(halfDuplex ? { halfDuplex } : {}),
  });
  const content = new TextEncoder().encode(json);
  const frame = new Uint8Array(headBytes + content.length);
  frame.set([frameKind.hello, ...magic, protocolVersion]);
  frame.set(content, headBytes);
  return frame;
}

/**
 * Reads the hello of a peer.
 * @throws WireError `NOT_A_WIRE` or `WIRE_VERSION`.
 */
export function readHello(frame: Uint8Array): Hello {
  if (frame[0] !== frameKind.hello || magic.some((byte, at) => frame[at + 1] !== byte)) {
    throw new WireError('NOT_A_WIRE', 'the other side does not begin as a wire of busbar does');
  }
  const version = frame[headBytes - 1];
  // A newer side decides whether it still speaks this version.
  if (version === undefined || version < protocolVersion) {
    throw new WireError(
      'WIRE_VERSION',
      `the other side speaks version ${version} of the protocol; expected ${protocolVersion}`,
    );
  }
  const { limits, offers, token, answerOnly, halfDuplex } = membersOf(
    parse(frame.subarray(headBytes)),
  );
  const { frameBytes } = membersOf(limits);
  if (!Number.isSafeInteger(frameBytes) || (frameBytes as number) < leastFrame) {
    throw notWire('says no limit of its frames');
  }
  if (token !== undefined && typeof token !== 'string')
    throw notWire('has a token that is no text');
  return {
    frameBytes: frameBytes as number,
    offers: readOffers(offers),
    token,
    answerOnly: answerOnly === true,
    halfDuplex: halfDuplex === true,
  };
}

/** A frame of the kind `offers`. */
export function writeOffers(offers: readonly Offer[]): Uint8Array {
  const content = new TextEncoder().encode(JSON.stringify(offers));
  const frame = new Uint8Array(1 + content.length);
  frame[0] = frameKind.offers;
  frame.set(content, 1);
  return frame;
}

/**
 * Reads the content of a frame of the kind `offers`.
 * @throws WireError `NOT_A_WIRE`.
 */
export function parseOffers(frame: Uint8Array): readonly Offer[] {
  if (frame.length > maxHelloBytes) throw notWire('offers too much');
  return readOffers(parse(frame.subarray(1)));
}

/** Parses JSON of a peer; `undefined` if it is none. */
export function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** The members of a value that a peer wrote; only named ones may be read. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function readOffers(value: unknown): readonly Offer[] {
  if (!Array.isArray(value) || value.length > maxOffers) {
    throw notWire(`has no list of up to ${maxOffers} interfaces`);
  }
  return value.map((each) => {
    const { name, version, hash, relayed } = membersOf(each);
    if (!isShort(name) || !isShort(version) || !isShort(hash)) {
      throw notWire('has an interface without name, version or hash');
    }
    return relayed === true ? { name, version, hash, relayed } : { name, version, hash };
  });
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxName;
}

function notWire(what: string): WireError {
  return new WireError('NOT_A_WIRE', `the hello of the other side ${what}`);
}

/** Whether two tokens are equal, in a time that does not tell where they differ. */
export function isSameToken(expected: string, given: string | undefined): boolean {
  const length = Math.max(expected.length, given?.length ?? 0, 1);
  let different = expected.length ^ (given?.length ?? -1);
  for (let at = 0; at < length; at++) {
    different |= (expected.charCodeAt(at) | 0) ^ ((given ?? '').charCodeAt(at) | 0);
  }
  return different === 0;
}
