// Reading as programs do it: a loop over entries, or over batches of them.
import type { JournalEntry } from './entry.js';
import type { Reading } from './reading.js';
import { SegmentsReader } from './reading.js';

const over: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * A pass over entries of a journal, in order: `for await (const entry of log.read())`. It is made
 * by `read`, opens its first file when the loop begins, and closes it when the loop ends or is left.
 */
export class JournalRead implements AsyncIterableIterator<JournalEntry> {
  readonly #begin: () => Promise<Reading>;
  #reader: Promise<SegmentsReader> | undefined;
  #last: SegmentsReader | undefined;
  #batch: readonly JournalEntry[] = [];
  #index = 0;
  #begun = false;

  /** @internal */
  constructor(begin: () => Promise<Reading>) {
    this.#begin = begin;
  }

  /**
   * How many positions this pass has found missing so far: entries that retention had removed, or
   * that were lost with a damaged part of a file. What compaction left out does not count.
   */
  get missed(): number {
    return this.#last?.missed ?? 0;
  }

  /** The next entry. One call at a time, as `for await` does. */
  next(): Promise<IteratorResult<JournalEntry, undefined>> {
    const entry = this.#batch[this.#index];
    if (entry === undefined) return this.#nextBatch();
    this.#index++;
    return Promise.resolve({ done: false, value: entry });
  }

  /** Ends the pass and closes its file, as leaving the loop does. */
  async return(): Promise<IteratorResult<JournalEntry, undefined>> {
    this.#batch = [];
    this.#begun = true;
    await (await this.#reader)?.close();
    return over;
  }

  /** @ignore */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * The same entries as arrays, each with what was written at once, never empty: some times faster
   * than a loop over entries. Not together with `next`.
   */
  async *batches(): AsyncGenerator<readonly JournalEntry[], undefined> {
    try {
      for (;;) {
        const batch = await this.#take();
        if (batch === undefined) return;
        yield batch;
      }
    } finally {
      await this.return();
    }
  }

  async #nextBatch(): Promise<IteratorResult<JournalEntry, undefined>> {
    const batch = await this.#take();
    const first = batch?.[0];
    if (batch === undefined || first === undefined) return over;
    this.#batch = batch;
    this.#index = 1;
    return { done: false, value: first };
  }

  async #take(): Promise<readonly JournalEntry[] | undefined> {
    if (this.#begun && this.#reader === undefined) return undefined;
    this.#begun = true;
    this.#reader ??= this.#begin().then((reading) => new SegmentsReader(reading));
    const reader = await this.#reader;
    this.#last = reader;
    try {
      return await reader.next();
    } catch (error) {
      await reader.close();
      throw error;
    }
  }
}
