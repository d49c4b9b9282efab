// MessagePack for the values that payloads have once their schema has encoded them: what JSON has,
// byte arrays, integers of 64 bits and moments. The codec of the bus does more, and cannot run in a
// browser. What comes in was written by a peer: each length is checked before memory is allocated.
import type { ByteWriter } from './byte-writer.js';

/** Extension types: a moment, and `undefined`, as the codec of the bus has them. */
const timestamp = 0xff;
const nothing = 0;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Appends a value.
 * @throws TypeError for a value that no schema encodes to.
 */
export function writeMessagePack(into: ByteWriter, value: unknown, depth = 0): void {
  if (depth > 1000) throw new RangeError('the payload is nested more than 1000 deep');
  switch (typeof value) {
    case 'number':
      writeNumber(into, value);
      return;
    case 'string':
      writeText(into, value);
      return;
    case 'boolean':
      into.u8(value ? 0xc3 : 0xc2);
      return;
    case 'undefined':
      into.u8(0xc0);
      return;
    case 'bigint':
      writeBigInt(into, value);
      return;
    case 'object':
      if (value === null) into.u8(0xc0);
      else if (Array.isArray(value)) writeList(into, value, depth);
      else if (ArrayBuffer.isView(value)) writeBytes(into, value);
      else if (value instanceof Date) writeDate(into, value);
      else writeMembers(into, value, depth);
      return;
    default:
      throw new TypeError(`a ${typeof value} cannot be sent`);
  }
}

function writeNumber(into: ByteWriter, value: number): void {
  into.room(9);
  const { view, at } = into;
  if (
    !Number.isInteger(value) ||
    value > 0xffff_ffff ||
    value < -0x8000_0000 ||
    isMinusZero(value)
  ) {
    into.bytes[at] = 0xcb;
    view.setFloat64(at + 1, value);
    into.at += 9;
  } else if (value >= -0x20 && value < 0x80) {
    into.u8(value & 0xff);
  } else if (value < 0) {
    into.bytes[at] = 0xd2;
    view.setInt32(at + 1, value);
    into.at += 5;
  } else {
    into.bytes[at] = 0xce;
    view.setUint32(at + 1, value);
    into.at += 5;
  }
}

function isMinusZero(value: number): boolean {
  return value === 0 && 1 / value < 0;
}

function writeBigInt(into: ByteWriter, value: bigint): void {
  if (value < -(2n ** 63n) || value >= 2n ** 64n) {
    throw new RangeError(`${value} has more than 64 bits`);
  }
  into.room(9);
  const { view, at } = into;
  into.bytes[at] = value < 2n ** 63n ? 0xd3 : 0xcf;
  if (value < 2n ** 63n) view.setBigInt64(at + 1, value);
  else view.setBigUint64(at + 1, value);
  into.at += 9;
}

/** A head with a length of 8, 16 or 32 bits; `small` is the token of the first of these. */
function head(into: ByteWriter, length: number, small: number): void {
  into.room(5);
  const { view, at } = into;
  if (length < 0x100) {
    into.bytes[at] = small;
    into.bytes[at + 1] = length;
    into.at += 2;
  } else if (length < 0x1_0000) {
    into.bytes[at] = small + 1;
    view.setUint16(at + 1, length);
    into.at += 3;
  } else {
    into.bytes[at] = small + 2;
    view.setUint32(at + 1, length);
    into.at += 5;
  }
}

function writeText(into: ByteWriter, text: string): void {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length < 32) into.u8(0xa0 | bytes.length);
  else head(into, bytes.length, 0xd9);
  into.raw(bytes);
}

function writeBytes(into: ByteWriter, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
  head(into, byteLength, 0xc4);
  into.raw(new Uint8Array(buffer, byteOffset, byteLength));
}

function writeDate(into: ByteWriter, date: Date): void {
  const time = date.getTime();
  if (Number.isNaN(time)) throw new TypeError('an invalid Date cannot be sent');
  const seconds = Math.floor(time / 1000);
  into.room(15);
  into.u8(0xc7);
  into.u8(12);
  into.u8(timestamp);
  const { view, at } = into;
  view.setUint32(at, (time - seconds * 1000) * 1e6);
  view.setBigInt64(at + 4, BigInt(seconds));
  into.at += 12;
}

/** The head of a list. */
export function writeListHead(into: ByteWriter, length: number): void {
  writeHead(into, length, 0x90, 0xdc);
}

function writeHead(into: ByteWriter, length: number, small: number, large: number): void {
  into.room(5);
  const { view, at } = into;
  if (length < 16) {
    into.u8(small | length);
  } else if (length < 0x1_0000) {
    into.bytes[at] = large;
    view.setUint16(at + 1, length);
    into.at += 3;
  } else {
    into.bytes[at] = large + 1;
    view.setUint32(at + 1, length);
    into.at += 5;
  }
}

function writeList(into: ByteWriter, list: readonly unknown[], depth: number): void {
  writeListHead(into, list.length);
  for (const each of list) writeMessagePack(into, each, depth + 1);
}

