// How native code writes what was received: the columns of its table, the bits of their flags, the
// head of an observation.

/**
 * Columns of the table of received messages, in 32-bit words; the mirror of
 * native/node/receive_table.h.
 */
export const column = {
  offset: 0,
  bytes: 1,
  slot: 2,
  type: 3,
  /** Format in the low half, flags and the size of the metadata in the high half. */
  formatAndFlags: 4,
  /** Two words, the low one first; replyTo and position likewise. */
  id: 5,
  replyTo: 7,
  originOffset: 9,
  position: 10,
  /** Sixteen bytes. */
  typeUuid: 12,
} as const;

/** Words of one row of the table. */
export const rowWords = 16;
/**
 * The word behind the last row: set to 0 by the reader of a batch that gave nothing of the block
 * out, so that the next batch comes to the same place. Otherwise those bytes are JavaScript's.
 */
export const keptWord = 1024 * rowWords;
/**
 * In `type`: the sender's type is not one of those given to setTypes(). In `originOffset`: no
 * origin.
 */
export const none = 0xffff_ffff;
/** In the flags: the sender waits until this message is handled. */
export const wantsHandled = 2;
/** In the flags: the sender waits until this message is taken. */
export const wantsTaken = 8;
/**
 * In the flags, 8 bits: bytes of metadata. They lie behind the payload, at the next multiple of 8;
 * of a large payload, at `offset` of the block.
 */
export const metadataShift = 4;
/** In the flags: the message has memory regions, for takeRegions(). */
export const hasRegions = 1 << 12;
/** In the flags: the message's regions were lost, because this process had no room for them. */
export const regionsLost = 1 << 13;
/** In the flags: the message has kernel objects, for takeObjects(). */
export const hasObjects = 1 << 14;
/**
 * In the flags: the message's objects were lost, because this process was at its descriptor limit.
 */
export const objectsLost = 1 << 15;

/**
 * Offsets in the head of an observation, which begins its payload: the mirror of ObservationHead in
 * native/core/ring/observation.h. Ids of receivers follow it, then bytes of the payload.
 */
export const observation = {
  time: 0,
  lost: 8,
  peerId: 16,
  payloadBytes: 24,
  receivers: 32,
  named: 36,
  copied: 40,
  reason: 44,
  event: 48,
  unicast: 49,
  objects: 50,
  regions: 51,
  /** Bytes of the head. */
  bytes: 64,
} as const;

/** In the head of an observation: what happened. */
export const observationEvent = { sent: 1, sentAgain: 2, undelivered: 3, lost: 4 } as const;
