// The layout of frames: the record of the bus without its ring. All numbers are little-endian. What
// stands here is the body of a frame; a framing says where one ends (framing/).
//
//   message    kind 1 or 2 | metadata length u8 | format u16 | id u64 | replyTo u64 | type 16 bytes
//              | metadata | payload. The receiver of kind 2 says when it took the message.
//   taken      kind 3, three bytes of 0 | type 16 bytes
//   others     kind | payload: hello, offers, ping, pong, over, bye, refusal
import { maxMetadataBytes } from '../../../base/metadata-tag.js';
import { WireError } from '../errors.js';

/** What a frame is: its first byte. */
export const frameKind = {
  message: 1,
  /** A message of which only the newest may wait: of a property. */
  newest: 2,
  /** The message of this type was taken; the next one may come. */
  taken: 3,
  /** The handshake. */
  hello: 4,
  /** The interfaces that are served here have changed. */
  offers: 5,
  ping: 6,
  pong: 7,
  /** On a half-duplex wire: the other side may send now. */
  over: 8,
  /** Nothing more comes. */
  bye: 9,
  /** The wire ends because of a fault; the payload is `{ code, message }` in JSON. */
  refusal: 10,
} as const;

/** Bytes of a message before its metadata. */
export const messageHead = 36;

/** Bytes of a frame of the kind `taken`. */
export const takenBytes = 20;

/** A message as it arrived; the arrays are parts of the frame. */
export interface Message {
  readonly kind: number;
  readonly format: number;
  readonly id: number;
  readonly replyTo: number;
  /** Where the 16 bytes of its type begin in the frame. */
  readonly typeAt: number;
  readonly metadata: Uint8Array | undefined;
  readonly payload: Uint8Array;
}

/**
 * Reads a message.
 * @throws WireError `FRAME_MALFORMED`.
 */
export function readMessage(frame: Uint8Array): Message {
  if (frame.length < messageHead) {
    throw malformed(`a message of ${frame.length} bytes; expected ${messageHead} at least`);
  }
  const metadataLength = frame[1] as number;
  const payloadAt = messageHead + metadataLength;
  if (metadataLength > maxMetadataBytes || payloadAt > frame.length) {
    throw malformed(`a message of ${frame.length} bytes with ${metadataLength} of metadata`);
  }
  return {
    kind: frame[0] as number,
    format: (frame[2] as number) | ((frame[3] as number) << 8),
    id: readInteger(frame, 4),
    replyTo: readInteger(frame, 12),
    typeAt: 20,
    metadata: metadataLength === 0 ? undefined : frame.subarray(messageHead, payloadAt),
    payload: frame.subarray(payloadAt),
  };
}

// A DataView for each message costs more than this.
function readInteger(frame: Uint8Array, at: number): number {
  const low = uint32At(frame, at);
  const high = uint32At(frame, at + 4);
  if (high >= 2 ** 21) throw malformed('a number of a message has more than 53 bits');
  return high * 2 ** 32 + low;
}

/** The number of 32 bits at a place. */
export function uint32At(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16)) +
      (bytes[at + 3] as number) * 2 ** 24) >>>
    0
  );
}

/** The fault of a peer that does not keep to the protocol. */
export function malformed(what: string): WireError {
  return new WireError('FRAME_MALFORMED', what);
}
