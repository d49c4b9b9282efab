// The options of a journal, and their checks: from what programs pass to numbers without units.
import { show } from '../../base/show.js';
import type { OutgoingMessage, RawInit } from '../../index.js';
import type { SchemaOf } from './channels.js';
import { bytesOf, checkKeys, checkWord, durationOf, refused } from './checks.js';
import type { JournalCursor } from './cursor.js';
import type { RetentionLimits } from './retention.js';
import type { Durability } from './writer.js';

/** How much a journal keeps. Whole segments are removed, the oldest first. */
export interface JournalRetention {
  /** Bytes of all segments, as a number or like `'10 GiB'`. Default: no limit. */
  readonly bytes?: number | string;
  /** Milliseconds, or like `'7 d'`, that an entry is kept at least. Default: no limit. */
  readonly age?: number | string;
}

/** Options of {@link openJournal}. */
export interface JournalOptions {
  /**
   * What an entry survives once `append` or `settled` has resolved. `'memory'`: nothing, it is only
   * queued. `'os'`: the end of this process, for it is written to the file. `'disk'`: a power cut,
   * for the file was synced (one `fdatasync` for all entries that came meanwhile). Default: `'os'`.
   */
  readonly durability?: Durability;
  /** How much is kept. Default: everything. */
  readonly retain?: JournalRetention;
  /** `'key'`: of entries with the same `key` only the newest is kept. Default: `'none'`. */
  readonly compact?: 'key' | 'none';
  /** Bytes after which a new segment begins, like `'64 MiB'`: 64 KiB to 4 GiB. Default: 64 MiB. */
  readonly segmentBytes?: number | string;
  /**
   * Bytes of entries that may wait to be written; beyond, `write` throws a `QueueFullError`: 1 MiB
   * to 4 GiB. Default: 64 MiB.
   */
  readonly maxPendingBytes?: number | string;
  /**
   * JSON Schemas of message types, by name or UUID: viewers show the payloads of JSON with them.
   */
  readonly schemas?: Readonly<Record<string, object>>;
  /**
   * Hears of failures in the background: of finishing, removing or compacting segments. Entries are
   * not affected. Default: `process.emitWarning`.
   */
  readonly onMaintenanceError?: (error: Error) => void;
}

/** A message to be written: one of any message box, or a raw one, whose fields are copied. */
export type JournalMessage = OutgoingMessage | RawInit;

/** Options of {@link Journal.write}: what is known of a message beside its payload. */
export interface JournalWriteOptions {
  /** The label of the sender. Default: none. */
  readonly label?: string | readonly string[];
  /** Up to 128 bytes. Compaction keeps the newest entry with a key only. */
  readonly key?: string;
  /** When it was published, in milliseconds since 1970. Default: now. */
  readonly time?: number | Date;
  /** Up to 240 bytes, as messages have them. */
  readonly metadata?: Uint8Array;
  /** The id of the endpoint that sent the message. */
  readonly peerId?: number;
  /** The message's id on the bus. */
  readonly id?: number;
  /** The id of the message that it replied to. */
  readonly replyTo?: number;
}

/** Options of {@link JournalReader.read}. */
export interface JournalReadOptions {
  /**
   * Where to begin: at a position, at the first entry that is not older than a date, behind the last
   * entry committed with a cursor, or at one end. Default: `'oldest'`.
   */
  readonly from?: number | Date | JournalCursor | 'oldest' | 'newest';
  /**
   * Where to end: before a position, or before the first entry that is not older than a date.
   * Default: the end of the journal when the loop begins; with `follow`, none.
   */
  readonly to?: number | Date;
  /**
   * Whether to go on with entries that are written later, until the loop is left or `to` is reached.
   * Without it, reading ends behind the last entry that was there when it began. Default: false.
   */
  readonly follow?: boolean;
  /** What a part of a file without its checksum does. Default: `'throw'` a JournalDamagedError. */
  readonly damaged?: 'throw' | 'skip';
  /** Ends the loop with an AbortedError. */
  readonly signal?: AbortSignal;
}

const MiB = 2 ** 20;
const GiB = 2 ** 30;

/** The options with their defaults, in bytes and milliseconds. */
export interface JournalSettings {
  readonly durability: Durability;
  readonly retain: RetentionLimits;
  readonly compacts: boolean;
  readonly segmentBytes: number;
  readonly pendingBytes: number;
  readonly schemaOf: SchemaOf;
  readonly onError: (error: Error) => void;
}

const optionNames = [
  'durability',
  'retain',
  'compact',
  'segmentBytes',
  'maxPendingBytes',
  'schemas',
  'onMaintenanceError',
] as const satisfies readonly (keyof JournalOptions)[];

/** Checks the options of {@link openJournal}. */
export function settingsOf(options: JournalOptions | undefined): JournalSettings {
  const own = checkKeys('openJournal()', options, optionNames);
  const { durability = 'os', compact = 'none', segmentBytes = 64 * MiB } = own;
  const { maxPendingBytes = 64 * MiB, onMaintenanceError, schemas } = own;
  if (onMaintenanceError !== undefined && typeof onMaintenanceError !== 'function') {
    throw refused(
      `onMaintenanceError is ${show(onMaintenanceError)}; expected a function`,
      'onMaintenanceError',
    );
  }
  return {
    durability: checkWord('durability', durability, ['memory', 'os', 'disk'] as const),
    retain: retentionOf(own.retain),
    compacts: checkWord('compact', compact, ['key', 'none'] as const) === 'key',
    segmentBytes: bytesOf('segmentBytes', segmentBytes, 64 * 1024, 4 * GiB),
    pendingBytes: bytesOf('maxPendingBytes', maxPendingBytes, MiB, 4 * GiB),
    schemaOf: schemasOf(schemas),
    onError: onMaintenanceError ?? ((error) => process.emitWarning(error)),
  };
}

function retentionOf(retain: JournalRetention | undefined): RetentionLimits {
  const { bytes, age } = checkKeys('retain', retain, ['bytes', 'age']);
  return {
    bytes:
      bytes === undefined ? undefined : bytesOf('retain.bytes', bytes, 1, Number.MAX_SAFE_INTEGER),
    age: age === undefined ? undefined : durationOf('retain.age', age),
  };
}

function schemasOf(schemas: Readonly<Record<string, object>> | undefined): SchemaOf {
  if (schemas === undefined) return () => undefined;
  const known = new Map<string, object>();
  for (const [name, schema] of Object.entries(
    checkKeys('schemas', schemas, Object.keys(schemas)),
  )) {
    if (typeof schema !== 'object' || schema === null) {
      throw refused(`schemas.${name} is ${show(schema)}; expected a JSON Schema`, 'schemas');
    }
    known.set(name.toLowerCase(), schema);
  }
  return ({ typeId, typeName }) =>
    known.get(typeId) ?? (typeName === undefined ? undefined : known.get(typeName.toLowerCase()));
}
