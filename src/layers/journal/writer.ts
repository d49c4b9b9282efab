// Group commit: entries go into the chunk that is open; whatever came while the last write ran is
// the next write, one writev and, at the level `disk`, one fdatasync. Nothing runs while nothing is
// written. It knows chunks and segments, but neither messages nor readers.
import { QueueFullError } from '../../index.js';
import type { WriterChannel } from './channels.js';
import { ChunkBuilder, type Extras, type SealedChunk } from './chunk-builder.js';
import type { JournalClock } from './clock.js';
import type { JournalFiles } from './files.js';
import { SegmentFile } from './segment-file.js';
import { type Waiting, waiting } from './waiting.js';

/** What an entry survives once it is settled; see {@link JournalOptions}. */
export type Durability = 'memory' | 'os' | 'disk';

/** What a writer is made with; everything was checked. */
export interface WriterSettings {
  readonly files: JournalFiles;
  readonly folder: string;
  readonly durability: Durability;
  readonly segmentBytes: number;
  /** Nanoseconds of entries that a segment has at most; `undefined` for any. */
  readonly segmentAge: bigint | undefined;
  readonly pendingBytes: number;
  /** Called after a segment was left for a new one; the segment still has to be finished. */
  readonly left: (segment: SegmentFile) => void;
}

/** A chunk on its way to the file. */
interface Pending {
  readonly chunk: SealedChunk;
  /** The number of the segment that it belongs to, counted by this writer. */
  readonly segment: number;
  readonly waiting: Waiting | undefined;
}

/** Entries after which the clocks are read again within one turn of the event loop. */
const clockEvery = 64;
/** The most bytes of one write: a bound for the time that others wait behind it. */
const writeBytes = 4 * 2 ** 20;
/** Chunks of a segment: a bound for its summary in memory, about 80 bytes each. */
const segmentChunks = 65_536;

/** Writes entries to the segments of one folder. */
export class JournalWriter {
  readonly #settings: WriterSettings;
  readonly #clock: JournalClock;
  readonly #writerId = Math.floor(Math.random() * 2 ** 48);
  #next: number;
  #settled: number;
  #written: number;
  #open: ChunkBuilder | undefined;
  #openSegment = 0;
  #openWaiting: Waiting | undefined;
  readonly #pending: Pending[] = [];
  #inFlight: readonly Pending[] = [];
  #pendingBytes = 0;
  #drained: Waiting | undefined;
  #segmentBytes = 0;
  #segmentChunks = 0;
  #segmentStart: bigint | undefined;
  #segments = 0;
  #file: SegmentFile | undefined;
  #fileNumber = 0;
  #turn = false;
  #untilClock = 0;
  #running: Promise<void> | undefined;
  #syncedFolder = true;
  #syncWanted: Waiting | undefined;
  #failure: Error | undefined;
  #closed: Error | undefined;

  constructor(settings: WriterSettings, clock: JournalClock, next: number) {
    this.#settings = settings;
    this.#clock = clock;
    this.#next = next;
    this.#settled = next - 1;
    this.#written = next - 1;
  }

  /** The position that the next entry gets. */
  get next(): number {
    return this.#next;
  }

  /** The position after the last one that readers can see. */
  get readable(): number {
    return this.#written + 1;
  }

