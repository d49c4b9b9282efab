// A journal as its one writer has it.
import { show } from '../../base/show.js';
import { type AnyMessageType, type RawInit, StagingArena, TooLargeError } from '../../index.js';
import { encodingOf, type WriterChannel, WriterChannels } from './channels.js';
import {
  checkKeys,
  checkWhole,
  isOutgoing,
  keyBytesOf,
  labelOf,
  metadataOf,
  refused,
  typeIdOf,
} from './checks.js';
import type { Extras } from './chunk-builder.js';
import { JournalClock, nanoseconds } from './clock.js';
import type { CompactionReport } from './compaction.js';
import { type JournalFiles, nodeFiles } from './files.js';
import { entryLimits } from './format.js';
import { checkFolder, JournalReader } from './journal-reader.js';
import { Maintenance, segmentAgeFor } from './maintenance.js';
import {
  type JournalMessage,
  type JournalOptions,
  type JournalSettings,
  type JournalWriteOptions,
  settingsOf,
} from './options.js';
import { type RecoveredSegment, type Recovery, recover } from './recovery.js';
import { type Durability, JournalWriter } from './writer.js';
import type { WriterLock } from './writer-lock.js';

const writeOptionNames = [
  'label',
  'key',
  'time',
  'metadata',
  'peerId',
  'id',
  'replyTo',
] as const satisfies readonly (keyof JournalWriteOptions)[];

/** The arena gives memory back after a larger payload. */
const keptBytes = 2 ** 20;

const noLabel: readonly string[] = Object.freeze([]);

/** What a journal is made of. */
interface Parts {
  readonly files: JournalFiles;
  readonly folder: string;
  readonly settings: JournalSettings;
  readonly lock: WriterLock;
  readonly recovery: Recovery;
}

/**
 * A journal that is open for writing: a folder of MCAP files with entries that have positions. Made
 * by {@link openJournal}. After a failure to write it stays failed: close it and open it again.
 */
export class Journal extends JournalReader {
  /** The level at which entries settle. */
  readonly durability: Durability;
  /** What opening had to repair, after a writer that was killed or a power cut; mostly empty. */
  readonly recovered: readonly RecoveredSegment[];
  readonly #lock: WriterLock;
  readonly #channels: WriterChannels;
  readonly #writer: JournalWriter;
  readonly #maintenance: Maintenance;
  readonly #arena = new StagingArena();
  #closing: Promise<void> | undefined;
  // The channel of the last entry: mostly the next one has the same.
  #lastType: AnyMessageType | string | undefined;
  #lastLabel: string | readonly string[] | undefined;
  #lastChannel: WriterChannel | undefined;

