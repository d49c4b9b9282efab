// One frame for each message, for what keeps messages apart: a WebSocket.
import { WireError } from '../errors.js';
import type { FrameReader, FrameSink, Framing } from './framing.js';

class MessageReader implements FrameReader {
  readonly waiting = 0;
  maxBytes: number;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  push(bytes: Uint8Array, sink: FrameSink): void {
    if (bytes.length > this.maxBytes) {
      const text = `a frame of ${bytes.length} bytes; the limit is ${this.maxBytes}`;
      throw new WireError('FRAME_TOO_LARGE', text);
    }
    if (bytes.length === 0) throw new WireError('FRAME_MALFORMED', 'a frame without bytes');
    sink.frame(bytes);
  }
}

/** One frame for each message. */
export const messageFraming: Framing = {
  name: 'messages',
  reader: (maxBytes) => new MessageReader(maxBytes),
  wrap: (frame) => frame,
};
