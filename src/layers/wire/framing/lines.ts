// Frames as text, one JSON a line, for programs that have nothing but a shell. Lines end at byte 0x0A
// and nowhere else, whatever Unicode has to say about it.
import { WireError } from '../errors.js';
import type { FrameReader, FrameSink, Framing } from './framing.js';
import { type FrameText, frameOfText, impliedHello, textOfFrame } from './text-frames.js';

const newline = 0x0a;

class LineReader implements FrameReader {
  maxBytes: number;
  #pieces: Uint8Array[] = [];
  #held = 0;
  #begun = false;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get waiting(): number {
    return this.#held;
  }

  push(bytes: Uint8Array, sink: FrameSink): void {
    let from = 0;
    for (;;) {
      const end = bytes.indexOf(newline, from);
      const piece = bytes.subarray(from, end < 0 ? bytes.length : end);
      if (this.#held + piece.length > this.maxBytes) {
        throw new WireError('FRAME_TOO_LARGE', `a line of over ${this.maxBytes} bytes`);
      }
      if (end < 0) {
        this.#hold(piece);
        return;
      }
      this.#line(this.#take(piece), sink);
      from = end + 1;
    }
  }

  #hold(piece: Uint8Array): void {
    if (piece.length === 0) return;
    // A copy: the piece may be a small part of much memory.
    this.#pieces.push(piece.slice());
    this.#held += piece.length;
    if (this.#pieces.length > 64) this.#pieces = [this.#joined()];
  }

  #take(last: Uint8Array): Uint8Array {
    if (this.#held === 0) return last;
    this.#pieces.push(last);
    this.#held += last.length;
    const line = this.#joined();
    this.#pieces = [];
    this.#held = 0;
    return line;
  }

  #joined(): Uint8Array {
    const line = new Uint8Array(this.#held);
    let at = 0;
    for (const piece of this.#pieces) {
      line.set(piece, at);
      at += piece.length;
    }
    return line;
  }

  #line(line: Uint8Array, sink: FrameSink): void {
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(line).trim();
    } catch (cause) {
      throw new WireError('FRAME_MALFORMED', 'a line is not UTF-8', cause);
    }
    if (text === '') return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new WireError('FRAME_MALFORMED', 'a line is no JSON', cause);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new WireError('FRAME_MALFORMED', 'a line is no JSON object');
    }
    const frame = value as FrameText;
    // Who types calls by hand need not begin with a handshake.
    if (!this.#begun && frame.busbar === undefined && frame.refused === undefined) {
      sink.frame(impliedHello());
    }
    this.#begun = true;
    sink.frame(frameOfText(frame));
  }
}

/** Frames as lines of JSON. */
export const linesFraming: Framing = {
  name: 'lines',
  reader: (maxBytes) => new LineReader(maxBytes),
  wrap(frame) {
    const json = JSON.stringify(textOfFrame(frame));
    // Some readers of lines end one at these, too.
    const safe = json.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
    return new TextEncoder().encode(`${safe}\n`);
  },
};