  /** @internal */
  constructor({ files, folder, settings, lock, recovery }: Parts) {
    const { durability, retain, compacts, segmentBytes, pendingBytes, onError } = settings;
    super(files, folder, durability);
    this.durability = durability;
    this.recovered = recovery.recovered;
    this.#lock = lock;
    this.#channels = new WriterChannels(settings.schemaOf);
    const sync = durability === 'disk';
    this.#maintenance = new Maintenance({ files, folder, retain, compacts, sync, onError });
    this.#writer = new JournalWriter(
      {
        files,
        folder,
        durability,
        segmentBytes,
        segmentAge: segmentAgeFor(retain),
        pendingBytes,
        left: (segment) => this.#maintenance.left(segment),
      },
      new JournalClock(recovery.endTime),
      recovery.next,
    );
  }

  /** The position that the next entry gets. */
  get next(): number {
    return this.#writer.next;
  }

  /** Bytes of entries that wait to be written to the file. */
  get pendingBytes(): number {
    return this.#writer.pendingBytes;
  }

  /**
   * Writes one entry and returns its position at once; `settled(position)` waits until it is as safe
   * as `durability` says. The payload is encoded before this returns. Makes neither a promise nor,
   * without options, an object.
   * @throws QueueFullError if more than `maxPendingBytes` wait; see `drained`.
   * @throws InvalidArgumentError if the message or an option is wrong, or the codec refuses.
   * @throws TooLargeError if the payload has more than 256 MiB.
   * @throws JournalDiskFullError and its siblings if writing has failed before.
   * @throws ClosedError if the journal is closed.
   */
  write(message: JournalMessage, options?: JournalWriteOptions): number {
    this.#writer.checkWritable();
    const given =
      options === undefined ? undefined : checkKeys('write()', options, writeOptionNames);
    const label = given?.label;
    let source: Uint8Array;
    let start = 0;
    let end: number;
    let format: number;
    let channel: WriterChannel;
    if (typeof message !== 'object' || message === null) {
      throw refused(
        `message is ${show(message)}; expected one made by a message box, or a raw one`,
        'message',
      );
    }
    if (isOutgoing(message)) {
      const { type } = message.entry;
      channel = this.#channelOf(type, label);
      const arena = this.#arena;
      type.codec.encode(message.payload as never, arena);
      ({ source, start, end } = arena);
      format = message.format;
      // The bytes stay where they are until they are copied, below.
      if (end > keptBytes) arena.clear();
    } else {
      channel = this.#rawChannelOf(message, label);
      source = message.bytes;
      if (!(source instanceof Uint8Array)) {
        throw refused(`bytes is ${show(source)}; expected a Uint8Array`, 'bytes');
      }
      end = source.length;
      format = message.format ?? 0;
      if (format !== 0) checkWhole('format', format, 0, 0xffff);
    }
    if (end - start > entryLimits.payloadBytes) {
      throw new TooLargeError(
        `payload is ${end - start} bytes long; the limit is ${entryLimits.payloadBytes}`,
        { limit: entryLimits.payloadBytes },
      );
    }
    const extras = given === undefined && format === 0 ? undefined : extrasOf(format, given);
    const time = given?.time === undefined ? undefined : timeOf(given.time);
    const low = time === undefined ? undefined : Number(time & 0xffff_ffffn);
    const high = time === undefined ? 0 : Number(time >> 32n);
    return this.#writer.add(channel, source, start, end, extras, low, high);
  }

  /**
   * Writes one entry; resolves with its position when it is as safe as `durability` says. Waits if
   * too much waits to be written. Rejects with what `write` throws, or with a JournalDiskFullError, a
   * JournalGoneError or a JournalFileError if writing fails; then the entry is in the journal as a
   * whole or not at all, and at the levels `memory` and `os` it is not.
   */
  async append(message: JournalMessage, options?: JournalWriteOptions): Promise<number> {
    while (this.#writer.isFull) await this.#writer.drained();
    const position = this.write(message, options);
    await this.#writer.settled(position);
    return position;
  }

  /**
   * Resolves when all entries up to `position` are as safe as `durability` says; by default all that
   * were written. Rejects if writing one of them failed.
   */
  settled(position: number = this.next - 1): Promise<void> {
    try {
      checkWhole('position', position, 0, this.next - 1);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return this.#writer.settled(position);
  }

  /** Resolves when `write` can take entries again; rejects if writing has failed. */
  drained(): Promise<void> {
    return this.#writer.drained();
  }

  /** Resolves when all entries so far are on the disk, whatever the level. */
  sync(): Promise<void> {
    return this.#writer.sync();
  }

  /** Writes what waits, and returns the position behind the last entry. */
  override async end(): Promise<number> {
    if (this.#closing === undefined) await this.#writer.flush();
    return this.#writer.readable;
  }

  /** Begins a new segment with the next entry, so that the one of now is finished after it. */
  roll(): void {
    this.#writer.roll();
  }

  /**
   * Removes segments beyond `retain` now; resolves with their number. It is done after each segment
   * anyway, but nothing is removed while nothing is written.
   */
  prune(): Promise<number> {
    return this.#maintenance.prune();
  }

  /**
   * Removes the segments whose entries all lie before a position, except the one that is written to;
   * resolves with their number. For a journal whose only consumer has done with them.
   * @throws InvalidArgumentError if it is no position.
   */
  async removeBefore(position: number): Promise<number> {
    checkWhole('position', position, 1, this.next);
    return this.#maintenance.removeBefore(position);
  }

  /** Compacts all finished segments now, by `key`; resolves with what that removed. */
  compact(): Promise<CompactionReport> {
    return this.#maintenance.compact();
  }

  /**
   * Writes what waits, finishes the segment, ends all loops and lets another process write. Rejects
   * if entries could not be written.
   */
  override close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { failure: before } = this.#writer;
    try {
      const segment = await this.#writer.close(this.closedError());
      await super.close();
      // A segment of which a write failed is finished by the next one who opens the journal.
      if (this.#writer.failure === undefined && segment !== undefined) {
        this.#maintenance.left(segment);
      } else await segment?.close().catch(() => undefined);
      await this.#maintenance.done();
      const { failure } = this.#writer;
      // One that was reported by a call already is not reported again.
      if (failure !== undefined && before === undefined) throw failure;
    } finally {
      // The folder may be gone; then nobody can be shut out by the lock.
      await this.#lock.release().catch(() => undefined);
    }
  }

  #channelOf(type: AnyMessageType, label: string | readonly string[] | undefined): WriterChannel {
    const last = this.#lastChannel;
    if (last !== undefined && type === this.#lastType && label === this.#lastLabel) return last;
    const { id: typeId, name: typeName, codec } = type;
    return this.#remember(type, label, { typeId, typeName, encoding: encodingOf(codec.name) });
  }

  #rawChannelOf(message: RawInit, label: string | readonly string[] | undefined): WriterChannel {
    const { typeId } = message;
    const last = this.#lastChannel;
    if (last !== undefined && typeId === this.#lastType && label === this.#lastLabel) return last;
    const encoding = encodingOf('raw');
    return this.#remember(typeId, label, {
      typeId: typeIdOf(message),
      typeName: undefined,
      encoding,
    });
  }

  #remember(
    type: AnyMessageType | string,
    label: string | readonly string[] | undefined,
    identity: { typeId: string; typeName: string | undefined; encoding: string },
  ): WriterChannel {
    const whole = { ...identity, label: label === undefined ? noLabel : labelOf(label) };
    // Numbers of channels are those of a segment, so a new segment can begin again.
    if (this.#channels.full && !this.#channels.has(whole)) {
      this.#writer.roll();
      this.#channels.clear();
    }
    const channel = this.#channels.find(whole);
    // A list of a program can change, so that it is looked at each time; one that cannot is not.
    const stable = label === undefined || typeof label === 'string' || Object.isFrozen(label);
    this.#lastType = type;
    this.#lastLabel = label;
    this.#lastChannel = stable ? channel : undefined;
    return channel;
  }
}

