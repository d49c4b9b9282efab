// Memory that frames are written into, one behind the other. What was given away is never written to
// again: whoever sends it may still read it.

/** Bytes of memory that frames share. */
const slabBytes = 64 * 1024;

const encoder = new TextEncoder();

/** Writes little-endian numbers, texts and bytes. */
export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(slabBytes);
  #view = new DataView(this.bytes.buffer);
  /** Where the bytes begin that were not taken yet. */
  start = 0;
  /** Where the next byte goes. */
  at = 0;

  /** How many bytes were not taken yet. */
  get size(): number {
    return this.at - this.start;
  }

  /** The bytes that were not taken yet; they are the caller's now. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.subarray(this.start, this.at);
    if (this.bytes.length - this.at < 1024) this.#renew(slabBytes);
    this.start = this.at;
    return taken;
  }

  /** Makes room for so many bytes. */
  room(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const written = this.bytes.subarray(this.start, this.at);
    this.#renew(Math.max(slabBytes, 2 * (written.length + size)));
    this.bytes.set(written);
    this.at = written.length;
  }

  u8(value: number): void {
    this.room(1);
    this.bytes[this.at++] = value;
  }

  u16(value: number): void {
    this.room(2);
    this.#view.setUint16(this.at, value, true);
    this.at += 2;
  }

  u32(value: number): void {
    this.room(4);
    this.#view.setUint32(this.at, value, true);
    this.at += 4;
  }

  /** An integer up to 2 ** 53, as 64 bits. */
  u64(value: number): void {
    this.room(8);
    this.#view.setUint32(this.at, value % 2 ** 32, true);
    this.#view.setUint32(this.at + 4, Math.floor(value / 2 ** 32), true);
    this.at += 8;
  }

  raw(source: Uint8Array): void {
    this.room(source.length);
    this.bytes.set(source, this.at);
    this.at += source.length;
  }

  /** A view to write big-endian numbers with, at {@link at}; read it anew after {@link room}. */
  get view(): DataView<ArrayBuffer> {
    return this.#view;
  }

  /** A text as UTF-8, without its length. Returns its bytes. */
  text(text: string): number {
    this.room(3 * text.length);
    const { written } = encoder.encodeInto(text, this.bytes.subarray(this.at));
    this.at += written;
    return written;
  }

  #renew(size: number): void {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
    this.start = 0;
    this.at = 0;
  }
}
