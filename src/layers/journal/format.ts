// Numbers of the file format: MCAP's records, and the three of our own, whose opcodes MCAP reserves
// for applications, so that other readers skip them. docs/journal-format.md describes them.

/** How a file begins and ends. */
export const magic = Uint8Array.of(0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a);

/** The opcodes of records. */
export const opcode = {
  header: 0x01,
  footer: 0x02,
  schema: 0x03,
  channel: 0x04,
  message: 0x05,
  chunk: 0x06,
  messageIndex: 0x07,
  chunkIndex: 0x08,
  statistics: 0x0b,
  metadata: 0x0c,
  summaryOffset: 0x0e,
  dataEnd: 0x0f,
  /** Our own, the first record of each chunk: which positions the chunk has. */
  batch: 0x80,
  /** Our own, before a message: what MCAP has no field for. */
  extras: 0x81,
  /** Our own, before Data End: which positions the segment has. */
  range: 0x82,
} as const;

/** Opcode and u64 length of a record. */
export const recordHead = 9;

/** A chunk's bytes before its records, if it is not compressed; its record's head is included. */
export const chunkHead = recordHead + 8 + 8 + 8 + 4 + 4 + 8;

/** A batch record without its list of positions. */
export const batchBytes = recordHead + 8 + 8 + 4 + 4 + 8 + 8;

/** The flag of a batch record that lists its positions, because some are left out. */
export const sparseFlag = 1;

/** A message record without its payload. */
export const messageHead = recordHead + 2 + 4 + 8 + 8;

/** A range record: first position, the one after the last, time of the last entry. */
export const rangeBytes = recordHead + 8 + 8 + 8;

/** The record Data End. */
export const dataEndBytes = recordHead + 4;

/** Footer record and magic: the end of a finished segment. */
export const footerBytes = recordHead + 20 + 8;

/** What an extras record has; one bit of its first byte each, in this order. */
export const extra = {
  format: 1,
  peerId: 2,
  id: 4,
  replyTo: 8,
  metadata: 16,
  key: 32,
} as const;

/** Limits of what one entry has beside its payload; those of messages on the bus. */
export const entryLimits = {
  payloadBytes: 2 ** 28,
  metadataBytes: 240,
  keyBytes: 128,
  labelStrings: 32,
  labelBytes: 1024,
} as const;

/**
 * More than any chunk has: one of the largest payload. A longer record is taken for damage, not
 * allocated.
 */
export const maxRecordBytes = entryLimits.payloadBytes + 2 ** 20;

/** Channels that one segment can have: MCAP counts them in 16 bits, and 0 is not used. */
export const maxChannels = 65_535;

/** The factor of the high half of a 64-bit number. */
export const u32 = 2 ** 32;
