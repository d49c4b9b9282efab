// One segment while it is written: creating it, appending chunks, finishing it. Also the names of
// segments, which are their first positions.
import { join } from 'node:path';
import type { SealedChunk } from './chunk-builder.js';
import type { JournalFile, JournalFiles } from './files.js';
import { magic, opcode } from './format.js';
import { RecordBytes } from './record-bytes.js';
import { factsOf, SegmentSummary } from './segment-summary.js';

const segmentName = /^(\d{12,16})\.mcap$/;

/** A segment of a folder. */
export interface SegmentName {
  /** The position of its first entry. */
  readonly first: number;
  readonly name: string;
}

/** The name of the segment that begins at a position. */
export function nameOf(first: number): string {
  return `${String(first).padStart(12, '0')}.mcap`;
}

/** The segments among the names of a folder, in order. */
export function segmentsAmong(names: readonly string[]): SegmentName[] {
  return names
    .flatMap((name) => {
      const digits = segmentName.exec(name)?.[1];
      const first = Number(digits);
      return digits !== undefined && Number.isSafeInteger(first) ? [{ first, name }] : [];
    })
    .sort((a, b) => a.first - b.first);
}

/** What each segment begins with. */
export function segmentHead(first: number): Uint8Array {
  const bytes = new RecordBytes();
  bytes.raw(magic);
  bytes.record(opcode.header, () => {
    bytes.text('');
    bytes.text('busbar');
  });
  bytes.record(opcode.metadata, () => {
    bytes.text('busbar.journal');
    bytes.texts({ version: '1', first: String(first) });
  });
  return bytes.bytes;
}

/** The segment that is written to. */
export class SegmentFile {
  readonly first: number;
  readonly path: string;
  readonly summary: SegmentSummary;
  readonly #file: JournalFile;
  /** Bytes that are whole: what is behind them is the rest of a failed write. */
  #size = 0;

  private constructor(file: JournalFile, path: string, first: number) {
    this.#file = file;
    this.path = path;
    this.first = first;
    this.summary = new SegmentSummary(first);
  }

  /** Makes the file, or empties one that has no entry. Nothing is written yet. */
  static async create(
    files: JournalFiles,
    folder: string,
    first: number,
    synced: boolean,
  ): Promise<SegmentFile> {
    const path = join(folder, nameOf(first));
    return new SegmentFile(
      await files.open(path, synced ? 'create-synced' : 'create'),
      path,
      first,
    );
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Appends chunks, the head before the first one. If that fails, the chunks that were written whole
   * stay, since readers may have seen them, and the rest is cut off. If cutting fails, too, readers
   * find a chunk without its checksum and stop before it.
   */
  async append(chunks: readonly SealedChunk[]): Promise<void> {
    const buffers = chunks.map(({ bytes }) => bytes);
    const head = this.#size === 0 ? segmentHead(this.first) : new Uint8Array(0);
    const start = this.#size;
    try {
      await this.#file.write(head.length > 0 ? [head, ...buffers] : buffers, start);
      this.#keep(chunks, start + head.length, Number.POSITIVE_INFINITY);
    } catch (error) {
      const written = await this.#file.size().catch(() => start);
      this.#keep(chunks, start + head.length, written);
      await this.#file.truncate(this.#size).catch(() => undefined);
      throw error;
    }
  }

  /** Counts the chunks that lie whole before `end`. */
  #keep(chunks: readonly SealedChunk[], start: number, end: number): void {
    let offset = start;
    for (const chunk of chunks) {
      if (offset + chunk.bytes.length > end) return;
      this.summary.add(factsOf(chunk), offset);
      offset += chunk.bytes.length;
      this.#size = offset;
    }
  }

  /** Whether chunks are on the disk when they are appended. */
  get synced(): boolean {
    return this.#file.synced;
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  /** @throws JournalGoneError if the file was removed. */
  checkLinked(): void {
    this.#file.checkLinked();
  }

  /** Writes the summary, so that the file is a whole MCAP file, and closes it. */
  async finish(sync: boolean): Promise<void> {
    try {
      await this.#file.write([this.summary.finish(this.#size)], this.#size);
      if (sync) await this.#file.sync();
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => undefined);
      throw error;
    } finally {
      await this.#file.close();
    }
  }

  /** Closes the file as it is. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
