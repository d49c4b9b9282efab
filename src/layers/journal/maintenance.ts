// What a writer does beside writing: it finishes segments that it has left, removes old ones and
// compacts. One job at a time, in the background, and never by a timer.
import { timeOfDay } from './clock.js';
import { type CompactionReport, compact } from './compaction.js';
import type { JournalFiles } from './files.js';
import { prune, type RetentionLimits, removeBefore, totalBytes } from './retention.js';
import type { SegmentFile } from './segment-file.js';

/** What maintenance is made with. */
export interface MaintenanceSettings {
  readonly files: JournalFiles;
  readonly folder: string;
  readonly retain: RetentionLimits;
  readonly compacts: boolean;
  readonly sync: boolean;
  /** Hears of the failure of a job that nobody waits for. */
  readonly onError: (error: Error) => void;
}

/** The background jobs of one writer. */
export class Maintenance {
  readonly #settings: MaintenanceSettings;
  #jobs: Promise<unknown> = Promise.resolve();
  /** Bytes of segments that were finished since the last compaction, and those that it left. */
  #newBytes = 0;
  #oldBytes = 0;

  constructor(settings: MaintenanceSettings) {
    this.#settings = settings;
  }

  /** Takes a segment over that the writer has left. */
  left(segment: SegmentFile): void {
    const { sync, onError } = this.#settings;
    this.#newBytes += segment.size;
    this.#queue(async () => {
      await segment.finish(sync);
      await this.#prune();
      await this.#compactIfWorthIt();
    }).catch((error: Error) => onError(error));
  }

  prune(): Promise<number> {
    return this.#queue(() => this.#prune());
  }

  removeBefore(position: number): Promise<number> {
    const { files, folder } = this.#settings;
    return this.#queue(() => removeBefore(files, folder, position));
  }

  compact(): Promise<CompactionReport> {
    return this.#queue(() => this.#compact());
  }

  /** Resolves when no job is left. */
  async done(): Promise<void> {
    await this.#jobs.catch(() => undefined);
  }

  #queue<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#jobs.then(job, job);
    this.#jobs = done.catch(() => undefined);
    return done;
  }

  async #prune(): Promise<number> {
    const { files, folder, retain } = this.#settings;
    return (await prune(files, folder, retain, timeOfDay())).length;
  }

  // Reading everything pays when there is as much new as there was left: then its cost for each
  // byte that is written is bounded.
  async #compactIfWorthIt(): Promise<void> {
    if (!this.#settings.compacts || this.#newBytes < this.#oldBytes) return;
    await this.#compact();
  }

  async #compact(): Promise<CompactionReport> {
    const { files, folder } = this.#settings;
    const report = await compact(files, folder);
    this.#newBytes = 0;
    this.#oldBytes = await totalBytes(files, folder);
    return report;
  }
}

/** Nanoseconds after which a segment is left for a new one, so that old entries can be removed. */
export function segmentAgeFor({ age }: RetentionLimits): bigint | undefined {
  return age === undefined ? undefined : BigInt(Math.ceil(age / 8)) * 1_000_000n;
}
