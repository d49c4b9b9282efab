// Reads MessagePack for values whose schema is known. The bytes come from another process: each read
// is checked against their end. Unexpected bytes are read again by the codec of the bus, which reads
// everything, and by the schema, which says what is wrong.
import { slow } from './slow.js';

/** The deepest nesting: structs, lists. */
const maxDepth = 100;

/** Texts up to this length are built here; a native call costs more. */
const shortText = 12;

const nothing: Uint8Array = new Uint8Array(0);
const number = new DataView(new ArrayBuffer(8));
const numberBytes = new Uint8Array(number.buffer);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type Slice = (this: Uint8Array, start: number, end: number) => string;

// Node's own, which is several times as fast; it takes every Uint8Array. Browsers lack it.
const latin1Slice = (
  globalThis as { readonly Buffer?: { readonly prototype: { readonly latin1Slice?: Slice } } }
).Buffer?.prototype.latin1Slice;

const { fromCharCode } = String;

/** Reads one payload at a time. Runs no code of the user. */
export class Unpacker {
  bytes = nothing;
  at = 0;
  end = 0;
  depth = 0;
  /** The items that the lists begun so far may have together: each takes at least one byte. */
  #items = 0;

  /** Begins to read all of `bytes`, a plain Uint8Array. */
  begin(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.at = 0;
    this.end = bytes.length;
    this.depth = 0;
    this.#items = bytes.length;
  }

  /** Lets go of the bytes. */
  finish(): void {
    this.bytes = nothing;
  }

  enter(): void {
    if (++this.depth > maxDepth) throw slow;
  }

  /** The next byte; throws `slow` at the end. */
  byte(): number {
    if (this.at >= this.end) throw slow;
    return this.bytes[this.at++] as number;
  }

  /** Skips a null if it comes next; returns whether it did. */
  isNull(): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== 0xc0) return false;
    this.at++;
    return true;
  }

  /** Skips so many bytes; returns where they begin. */
  take(length: number): number {
    const { at } = this;
    if (length > this.end - at) throw slow;
    this.at = at + length;
    return at;
  }

  /** Skips `expected` if it comes next; returns whether it did. */
  skip(expected: Uint8Array): boolean {
    const { bytes, at } = this;
    const { length } = expected;
    if (length > this.end - at) return false;
    for (let index = 0; index < length; index++) {
      if (bytes[at + index] !== expected[index]) return false;
    }
    this.at = at + length;
    return true;
  }

  /** The number of fields of a struct. */
  fields(): number {
    const token = this.byte();
    if (token < 0x80 || token > 0x8f) throw slow;
    return token & 0x0f;
  }

  /** The length of a list. */
  list(): number {
    const token = this.byte();
    let length: number;
    if (token >= 0x90 && token < 0xa0) length = token & 0x0f;
    else if (token === 0xdc) length = this.#uint16();
    else if (token === 0xdd) length = this.#uint32();
    else throw slow;
    this.#items -= length;
    if (length > this.end - this.at || this.#items < 0) throw slow;
    return length;
  }

  number(): number {
    const token = this.byte();
    if (token < 0x80) return token;
    if (token >= 0xe0) return token - 0x100;
    switch (token) {
      case 0xcc:
        return this.byte();
      case 0xcd:
        return this.#uint16();
      case 0xce:
        return this.#uint32();
      case 0xd0:
        return (this.byte() << 24) >> 24;
      case 0xd1:
        return (this.#uint16() << 16) >> 16;
      case 0xd2:
        return this.#uint32() | 0;
      case 0xcb:
        return this.#float();
      default:
        throw slow;
    }
  }

  /** A number, or an integer of 64 bits that is none below zero. */
  wide(): number {
    const token = this.bytes[this.at];
    if (token !== 0xd3 && token !== 0xcf) return this.number();
    this.take(1);
    const high = this.#uint32();
    if (high >= 2 ** 21) throw slow;
    return high * 2 ** 32 + this.#uint32();
  }

  text(): string {
    const token = this.byte();
    let length: number;
    if (token >= 0xa0 && token < 0xc0) length = token & 0x1f;
    else if (token === 0xd9) length = this.byte();
    else if (token === 0xda) length = this.#uint16();
    else throw slow;
    const at = this.take(length);
    const { bytes } = this;
    let all = 0;
    for (let index = 0; index < length; index++) all |= bytes[at + index] as number;
    if (all > 0x7f) return this.#utf8(at, length);
    if (length > shortText) {
      return latin1Slice === undefined
        ? this.#utf8(at, length)
        : latin1Slice.call(bytes, at, at + length);
    }
    let text = '';
    for (let index = 0; index < length; index++) text += fromCharCode(bytes[at + index] as number);
    return text;
  }

  /** A copy: the bytes of a payload are shared with others. */
  binary(): Uint8Array {
    const token = this.byte();
    let length: number;
    if (token === 0xc4) length = this.byte();
    else if (token === 0xc5) length = this.#uint16();
    else if (token === 0xc6) length = this.#uint32();
    else throw slow;
    const at = this.take(length);
    return this.bytes.slice(at, at + length);
  }

  #utf8(at: number, length: number): string {
    try {
      return decoder.decode(this.bytes.subarray(at, at + length));
    } catch {
      throw slow;
    }
  }

  #uint16(): number {
    const at = this.take(2);
    return ((this.bytes[at] as number) << 8) | (this.bytes[at + 1] as number);
  }

  #uint32(): number {
    const { bytes } = this;
    const at = this.take(4);
    const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    const low = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    return high * 0x1_0000 + low;
  }

  #float(): number {
    const { bytes } = this;
    const at = this.take(8);
    for (let index = 0; index < 8; index++) numberBytes[index] = bytes[at + index] as number;
    return number.getFloat64(0);
  }
}
