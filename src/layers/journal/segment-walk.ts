// Walks over the records of one segment, finished or still written to, from its begin to what is
// whole. It reads in blocks and never uses bytes of a record that was not complete: after a restart
// of the writer other bytes can be there.
import {
  type ChunkStart,
  chunkStartBytes,
  hasChecksum,
  indexOf,
  readEntries,
  readStart,
} from './chunk-reader.js';
import { type ChunkBytes, chunkBytesOf, type JournalEntry } from './entry.js';
import type { JournalFile } from './files.js';
import { dataEndBytes, magic, maxRecordBytes, opcode, rangeBytes, recordHead } from './format.js';
import { MalformedError, safeInteger } from './record-bytes.js';

/** A chunk that has its checksum. */
export interface WalkedChunk {
  readonly kind: 'chunk';
  readonly offset: number;
  readonly start: ChunkStart;
  /** Parses the entries; throws a MalformedError if they do not fit together. */
  readonly entries: () => JournalEntry[];
  /** The message index records that stand behind it, made anew. */
  readonly index: (entries: readonly JournalEntry[]) => Uint8Array;
}

/** What comes next in a segment. */
export type WalkStep =
  | WalkedChunk
  /** A chunk that was not looked at, because it is not wanted. */
  | { readonly kind: 'skipped'; readonly offset: number; readonly start: ChunkStart }
  /** Positions and time as the finished segment itself states them. */
  | {
      readonly kind: 'end';
      readonly first: number;
      readonly next: number;
      readonly endTime: bigint;
    }
  | TailStep;

/** Nothing more that is whole: more may be written here. */
export interface TailStep {
  readonly kind: 'tail';
  readonly offset: number;
  /** Whether there are bytes, but no record. */
  readonly rest: boolean;
  /** Whether they begin as a chunk does. */
  readonly isChunk: boolean;
  readonly reason: string;
}

const smallBlock = 64 * 1024;
const largeBlock = 1024 * 1024;

/** Reads one segment from begin to end. */
export class SegmentWalk {
  readonly #file: JournalFile;
  #offset = 0;
  #block: ChunkBytes = chunkBytesOf(new Uint8Array(0));
  #blockAt = 0;
  #blockBytes = smallBlock;
  #started = false;

  constructor(file: JournalFile) {
    this.#file = file;
  }

  /** Where the next record begins: everything before it was whole. */
  get offset(): number {
    return this.#offset;
  }

  /** The next step. `wanted` says whether a chunk is to be read; others are skipped unchecked. */
  async next(wanted: (start: ChunkStart) => boolean = () => true): Promise<WalkStep> {
    try {
      return await this.#step(wanted);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return this.#tail(true, error.message);
    }
  }

  /**
   * After a tail with a rest: goes on behind the chunk there, if its length can be believed. Returns
   * whether there is anything to go on with.
   */
  async skipDamage(): Promise<boolean> {
    const size = await this.#file.size();
    if (!(await this.#have(recordHead))) return false;
    const { view } = this.#block;
    const at = this.#offset - this.#blockAt;
    if (view.getUint8(at) !== opcode.chunk) return false;
    const next = this.#offset + recordHead + Number(view.getBigUint64(at + 1, true));
    if (!(next < size)) return false;
    this.#offset = next;
    return (
      (await this.#have(1)) &&
      [opcode.chunk, opcode.messageIndex, opcode.range].includes(
        this.#block.view.getUint8(this.#offset - this.#blockAt) as 6,
      )
    );
  }

  async #step(wanted: (start: ChunkStart) => boolean): Promise<WalkStep> {
    if (!this.#started) {
      if (!(await this.#have(magic.length))) return this.#tail(false, 'no begin');
      const at = this.#offset - this.#blockAt;
      if (magic.some((byte, index) => this.#block.bytes[at + index] !== byte)) {
        return this.#tail(true, 'no MCAP file');
      }
      this.#offset += magic.length;
      this.#started = true;
    }
    for (;;) {
      if (!(await this.#have(recordHead))) {
        return this.#tail((await this.#file.size()) > this.#offset, 'cut off');
      }
      let at = this.#offset - this.#blockAt;
      const code = this.#block.view.getUint8(at);
      const length = recordHead + safeInteger(this.#block.view, at + 1);
      if (code === 0 || length > maxRecordBytes) throw new MalformedError('no record');
      if (code === opcode.chunk) return this.#chunk(length, wanted);
      if (code === opcode.range) return this.#end();
      if (!(await this.#have(length))) return this.#tail(true, 'cut off');
      at = this.#offset - this.#blockAt;
      this.#offset += length;
    }
  }

  async #chunk(length: number, wanted: (start: ChunkStart) => boolean): Promise<WalkStep> {
    if (length < chunkStartBytes) throw new MalformedError('a chunk too short');
    if (!(await this.#have(chunkStartBytes))) return this.#tail(true, 'cut off');
    const offset = this.#offset;
    const start = readStart(this.#block, offset - this.#blockAt);
    if (!wanted(start)) {
      // Only if it is whole: what is behind a cut must not be skipped to.
      if ((await this.#file.size()) < offset + length) return this.#tail(true, 'cut off');
      this.#offset += length;
      return { kind: 'skipped', offset, start };
    }
    if (!(await this.#have(length))) return this.#tail(true, 'cut off');
    const block = this.#block;
    const at = offset - this.#blockAt;
    if (!hasChecksum(block, at, length)) return this.#tail(true, 'wrong checksum');
    this.#offset += length;
    return {
      kind: 'chunk',
      offset,
      start,
      entries: () => readEntries(block, at, start),
      index: (entries) => indexOf(entries, at).bytes,
    };
  }

  async #end(): Promise<WalkStep> {
    if (!(await this.#have(rangeBytes + dataEndBytes))) return this.#tail(true, 'cut off');
    const { view } = this.#block;
    const at = this.#offset - this.#blockAt;
    if (view.getUint8(at + rangeBytes) !== opcode.dataEnd) throw new MalformedError('no end');
    return {
      kind: 'end',
      first: safeInteger(view, at + 9),
      next: safeInteger(view, at + 17),
      endTime: view.getBigUint64(at + 25, true),
    };
  }

  #tail(rest: boolean, reason: string): TailStep {
    const at = this.#offset - this.#blockAt;
    const isChunk = rest && this.#block.bytes[at] === opcode.chunk;
    // The next look reads the bytes again.
    this.#block = chunkBytesOf(new Uint8Array(0));
    this.#blockBytes = smallBlock;
    return { kind: 'tail', offset: this.#offset, rest, isChunk, reason };
  }

  /** Makes sure that the block has `length` bytes from the offset on; false if the file has not. */
  async #have(length: number): Promise<boolean> {
    const start = this.#offset - this.#blockAt;
    if (start >= 0 && start + length <= this.#block.bytes.length) return true;
    // Before memory is taken for it: a length that is only damage must not cost any.
    if (length > largeBlock && (await this.#file.size()) < this.#offset + length) return false;
    const bytes = Buffer.allocUnsafeSlow(Math.max(this.#blockBytes, length));
    const count = await this.#file.read(bytes, this.#offset);
    // A new block each time: entries are windows on the old one. Larger ones for who reads on.
    if (count === bytes.length) this.#blockBytes = largeBlock;
    this.#block = chunkBytesOf(bytes.subarray(0, count));
    this.#blockAt = this.#offset;
    return count >= length;
  }
}
