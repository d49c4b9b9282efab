// The entry `busbar/journal`: a persistent log of messages in a folder of MCAP files.
export type { CompactionReport } from './compaction.js';
export type { CursorState, JournalCursor } from './cursor.js';
export { type Delivery, deliveryOf } from './delivery-mark.js';
export { type DurableOptions, DurableSender, durable } from './durable.js';
export type { JournalEntry } from './entry.js';
export {
  JournalDamagedError,
  JournalDiskFullError,
  JournalError,
  type JournalErrorFacts,
  JournalFileError,
  JournalGoneError,
  JournalLockedError,
} from './errors.js';
export { entryToJson, exportLines, exportMcap, type JsonEntry } from './export.js';
export { type Journal, openJournal } from './journal.js';
export { type JournalReader, openJournalReader } from './journal-reader.js';
export type {
  JournalMessage,
  JournalOptions,
  JournalReadOptions,
  JournalRetention,
  JournalWriteOptions,
} from './options.js';
export type { JournalRead } from './read.js';
export {
  type LossEvent,
  Recording,
  type RecordingEvents,
  type RecordOptions,
  record,
} from './record.js';
export type { RecoveredSegment } from './recovery.js';
export { type ReplayMessage, type ReplayOptions, type ReplayReport, replay } from './replay.js';
export { type ServeJournalOptions, serveJournal } from './serve.js';
export { JournalService } from './service.js';
export {
  type JournalReport,
  type PositionRange,
  type SegmentProblem,
  type SegmentReport,
  verifyJournal,
} from './verify.js';
export type { Durability } from './writer.js';