/**
 * Opens a journal for writing, and makes the folder if it is not there. One process writes; others
 * read by {@link openJournalReader}. What a killed writer or a power cut left is repaired first:
 * `recovered` says how. Close it: a process that ends without closing leaves a segment to be
 * finished by the next writer, which costs time and no entry.
 * @throws JournalLockedError if the folder is open for writing already.
 * @throws JournalFileError and its siblings if the folder cannot be read or written.
 * @throws InvalidArgumentError if an option is wrong.
 */
export async function openJournal(folder: string, options?: JournalOptions): Promise<Journal> {
  return openJournalOn(nodeFiles, folder, options);
}

/** @internal The same on another file system. */
export async function openJournalOn(
  files: JournalFiles,
  folder: string,
  options?: JournalOptions,
): Promise<Journal> {
  checkFolder(folder);
  const settings = settingsOf(options);
  await files.makeFolder(folder);
  const lock = await files.lock(folder);
  try {
    const recovery = await recover(files, folder);
    const journal = new Journal({ files, folder, settings, lock, recovery });
    await journal.prune();
    return journal;
  } catch (error) {
    await lock.release().catch(() => undefined);
    throw error;
  }
}

function extrasOf(
  format: number,
  given: Partial<JournalWriteOptions> | undefined,
): Extras | undefined {
  const { metadata, key } = given ?? {};
  const number = (name: 'peerId' | 'id' | 'replyTo') => {
    const value = given?.[name];
    return value === undefined ? undefined : checkWhole(name, value, 0, Number.MAX_SAFE_INTEGER);
  };
  const [peerId, id, replyTo] = [number('peerId'), number('id'), number('replyTo')];
  const none = [peerId, id, replyTo, metadata, key].every((value) => value === undefined);
  if (none && format === 0) return undefined;
  return {
    format,
    peerId,
    id,
    replyTo,
    metadata: metadata === undefined ? undefined : metadataOf(metadata),
    key: key === undefined ? undefined : keyBytesOf(key),
  };
}

function timeOf(time: number | Date): bigint {
  const value = Number(time);
  // Until the year 2554, where MCAP's times end.
  if (!(value >= 0 && value < 2 ** 64 / 1e6)) {
    throw refused(`time is ${show(time)}; expected a Date or milliseconds since 1970`, 'time');
  }
  return nanoseconds(value);
}
