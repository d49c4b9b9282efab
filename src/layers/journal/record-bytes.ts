// Records as bytes: a growing buffer for those that are rare, and reading with every bound checked.
// The hot path writes messages into a chunk itself.
import { recordHead, u32 } from './format.js';

/** A buffer that grows, with MCAP's types. */
export class RecordBytes {
  #buffer: Buffer;
  #end = 0;

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#end;
  }

  /** The bytes written, not copied: valid until more are written. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#end);
  }

  /** Writes one record: `write` writes its content. */
  record(opcode: number, write: () => void): void {
    const start = this.#end;
    this.u8(opcode);
    this.u64(0);
    write();
    this.#buffer.writeBigUInt64LE(BigInt(this.#end - start - recordHead), start + 1);
  }

  u8(value: number): void {
    this.#room(1);
    this.#end = this.#buffer.writeUInt8(value, this.#end);
  }

  u16(value: number): void {
    this.#room(2);
    this.#end = this.#buffer.writeUInt16LE(value, this.#end);
  }

  u32(value: number): void {
    this.#room(4);
    this.#end = this.#buffer.writeUInt32LE(value, this.#end);
  }

  u64(value: number | bigint): void {
    this.#room(8);
    this.#end = this.#buffer.writeBigUInt64LE(BigInt(value), this.#end);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  text(value: string): void {
    const bytes = Buffer.from(value);
    this.u32(bytes.length);
    this.raw(bytes);
  }

  /** A map or array: its length in bytes, then what `write` writes. */
  sized(write: () => void): void {
    const start = this.#end;
    this.u32(0);
    write();
    this.#buffer.writeUInt32LE(this.#end - start - 4, start);
  }

  texts(map: Readonly<Record<string, string>>): void {
    this.sized(() => {
      for (const [key, value] of Object.entries(map)) {
        this.text(key);
        this.text(value);
      }
    });
  }

  #room(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#end + bytes));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}

/** What is read is not what was written: thrown while parsing, and never seen by users. */
export class MalformedError extends Error {}

/** Reads the fields of one record; a field that lies outside throws a MalformedError. */
export class RecordReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, view: DataView, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#at = start;
    this.#end = end;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A number that a position or an id can be: at most 2^53 - 1. */
  u64(): number {
    return safeInteger(this.#view, this.#take(8));
  }

  time(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A view of the next bytes. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  text(): string {
    const length = this.u32();
    const at = this.#take(length);
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + at, length).toString();
  }

  texts(): Map<string, string> {
    const end = this.u32() + this.#at;
    if (end > this.#end) throw new MalformedError('a map is longer than its record');
    const map = new Map<string, string>();
    while (this.#at < end) map.set(this.text(), this.text());
    return map;
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (bytes > this.#end - at) throw new MalformedError('a record is shorter than its fields');
    this.#at = at + bytes;
    return at;
  }
}

/** The 64-bit number at `at`, if JavaScript can count so far. */
export function safeInteger(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  if (high >= 2 ** 21) throw new MalformedError('a number is larger than 2^53 - 1');
  return high * u32 + view.getUint32(at, true);
}

/** A DataView of the same bytes, with the same indexes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
