// Checks a whole journal: every byte that a reader relies on, and that positions and times fit from
// segment to segment. Changes nothing, and may run beside a writer.
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { milliseconds } from './clock.js';
import { type CursorState, cursorsOf } from './cursor.js';
import { JournalEntry as Entry, type JournalEntry } from './entry.js';
import { type JournalFiles, nodeFiles } from './files.js';
import { footerBytes, recordHead } from './format.js';
import { checkFolder } from './journal-reader.js';
import { listSegments } from './reading.js';
import { MalformedError, safeInteger, viewOf } from './record-bytes.js';
import { finishedEnd } from './segment-end.js';
import type { SegmentName } from './segment-file.js';
import { SegmentWalk, type WalkedChunk } from './segment-walk.js';

/** Something that is wrong with a segment. */
export interface SegmentProblem {
  /** The byte of the file. */
  readonly offset: number;
  /** What is wrong there, in words. */
  readonly text: string;
}

/** What {@link verifyJournal} says about one segment. */
export interface SegmentReport {
  /** The name of the file in the folder. */
  readonly name: string;
  /** The position of its first entry. */
  readonly first: number;
  /** The position behind its last entry. */
  readonly next: number;
  /** Entries that it has; fewer than positions after compaction. */
  readonly entries: number;
  /** Bytes of the file. */
  readonly bytes: number;
  /** The times of its first and last entry, in milliseconds since 1970; 0 without entries. */
  readonly startTime: number;
  /** See `startTime`. */
  readonly endTime: number;
  /** Whether it has a summary. The one that is written to has none, nor has a killed writer's. */
  readonly finished: boolean;
  /** Bytes at its end that are no whole chunk: a write under way, or the last one of a killed writer. */
  readonly unfinishedBytes: number;
  /** What is wrong with it. */
  readonly problems: readonly SegmentProblem[];
}

/** Positions of a journal, one after the other. */
export interface PositionRange {
  /** The first one. */
  readonly from: number;
  /** The one behind the last one. */
  readonly to: number;
}

/** What {@link verifyJournal} found. */
export interface JournalReport {
  /** Whether there is no problem, and no gap between segments. */
  readonly intact: boolean;
  /** The segments in order. */
  readonly segments: readonly SegmentReport[];
  /** Positions between segments that no segment has. */
  readonly gaps: readonly PositionRange[];
  /** Cursors and what they have committed. */
  readonly cursors: readonly CursorState[];
}

/**
 * Reads a whole journal and reports all that is wrong with it.
 * @throws JournalGoneError if there is no such folder.
 */
export function verifyJournal(folder: string): Promise<JournalReport> {
  return verifyJournalOn(nodeFiles, folder);
}

/** @internal The same on another file system. */
export async function verifyJournalOn(files: JournalFiles, folder: string): Promise<JournalReport> {
  checkFolder(folder);
  const segments: SegmentReport[] = [];
  const gaps: PositionRange[] = [];
  let last = 0n;
  for (const segment of await listSegments({ files, folder })) {
    const before = segments.at(-1)?.next;
    if (before !== undefined && segment.first > before) {
      gaps.push({ from: before, to: segment.first });
    }
    const check = new SegmentCheck(last);
    segments.push(await check.run(files, folder, segment));
    last = check.lastTime;
  }
  return {
    intact: gaps.length === 0 && segments.every(({ problems }) => problems.length === 0),
    segments,
    gaps,
    cursors: await cursorsOf(files, folder),
  };
}

/** The check of one segment. */
class SegmentCheck {
  readonly #problems: SegmentProblem[] = [];
  #next = 0;
  #entries = 0;
  #startTime = 0n;
  lastTime: bigint;

  /** `lastTime` is that of the last entry before the segment. */
  constructor(lastTime: bigint) {
    this.lastTime = lastTime;
  }

  async run(
    files: JournalFiles,
    folder: string,
    { first, name }: SegmentName,
  ): Promise<SegmentReport> {
    const path = join(folder, name);
    this.#next = first;
    const finished = await finishedEnd(files, path);
    const file = await files.open(path, 'read');
    try {
      const walk = new SegmentWalk(file);
      let unfinishedBytes = 0;
      for (;;) {
        const step = await walk.next();
        if (step.kind === 'chunk') this.#check(step);
        else if (step.kind === 'tail') {
          const bytes = await file.size();
          if (finished === undefined && !(await walk.skipDamage())) {
            unfinishedBytes = bytes - step.offset;
            break;
          }
          this.#problem(step.offset, step.reason);
          if (finished !== undefined && !(await walk.skipDamage())) break;
        } else {
          if (step.kind === 'end' && (step.first !== first || step.next < this.#next)) {
            this.#problem(walk.offset, 'its end states other positions than its chunks');
          }
          if (step.kind === 'end') this.#next = Math.max(this.#next, step.next);
          break;
        }
      }
      if (finished !== undefined) await this.#checkSummary(file);
      return {
        name,
        first,
        next: this.#next,
        entries: this.#entries,
        bytes: await file.size(),
        startTime: milliseconds(this.#startTime),
        endTime: this.#entries > 0 ? milliseconds(this.lastTime) : 0,
        finished: finished !== undefined,
        unfinishedBytes,
        problems: this.#problems,
      };
    } finally {
      await file.close();
    }
  }

  #problem(offset: number, text: string): void {
    this.#problems.push({ offset, text });
  }

  #check(chunk: WalkedChunk): void {
    const { first, last } = chunk.start;
    if (first !== this.#next) {
      this.#problem(chunk.offset, `begins with position ${first} instead of ${this.#next}`);
    }
    this.#next = last + 1;
    let entries: JournalEntry[];
    try {
      entries = chunk.entries();
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#problem(chunk.offset, error.message);
      return;
    }
    for (const entry of entries) {
      const [time] = Entry.timesOf(entry);
      if (time < this.lastTime) {
        this.#problem(chunk.offset, `entry ${entry.position} is older than the one before it`);
      }
      this.lastTime = time;
      if (this.#startTime === 0n) this.#startTime = time;
    }
    this.#entries += entries.length;
  }

  async #checkSummary(file: {
    size(): Promise<number>;
    read(into: Uint8Array, position: number): Promise<number>;
  }): Promise<void> {
    const size = await file.size();
    const footer = new Uint8Array(footerBytes);
    await file.read(footer, size - footerBytes);
    const view = viewOf(footer);
    const start = safeInteger(view, recordHead);
    const summary = new Uint8Array(size - start - 8 - 4);
    await file.read(summary, start);
    if (crc32(summary) !== view.getUint32(recordHead + 16, true)) {
      this.#problem(start, 'its summary does not have its checksum');
    }
  }
}
