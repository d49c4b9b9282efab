// Frames behind their length, for anything that loses no bytes: a pipe, a socket, TLS.
//
//   length u32, little-endian, of what follows | frame
//
// Memory is taken as bytes arrive, never because a length promises them.
import { WireError } from '../errors.js';
import { uint32At } from '../frames/frame.js';
import type { FrameReader, FrameSink, Framing } from './framing.js';

const headBytes = 4;

/** Reads frames behind their length. */
export class LengthReader implements FrameReader {
  maxBytes: number;
  /** The pieces of a frame that is not there yet, its length first. */
  #pieces: Uint8Array[] = [];
  #held = 0;
  /** The bytes that the frame begun has, its length included; 0 if that is not known yet. */
  #wanted = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get waiting(): number {
    return this.#held;
  }

  push(bytes: Uint8Array, sink: FrameSink): void {
    let at = 0;
    if (this.#held > 0) {
      at = this.#complete(bytes, sink);
      if (at < 0) return;
    }
    while (bytes.length - at >= headBytes) {
      const end = at + headBytes + this.#lengthOf(bytes, at);
      if (end > bytes.length) break;
      sink.frame(bytes.subarray(at + headBytes, end));
      at = end;
    }
    if (at < bytes.length) this.#hold(bytes.subarray(at));
  }

  // Returns where the next frame begins, or -1 if this one is still not whole.
  #complete(bytes: Uint8Array, sink: FrameSink): number {
    let at = 0;
    if (this.#wanted === 0) {
      at = Math.min(headBytes - this.#held, bytes.length);
      this.#hold(bytes.subarray(0, at));
      if (this.#wanted === 0) return -1;
    }
    const end = at + this.#wanted - this.#held;
    if (end > bytes.length) {
      this.#hold(bytes.subarray(at));
      return -1;
    }
    const frame = this.#join(bytes.subarray(at, end));
    this.#pieces = [];
    this.#held = 0;
    this.#wanted = 0;
    sink.frame(frame.subarray(headBytes));
    return end;
  }

  #hold(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#held += piece.length;
    // Many small pieces, or a small part of a large one, would keep far more memory than they have.
    if (this.#pieces.length >= 64 || piece.buffer.byteLength > 2 * piece.length + 1024) {
      this.#pieces = [this.#join(new Uint8Array(0))];
    }
    if (this.#wanted === 0 && this.#held >= headBytes) {
      const head = this.#join(new Uint8Array(0));
      this.#pieces = [head];
      this.#wanted = headBytes + this.#lengthOf(head, 0);
    }
  }

  #join(last: Uint8Array): Uint8Array {
    const whole = new Uint8Array(this.#held + last.length);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    whole.set(last, at);
    return whole;
  }

  #lengthOf(bytes: Uint8Array, at: number): number {
    const length = uint32At(bytes, at);
    if (length > this.maxBytes) {
      const text = `a frame of ${length} bytes; the limit is ${this.maxBytes}`;
      throw new WireError('FRAME_TOO_LARGE', text);
    }
    if (length === 0) throw new WireError('FRAME_MALFORMED', 'a frame without bytes');
    return length;
  }
}

/** Frames behind their length. */
export const lengthFraming: Framing = {
  name: 'length',
  reader: (maxBytes) => new LengthReader(maxBytes),
  wrap(frame) {
    const wrapped = new Uint8Array(headBytes + frame.length);
    new DataView(wrapped.buffer).setUint32(0, frame.length, true);
    wrapped.set(frame, headBytes);
    return wrapped;
  },
};
