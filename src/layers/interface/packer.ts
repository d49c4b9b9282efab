// Writes MessagePack for values whose schema is known, each byte as the codec of the bus writes it.
// Finished payloads stay where they were written, many in one piece of memory, so that a call can be
// sent again without being encoded again.
import { slow } from './slow.js';

/** Bytes of memory that payloads share. */
const slabBytes = 64 * 1024;

/** Larger texts and byte arrays are not copied to here, only to be copied once more. */
const mostBytes = 8 * 1024;

/** Up to this length, a loop is faster than a native call. */
const shortText = 48;

/** The deepest nesting: structs, lists. */
const maxDepth = 100;

const encoder = new TextEncoder();
const number = new DataView(new ArrayBuffer(8));
const numberBytes = new Uint8Array(number.buffer);

const isWellFormed = (text: string): boolean =>
  (text as string & { isWellFormed(): boolean }).isWellFormed();

/** Writes payloads, one after the other. */
export class Packer {
  /** The memory of the payload being written. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Where the payload begins. */
  start = 0;
  /** Where its next byte goes. */
  at = 0;
  /** How many structs and lists are open. */
  depth = 0;

  /** Begins a payload behind the previous one. */
  begin(): void {
    if (this.bytes.length !== slabBytes || this.at > slabBytes - 256) this.#renew(slabBytes);
    this.start = this.at;
    this.depth = 0;
  }

  /** Makes room for so many bytes. */
  room(size: number): void {
    if (this.at + size > this.bytes.length) this.#grow(size);
  }

  enter(): void {
    if (++this.depth > maxDepth) throw slow;
  }

  /** A byte without a value, for a head that is not known yet; returns its place in the payload. */
  hole(): number {
    this.room(1);
    return this.at++ - this.start;
  }

  fill(place: number, byte: number): void {
    this.bytes[this.start + place] = byte;
  }

  /** A byte that is a value of its own. */
  token(byte: number): void {
    this.room(1);
    this.bytes[this.at++] = byte;
  }

  /** Bytes that were written before, such as a key. */
  raw(source: Uint8Array): void {
    const { length } = source;
    this.room(length);
    const { bytes, at } = this;
    for (let index = 0; index < length; index++) bytes[at + index] = source[index] as number;
    this.at = at + length;
  }

  /** The head of a list. */
  list(length: number): void {
    this.room(5);
    const { bytes } = this;
    if (length < 16) {
      bytes[this.at++] = 0x90 | length;
    } else if (length < 0x1_0000) {
      bytes[this.at++] = 0xdc;
      this.#uint16(length);
    } else {
      bytes[this.at++] = 0xdd;
      this.#uint32(length);
    }
  }

  number(value: number): void {
    this.room(9);
    const { bytes } = this;
    if (value >>> 0 === value) {
      if (value < 0x80) {
        if (value === 0 && 1 / value < 0) this.#float(value);
        else bytes[this.at++] = value;
      } else if (value < 0x100) {
        bytes[this.at++] = 0xcc;
        bytes[this.at++] = value;
      } else if (value < 0x1_0000) {
        bytes[this.at++] = 0xcd;
        this.#uint16(value);
      } else {
        bytes[this.at++] = 0xce;
        this.#uint32(value);
      }
    } else if (value >> 0 === value) {
      this.#negative(value);
    } else {
      this.#float(value);
    }
  }

  /** An integer of more than 32 bits, as one of 64. */
  wide(value: number): void {
    this.room(9);
    this.bytes[this.at++] = 0xd3;
    this.#uint32(Math.floor(value / 2 ** 32));
    this.#uint32(value % 2 ** 32);
  }

  text(text: string): void {
    const { length } = text;
    this.room(3 * Math.min(length, mostBytes) + 5);
    if (length >= shortText || !this.#ascii(text)) this.#utf8(text);
  }

  binary(source: Uint8Array): void {
    const { length } = source;
    // An empty one may be an array whose memory was transferred.
    if (length === 0 || length > mostBytes) throw slow;
    this.room(length + 3);
    const { bytes } = this;
    if (length < 0x100) {
      bytes[this.at++] = 0xc4;
      bytes[this.at++] = length;
    } else {
      bytes[this.at++] = 0xc5;
      this.#uint16(length);
    }
    bytes.set(source, this.at);
    this.at += length;
  }

  #negative(value: number): void {
    const { bytes } = this;
    if (value >= -0x20) {
      bytes[this.at++] = value;
    } else if (value >= -0x80) {
      bytes[this.at++] = 0xd0;
      bytes[this.at++] = value;
    } else if (value >= -0x8000) {
      bytes[this.at++] = 0xd1;
      this.#uint16(value);
    } else {
      bytes[this.at++] = 0xd2;
      this.#uint32(value);
    }
  }

  #uint16(value: number): void {
    const { bytes } = this;
    bytes[this.at++] = value >> 8;
    bytes[this.at++] = value;
  }

  #uint32(value: number): void {
    const { bytes } = this;
    bytes[this.at++] = value >> 24;
    bytes[this.at++] = value >> 16;
    bytes[this.at++] = value >> 8;
    bytes[this.at++] = value;
  }

  #float(value: number): void {
    const { bytes } = this;
    bytes[this.at++] = 0xcb;
    number.setFloat64(0, value);
    for (let index = 0; index < 8; index++) bytes[this.at++] = numberBytes[index] as number;
  }

  // Returns whether the text was ASCII, and is written.
  #ascii(text: string): boolean {
    const { length } = text;
    const { bytes, at } = this;
    let to = at;
    if (length < 32) {
      bytes[to++] = 0xa0 | length;
    } else {
      bytes[to++] = 0xd9;
      bytes[to++] = length;
    }
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80) return false;
      bytes[to++] = unit;
    }
    this.at = to;
    return true;
  }

  #utf8(text: string): void {
    if (text.length > mostBytes || !isWellFormed(text)) throw slow;
    const { bytes, at } = this;
    const content = at + 3;
    const { written } = encoder.encodeInto(text, bytes.subarray(content));
    let to = at;
    if (written < 32 && text.length < shortText) {
      bytes[to++] = 0xa0 | written;
    } else if (written < 0x100) {
      bytes[to++] = 0xd9;
      bytes[to++] = written;
    } else {
      bytes[to++] = 0xda;
      bytes[to++] = written >> 8;
      bytes[to++] = written;
    }
    if (to !== content) bytes.copyWithin(to, content, content + written);
    this.at = to + written;
  }

  // The payload moves; those before it stay where they are.
  #grow(size: number): void {
    const { bytes, start, at } = this;
    const written = bytes.subarray(start, at);
    this.#renew(Math.max(slabBytes, 2 * (written.length + size)));
    this.bytes.set(written);
    this.at = written.length;
  }

  #renew(size: number): void {
    this.bytes = new Uint8Array(size);
    this.start = 0;
    this.at = 0;
  }
}
