// The format word of a frame: what it is, how its payload is encoded, and flags. Three sets of bits
// of the 16-bit word that the bus carries beside each payload.
//
//   bit  15 … 8    7 … 4    3 … 0
//        flags     codec    kind

/** What an answer is: a message of type `busbar.rpc` with the id of its call in `replyTo`. */
export const answerKind = {
  /** The call has returned; the payload is its result. */
  result: 0,
  /** The call has failed; the payload is `{ code, message, data? }`. */
  error: 1,
  /** The call was not executed; another server may take it. The payload is `{ load, leaving }`. */
  busy: 2,
  /** One item of a stream; the payload is the item. */
  item: 3,
  /** Several items of a stream; the payload is a list. */
  items: 4,
  /** A stream is over; the payload is the result of the method, if it has one. */
  end: 5,
  /** The receiver of a stream allows more items; they are in the metadata. */
  credit: 6,
  /** The caller is no longer interested. */
  cancel: 7,
  /** The server knows no call of this caller any more: all are over, and so no `replyTo`. */
  forgotten: 8,
  /** Of a relay: the server of a subscription is gone; an `item` says when another one has it. */
  moved: 9,
  /** Nothing; sent to learn when a receiver has room. */
  nothing: 15,
} as const;

/** What a message of a member's own type is. */
export const memberKind = {
  /** Calls a method, or asks for the value of a property. */
  call: 0,
  /** A signal, or a new value of a property, for everyone who subscribed. */
  emission: 1,
  /** Sets a property; the payload is `{ value, ifVersion? }`. */
  set: 2,
  /** Subscribes to a signal or a property; ends as a stream does. */
  subscribe: 3,
} as const;

/** How a payload is encoded. */
export const codecNumber = {
  messagePack: 0,
  json: 1,
  /** The payload is a byte array as it is: a result or item of type `bytes`. */
  bytes: 2,
  struct: 3,
} as const;

/** The flags, as they are in the word. */
export const flag = {
  /** An answer that the caller sends: input, credit and `cancel`. */
  fromCaller: 0x100,
  /** The sender of a stream had to wait for credit: its window is too small. */
  starved: 0x200,
  /** A call by this layer: a server that does not know the type says so. */
  expectsAnswer: 0x400,
  /** The caller takes a result of type `bytes` as `codecNumber.bytes`, whatever the codec is. */
  acceptsBytes: 0x800,
} as const;

const knownFlags = flag.fromCaller | flag.starved | flag.expectsAnswer | flag.acceptsBytes;

/** The kind in a format word. */
export function kindOf(format: number): number {
  return format & 0xf;
}

/** The codec in a format word. */
export function codecOf(format: number): number {
  return (format >> 4) & 0xf;
}

/**
 * The codec of the answer to a frame with this format word: that of the frame if it can express every
 * answer.
 */
export function answerCodecOf(format: number): number {
  return codecOf(format) === codecNumber.json ? codecNumber.json : codecNumber.messagePack;
}

/** A format word. */
export function formatOf(kind: number, codec: number, flags = 0): number {
  return kind | (codec << 4) | (flags & knownFlags);
}
