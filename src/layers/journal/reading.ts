// Reading across segments: finds where to begin, goes from segment to segment, and with `follow`
// waits at the end for more. Where it is is a position, so that nothing is read twice and nothing is
// left out, whatever the writer does meanwhile.
import { join } from 'node:path';
import { nanoseconds } from './clock.js';
import { JournalEntry } from './entry.js';
import { JournalDamagedError, JournalGoneError } from './errors.js';
import type { JournalFile, JournalFiles } from './files.js';
import { FolderChanges, throwIfAborted } from './folder-changes.js';
import { MalformedError } from './record-bytes.js';
import { finishedEnd } from './segment-end.js';
import { type SegmentName, segmentsAmong } from './segment-file.js';
import { SegmentWalk, type WalkedChunk, type WalkStep } from './segment-walk.js';

/** A place in a journal: a position, or the first entry that is not older than a time. */
export type Place = { readonly position: number } | { readonly time: bigint };

/** What to read; everything was checked. */
export interface Reading {
  readonly files: JournalFiles;
  readonly folder: string;
  readonly from: Place;
  /** Where to end: before this place. */
  readonly to: Place | undefined;
  readonly follow: boolean;
  readonly damaged: 'throw' | 'skip';
  readonly signal: AbortSignal | undefined;
}

