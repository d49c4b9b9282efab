// How frames lie in a stream of bytes: where each begins and ends.

/** What a reader found. None of the functions throws. */
export interface FrameSink {
  /** A whole frame, in memory that is not written to again. */
  frame(frame: Uint8Array): void;
}

/** Finds frames in bytes that come in any pieces. */
export interface FrameReader {
  /** Bytes that wait for the rest of their frame. */
  readonly waiting: number;
  /** A frame may have so many bytes from now on. */
  maxBytes: number;
  /**
   * Reads what has come.
   * @throws WireError if a frame is too large or cannot be one.
   */
  push(bytes: Uint8Array, sink: FrameSink): void;
}

/** One way to put frames into bytes. */
export interface Framing {
  readonly name: 'length' | 'lines' | 'messages';
  reader(maxBytes: number): FrameReader;
  /** A frame as the bytes of the stream. */
  wrap(frame: Uint8Array): Uint8Array;
}
