// The fields that the layers write beside payloads, in one list. Metadata is a version byte, a byte
// of flags, then (tag u8, length u8, value) for each field; at most 240 bytes; numbers are
// little-endian. A reader skips tags below 128 that it does not know, and refuses the message for
// one from 128 on. docs/architecture/calls.md has the list for other languages.

/** The version byte of metadata. */
export const metadataVersion = 1;

/** The most bytes of metadata, which the bus allows. */
export const maxMetadataBytes = 240;

/** The tags. They never change; a number is never reused. */
export const metadataTag = {
  /** u32: milliseconds that are left. Remaining time, because clocks are never compared. */
  deadline: 1,
  /** u32 items, u32 bytes: what the sender of the other direction may send in addition. */
  credit: 2,
  /** 25 bytes: trace id 16, parent id 8, flags 1. */
  trace: 3,
  /** UTF-8: the `tracestate` of W3C Trace Context, which goes with `trace`. */
  traceState: 4,
  /** u64: the number of an item of a stream that can be resumed. */
  sequence: 5,
  /** u64: the position of an entry in a journal. */
  position: 6,
  /** 8 bytes for each bridge that the message came through. */
  hops: 7,
  /** u8: how often the call was sent before. */
  attempt: 8,
  /** u64: nanoseconds since 1970, when a replayed message was recorded. */
  time: 9,
  /** 16 bytes and u64: the folder of a durable sender, and the position of the message in it. */
  delivery: 10,
  /** u64 endpoint, u64 number: of a call with `trace`, the message in whose handling it is made. */
  cause: 11,
  /** u64 endpoint, u64 number: of the message where it entered its first bridge. */
  origin: 12,
} as const;

/** Tags from this on must be understood. */
export const firstCriticalTag = 128;