/** Opens segments in order and gives out their entries chunk by chunk. */
export class SegmentsReader {
  readonly #reading: Reading;
  readonly #changes: FolderChanges;
  readonly #to: { position: number; time: bigint | undefined };
  readonly #fromTime: bigint | undefined;
  #expected: number;
  #segment: SegmentName | undefined;
  #file: JournalFile | undefined;
  #walk: SegmentWalk | undefined;
  #missed = 0;
  /** Whether a gap before the next chunk counts as missed. */
  #counted = false;
  #done = false;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#changes = new FolderChanges(reading.files, reading.folder, reading.signal);
    const { from, to } = reading;
    this.#fromTime = 'time' in from ? from.time : undefined;
    this.#expected = 'position' in from ? from.position : 1;
    // From a time, or from the oldest entry on, what is not there any more was not asked for.
    this.#counted = 'position' in from && from.position > 0;
    this.#to = {
      position: to !== undefined && 'position' in to ? to.position : Number.POSITIVE_INFINITY,
      time: to !== undefined && 'time' in to ? to.time : undefined,
    };
  }

  /** Positions that were asked for and are not in the journal any more; see JournalRead.missed. */
  get missed(): number {
    return this.#missed;
  }

  /** The next entries, at least one; `undefined` at the end. */
  async next(): Promise<JournalEntry[] | undefined> {
    while (!this.#done) {
      throwIfAborted(this.#reading.signal);
      if (this.#expected >= this.#to.position) break;
      const version = this.#reading.follow ? this.#changes.version() : 0;
      const step = await this.#step();
      if (step === 'wait') {
        if (!this.#reading.follow) break;
        await this.#changes.waitBeyond(version);
      } else if (step !== undefined) {
        const entries = this.#select(step);
        if (entries.length > 0) return entries;
      }
    }
    await this.close();
    return undefined;
  }

  async close(): Promise<void> {
    this.#done = true;
    this.#changes.close();
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** A chunk; `undefined` to try again; 'wait' if there is nothing more now. */
  async #step(): Promise<WalkedChunk | 'wait' | undefined> {
    if (this.#walk === undefined) return (await this.#openFirst()) ? undefined : 'wait';
    const step = await this.#look();
    if (step.kind === 'chunk') return step;
    if (step.kind === 'skipped') return undefined;
    return this.#atEnd(step);
  }

  #wants(last: number, endTime: bigint): boolean {
    if (this.#fromTime !== undefined) return endTime >= this.#fromTime && last >= this.#expected;
    return last >= this.#expected;
  }

  // The writer makes a segment only when all before it is written, and the end of a segment last, so
  // what is seen after the new name or the end was seen is all there is.
  async #atEnd(found: WalkStep): Promise<WalkedChunk | 'wait' | undefined> {
    const following = await this.#segmentAfter();
    let step = found;
    let finished = false;
    if (step.kind === 'tail') {
      if (step.rest) finished = await this.#isFinished();
      if (following === undefined && !finished) return 'wait';
      step = await this.#look();
      if (step.kind === 'chunk') return step;
      if (step.kind === 'skipped') return undefined;
    }
    if (step.kind === 'end') {
      // What compaction has left out at the end of a segment was not lost.
      this.#expected = Math.max(this.#expected, step.next);
    } else if (step.kind === 'tail' && step.rest) {
      // What is half written here is the summary, unless it begins as a chunk.
      const damage = finished || step.isChunk;
      // A segment that was removed meanwhile may end anyhow.
      if (damage && (await this.#isThere())) {
        if (this.#reading.damaged === 'throw') throw this.#damage(step.offset, step.reason);
        if (await (this.#walk as SegmentWalk).skipDamage()) return undefined;
      }
    }
    if (following === undefined) return 'wait';
    await this.#open(following);
    return undefined;
  }

  #look(): Promise<WalkStep> {
    return (this.#walk as SegmentWalk).next((start) => this.#wants(start.last, start.endTime));
  }

  #damage(offset: number, reason: string): JournalDamagedError {
    const path = join(this.#reading.folder, this.#segment?.name ?? '');
    return new JournalDamagedError(`${path} is damaged at byte ${offset}: ${reason}`, {
      path,
      offset,
    });
  }

  async #isThere(): Promise<boolean> {
    const segments = await listSegments(this.#reading);
    return segments.some(({ first }) => first === this.#segment?.first);
  }

  async #isFinished(): Promise<boolean> {
    const { files, folder } = this.#reading;
    try {
      const end = await finishedEnd(files, join(folder, this.#segment?.name ?? ''));
      return end !== undefined;
    } catch (error) {
      if (error instanceof JournalGoneError) return false;
      throw error;
    }
  }

  async #segmentAfter(): Promise<SegmentName | undefined> {
    const segments = await listSegments(this.#reading);
    return segments.find(({ first }) => first > (this.#segment?.first ?? 0));
  }

  async #openFirst(): Promise<boolean> {
    const segments = await listSegments(this.#reading);
    const segment =
      this.#fromTime === undefined
        ? (segments.findLast(({ first }) => first <= this.#expected) ?? segments[0])
        : await segmentBefore(this.#reading, segments, this.#fromTime);
    if (segment === undefined) return false;
    await this.#open(segment);
    return true;
  }

  async #open(segment: SegmentName): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    this.#walk = undefined;
    this.#segment = segment;
    try {
      const path = join(this.#reading.folder, segment.name);
      this.#file = await this.#reading.files.open(path, 'read');
      this.#walk = new SegmentWalk(this.#file);
    } catch (error) {
      // Removed between listing and opening: begin with the oldest there is.
      if (!(error instanceof JournalGoneError)) throw error;
      await listSegments(this.#reading);
      this.#segment = undefined;
    }
  }

  /** The entries of a chunk that were asked for, and the account of those that are missing. */
  #select(chunk: WalkedChunk): JournalEntry[] {
    const { first, last } = chunk.start;
    let entries: JournalEntry[];
    try {
      entries = chunk.entries();
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      if (this.#reading.damaged === 'throw') throw this.#damage(chunk.offset, error.message);
      return [];
    }
    if (this.#counted) this.#missed += Math.max(0, first - this.#expected);
    this.#counted = true;
    if (first < this.#expected) {
      entries = entries.filter(({ position }) => position >= this.#expected);
    }
    this.#expected = Math.max(this.#expected, last + 1);
    const from = this.#fromTime;
    if (from !== undefined && chunk.start.startTime < from) {
      entries = entries.filter((entry) => !JournalEntry.isBefore(entry, from));
    }
    const { position: end, time } = this.#to;
    if (last >= end) entries = entries.filter(({ position }) => position < end);
    if (time !== undefined && chunk.start.endTime >= time) {
      entries = entries.filter((entry) => JournalEntry.isBefore(entry, time));
      this.#done = true;
      void this.close();
    }
    return entries;
  }
}

/** The segments of a folder, in order; a folder that is gone is an error. */
export async function listSegments({
  files,
  folder,
}: Pick<Reading, 'files' | 'folder'>): Promise<SegmentName[]> {
  return segmentsAmong(await files.list(folder));
}

/** The last segment that begins before a time: by bisection, since times never run backwards. */
async function segmentBefore(
  reading: Pick<Reading, 'files' | 'folder'>,
  segments: readonly SegmentName[],
  time: bigint,
): Promise<SegmentName | undefined> {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const start = await startTime(reading, segments[middle] as SegmentName);
    if (start === undefined || start >= time) high = middle - 1;
    else low = middle;
  }
  return segments[low];
}

/** The time of the first entry of a segment; `undefined` if it has none, or is gone. */
export async function startTime(
  { files, folder }: Pick<Reading, 'files' | 'folder'>,
  { name }: SegmentName,
): Promise<bigint | undefined> {
  let file: JournalFile;
  try {
    file = await files.open(join(folder, name), 'read');
  } catch (error) {
    if (error instanceof JournalGoneError) return undefined;
    throw error;
  }
  try {
    const walk = new SegmentWalk(file);
    for (;;) {
      const step = await walk.next(() => false);
      if (step.kind !== 'skipped') return undefined;
      if (step.start.count > 0) return step.start.startTime;
    }
  } finally {
    await file.close();
  }
}

/** The position after the last entry that can be read, and the time of the last entry. */
export async function endOf(
  reading: Pick<Reading, 'files' | 'folder'>,
): Promise<{ next: number; endTime: bigint }> {
  const segments = await listSegments(reading);
  for (const { first, name } of segments.reverse()) {
    const file = await reading.files.open(join(reading.folder, name), 'read');
    try {
      const end = await endOfSegment(new SegmentWalk(file));
      if (end !== undefined) return end;
      if (segments.length === 1) return { next: first, endTime: 0n };
    } finally {
      await file.close();
    }
  }
  return { next: 1, endTime: 0n };
}

async function endOfSegment(
  walk: SegmentWalk,
): Promise<{ next: number; endTime: bigint } | undefined> {
  let end: { next: number; endTime: bigint } | undefined;
  for (;;) {
    const step = await walk.next(() => false);
    if (step.kind === 'skipped') {
      const { last, count, endTime } = step.start;
      end = { next: last + 1, endTime: count > 0 ? endTime : (end?.endTime ?? 0n) };
    } else if (step.kind === 'end') return { next: step.next, endTime: step.endTime };
    else return end;
  }
}

/** A point in time that a program gave, as the file has it. */
export function timeOf(date: Date | number): bigint {
  return nanoseconds(Number(date));
}