  /** Bytes of entries that are not written yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Whether so much waits that nothing can be added. */
  get isFull(): boolean {
    return this.#pendingBytes > this.#settings.pendingBytes;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The segment that is written to; `undefined` before the first entry. */
  get segment(): SegmentFile | undefined {
    return this.#file;
  }

  /**
   * Adds an entry and returns its position. Times are halves of a 64-bit number of nanoseconds;
   * without them, the publish time is the time of day.
   */
  add(
    channel: WriterChannel,
    source: Uint8Array,
    start: number,
    end: number,
    extras: Extras | undefined,
    publishLow: number | undefined,
    publishHigh: number,
  ): number {
    const need = ChunkBuilder.need(channel, extras, end - start);
    const open = this.#open;
    const chunk = open?.hasRoom(need) === true ? open : this.#begin(need);
    if (this.#untilClock-- <= 0) {
      this.#clock.refresh();
      this.#untilClock = clockEvery;
    }
    const clock = this.#clock;
    const position = this.#next;
    this.#next = position + 1;
    chunk.add(
      channel,
      position,
      source,
      start,
      end,
      extras,
      clock.logLow,
      clock.logHigh,
      publishLow ?? clock.wallLow,
      publishLow === undefined ? clock.wallHigh : publishHigh,
    );
    if (!this.#turn) this.#endTurnLater();
    return position;
  }

  /** @throws the reason why nothing can be written any more, or a QueueFullError. */
  checkWritable(): void {
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.isFull) {
      throw new QueueFullError(
        `${this.#pendingBytes} bytes of entries wait to be written; wait for drained()`,
        { limit: this.#settings.pendingBytes },
      );
    }
  }

  /** Resolves when less than half of the bytes that may wait do. */
  drained(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pendingBytes <= this.#settings.pendingBytes / 2) return Promise.resolve();
    this.#drained ??= waiting();
    return this.#drained.promise;
  }

  /** Resolves when the entry at `position`, which was written, has reached the level. */
  settled(position: number): Promise<void> {
    if (position <= this.#settled || this.#settings.durability === 'memory') {
      return Promise.resolve();
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#open !== undefined && position >= this.#open.first) {
      this.#openWaiting ??= waiting();
      return this.#openWaiting.promise;
    }
    for (const list of [this.#inFlight, this.#pending] as Pending[][]) {
      for (let index = 0; index < list.length; index++) {
        const pending = list[index];
        if (pending === undefined || position > pending.chunk.last) continue;
        const wait = pending.waiting ?? waiting();
        list[index] = { ...pending, waiting: wait };
        return wait.promise;
      }
    }
    return Promise.resolve();
  }

  /** Resolves when all entries so far are on the disk, whatever the level. */
  sync(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#syncWanted ??= waiting();
    const { promise } = this.#syncWanted;
    this.#run();
    return promise;
  }

  /** Resolves when readers can see all entries so far. */
  async flush(): Promise<void> {
    const last = this.#next - 1;
    while (this.#written < last) {
      if (this.#failure !== undefined) throw this.#failure;
      this.#run();
      await this.#running;
    }
  }

  /** Begins a new segment with the next entry. */
  roll(): void {
    if (this.#segmentChunks > 0 || this.#open !== undefined) this.#sealOpen();
    this.#segmentBytes = Number.POSITIVE_INFINITY;
  }

  /** Writes what is left; `error` is what later calls of write throw. Resolves with the segment. */
  async close(error: Error): Promise<SegmentFile | undefined> {
    this.#closed = error;
    this.#run();
    while (this.#running !== undefined) await this.#running;
    return this.#file;
  }

  // A new chunk, and where the old one was the last of its segment, a new segment.
  #begin(need: number): ChunkBuilder {
    if (this.#open !== undefined) {
      this.#sealOpen();
      // Not only at the end of the turn: the system writes while entries are still added.
      this.#run();
    }
    this.#clock.refresh();
    this.#untilClock = clockEvery;
    const { segmentBytes, segmentAge } = this.#settings;
    const now = (BigInt(this.#clock.logHigh) << 32n) | BigInt(this.#clock.logLow);
    if (
      this.#segments === 0 ||
      this.#segmentBytes >= segmentBytes ||
      this.#segmentChunks >= segmentChunks ||
      (segmentAge !== undefined && now - (this.#segmentStart ?? now) > segmentAge)
    ) {
      this.#segments++;
      this.#segmentBytes = 0;
      this.#segmentChunks = 0;
      this.#segmentStart = now;
    }
    this.#openSegment = this.#segments;
    const open = new ChunkBuilder(this.#next, this.#writerId, need);
    this.#open = open;
    return open;
  }

  #sealOpen(): void {
    if (this.#open === undefined) return;
    const chunk = this.#open.seal();
    this.#pending.push({ chunk, segment: this.#openSegment, waiting: this.#openWaiting });
    this.#segmentBytes += chunk.bytes.length;
    this.#segmentChunks++;
    this.#pendingBytes += chunk.bytes.length;
    this.#open = undefined;
    this.#openWaiting = undefined;
  }

  // One microtask for each turn in which something is written: it makes the clock stale and starts
  // writing, so that what one turn writes is one chunk.
  #endTurnLater(): void {
    this.#turn = true;
    queueMicrotask(() => {
      this.#turn = false;
      this.#untilClock = 0;
      this.#run();
    });
  }

  #run(): void {
    if (this.#running !== undefined || this.#failure !== undefined) return;
    if (this.#open === undefined && this.#pending.length === 0 && this.#syncWanted === undefined) {
      return;
    }
    this.#running = this.#loop().finally(() => {
      this.#running = undefined;
      this.#run();
    });
  }

  async #loop(): Promise<void> {
    try {
      for (;;) {
        if (this.#pending.length === 0) this.#sealOpen();
        const sync = this.#syncWanted;
        this.#syncWanted = undefined;
        if (this.#pending.length > 0) await this.#write(this.#take());
        // Chunks that were sealed meanwhile count for a sync that was asked for before them.
        if (sync !== undefined) await this.#syncAll(sync);
        else if (this.#pending.length === 0 && this.#open === undefined) return;
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** The chunks of one write: of one segment, and not too many. */
  #take(): Pending[] {
    let bytes = 0;
    let count = 0;
    const segment = this.#pending[0]?.segment;
    for (const pending of this.#pending) {
      if (pending.segment !== segment || (count > 0 && bytes > writeBytes)) break;
      bytes += pending.chunk.bytes.length;
      count++;
    }
    return this.#pending.splice(0, count);
  }

  async #write(batch: Pending[]): Promise<void> {
    this.#inFlight = batch;
    const disk = this.#settings.durability === 'disk';
    const first = batch[0] as Pending;
    // Without a pause if the file is there: the write begins while entries are still added.
    const file = this.#fileOf(first) ?? (await this.#makeFile(first));
    let failure: unknown;
    try {
      await file.append(batch.map(({ chunk }) => chunk));
    } catch (error) {
      failure = error;
    }
    // Of a write that failed, some chunks may be whole.
    this.#written = Math.max(this.#written, file.summary.next - 1);
    file.checkLinked();
    if (!disk) this.#settleTo(this.#written);
    if (failure !== undefined) throw failure;
    if (disk) {
      if (!file.synced) await file.sync();
      if (!this.#syncedFolder) await this.#settings.files.syncFolder(this.#settings.folder);
      this.#syncedFolder = true;
      this.#settleTo(this.#written);
    }
    this.#inFlight = [];
    for (const { chunk } of batch) {
      this.#pendingBytes -= chunk.bytes.length;
      ChunkBuilder.recycle(chunk);
    }
    if (this.#pendingBytes <= this.#settings.pendingBytes / 2) {
      this.#drained?.resolve();
      this.#drained = undefined;
    }
  }

  /** The file of a chunk's segment, if there is one. */
  #fileOf({ segment }: Pending): SegmentFile | undefined {
    return this.#fileNumber === segment ? this.#file : undefined;
  }

  /** Makes it. The one before it is finished once the new one exists. */
  async #makeFile({ segment, chunk }: Pending): Promise<SegmentFile> {
    const { files, folder, durability, left } = this.#settings;
    const before = this.#file;
    this.#file = await SegmentFile.create(files, folder, chunk.first, durability === 'disk');
    this.#fileNumber = segment;
    this.#syncedFolder = false;
    if (before !== undefined) left(before);
    return this.#file;
  }

  #settleTo(position: number): void {
    this.#settled = Math.max(this.#settled, position);
    for (const { chunk, waiting: wait } of this.#inFlight) {
      if (chunk.last <= this.#settled) wait?.resolve();
    }
  }

  async #syncAll(wanted: Waiting): Promise<void> {
    try {
      while (this.#pending.length > 0 || this.#open !== undefined) {
        if (this.#pending.length === 0) this.#sealOpen();
        await this.#write(this.#take());
      }
      await this.#file?.sync();
      await this.#settings.files.syncFolder(this.#settings.folder);
      wanted.resolve();
    } catch (error) {
      wanted.reject(error as Error);
      throw error;
    }
  }

  // Final: after a failed sync nobody knows what is on the disk, and positions are given out already.
  #fail(error: Error): void {
    this.#failure = error;
    this.#sealOpen();
    for (const { chunk, waiting: wait } of [...this.#inFlight, ...this.#pending]) {
      if (chunk.last > this.#settled) wait?.reject(error);
    }
    this.#inFlight = [];
    this.#pending.length = 0;
    this.#drained?.reject(error);
    this.#syncWanted?.reject(error);
  }
}