function writeMembers(into: ByteWriter, object: object, depth: number): void {
  const members = Object.entries(object).filter(([, value]) => value !== undefined);
  writeHead(into, members.length, 0x80, 0xde);
  for (const [key, value] of members) {
    writeText(into, key);
    writeMessagePack(into, value, depth + 1);
  }
}

/**
 * The value that is all of `bytes`.
 * @throws An error that tells what is wrong with the bytes.
 */
export function readMessagePack(bytes: Uint8Array, maxDepth: number): unknown {
  const reader = new Reader(bytes, maxDepth);
  const value = reader.value();
  reader.end();
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #maxDepth: number;
  #at = 0;
  #depth = 0;
  /** The items that the lists begun so far may have together: each takes at least one byte. */
  #items: number;

  constructor(bytes: Uint8Array, maxDepth: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#maxDepth = maxDepth;
    this.#items = bytes.length;
  }

  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw new RangeError(`${left} bytes after the end of the value`);
  }

  value(): unknown {
    const token = this.#view.getUint8(this.#take(1));
    if (token < 0x80) return token;
    if (token < 0x90) return this.#members(token & 0x0f);
    if (token < 0xa0) return this.#list(token & 0x0f);
    if (token < 0xc0) return this.#text(token & 0x1f);
    if (token >= 0xe0) return token - 0x100;
    return this.#longer(token);
  }

  #longer(token: number): unknown {
    const view = this.#view;
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#length(token - 0xcc);
      case 0xcf:
        return exact(view.getBigUint64(this.#take(8)));
      case 0xd0:
        return view.getInt8(this.#take(1));
      case 0xd1:
        return view.getInt16(this.#take(2));
      case 0xd2:
        return view.getInt32(this.#take(4));
      case 0xd3:
        return exact(view.getBigInt64(this.#take(8)));
      case 0xca:
        return view.getFloat32(this.#take(4));
      case 0xcb:
        return view.getFloat64(this.#take(8));
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#raw(this.#length(token - 0xc4)).slice();
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#length(token - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#length(token - 0xdb));
      case 0xde:
      case 0xdf:
        return this.#members(this.#length(token - 0xdd));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#length(token - 0xc7));
      case 0xc1:
        throw new TypeError('byte c1, which MessagePack does not use');
      default:
        return this.#extension(1 << (token - 0xd4));
    }
  }

  /** 0, 1 or 2: a number of 8, 16 or 32 bits. */
  #length(size: number): number {
    if (size === 0) return this.#view.getUint8(this.#take(1));
    return size === 1 ? this.#view.getUint16(this.#take(2)) : this.#view.getUint32(this.#take(4));
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw truncated();
    this.#at = at + length;
    return at;
  }

  #raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  #text(length: number): string {
    return decoder.decode(this.#raw(length));
  }

  #enter(length: number, bytesEach: number): void {
    if (++this.#depth > this.#maxDepth) {
      throw new RangeError(`nested more than ${this.#maxDepth} deep`);
    }
    this.#items -= length;
    if (length * bytesEach > this.#bytes.length - this.#at || this.#items < 0) throw truncated();
  }

  #list(length: number): unknown[] {
    this.#enter(length, 1);
    const list = new Array<unknown>(length);
    for (let index = 0; index < length; index++) list[index] = this.value();
    this.#depth--;
    return list;
  }

  #members(length: number): Record<string, unknown> {
    this.#enter(length, 2);
    const object: Record<string, unknown> = {};
    for (let index = 0; index < length; index++) {
      const key = this.value();
      if (typeof key === 'object' && key !== null) {
        throw new TypeError('a key that is neither text nor a number');
      }
      const value = this.value();
      const name = String(key);
      // Assigned, it would be the prototype.
      object[name === '__proto__' ? '__proto_' : name] = value;
    }
    this.#depth--;
    return object;
  }

  #extension(length: number): unknown {
    const code = this.#view.getUint8(this.#take(1));
    const at = this.#take(length);
    if (code === nothing) return undefined;
    if (code === timestamp) return dateOf(this.#view, at, length);
    throw new TypeError(`unknown extension type ${code}`);
  }
}

function dateOf(view: DataView, at: number, length: number): Date {
  if (length === 4) return new Date(view.getUint32(at) * 1000);
  if (length === 8) {
    const first = view.getUint32(at);
    const seconds = (first & 3) * 2 ** 32 + view.getUint32(at + 4);
    return new Date(seconds * 1000 + (first >>> 2) / 1e6);
  }
  if (length === 12) {
    return new Date(Number(view.getBigInt64(at + 4)) * 1000 + view.getUint32(at) / 1e6);
  }
  throw new RangeError(`a moment of ${length} bytes`);
}

const maxExact = 2n ** 53n;

/** As a number, if that is exact. */
function exact(integer: bigint): number | bigint {
  return integer >= -maxExact && integer <= maxExact ? Number(integer) : integer;
}

function truncated(): RangeError {
  return new RangeError('the bytes end within a value');
}
