// The end of a segment: what viewers need to jump in it. It grows with each chunk as bytes, not as
// objects, because a segment of single appends has tens of thousands of chunks.
import { crc32 } from 'node:zlib';
import type { SealedChunk } from './chunk-builder.js';
import { magic, opcode } from './format.js';
import { RecordBytes } from './record-bytes.js';

/** What the summary needs of a chunk, new or read back. */
export interface ChunkFacts {
  readonly length: number;
  readonly indexLength: number;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly startTime: bigint;
  readonly endTime: bigint;
  readonly channels: readonly {
    readonly id: number;
    readonly count: number;
    /** Where its message index is, from the begin of the chunk. */
    readonly index: number;
    readonly channelRecord: Uint8Array;
    readonly schemaRecord: Uint8Array | undefined;
  }[];
}

/** The facts of a chunk that was just written. */
export function factsOf(chunk: SealedChunk): ChunkFacts {
  return {
    ...chunk,
    indexLength: chunk.bytes.length - chunk.length,
    channels: chunk.channels.map(({ channel, count, index }) => ({
      id: channel.id,
      count,
      index,
      channelRecord: channel.channelRecord,
      schemaRecord: channel.schemaRecord,
    })),
  };
}

/** Collects the summary of one segment. */
export class SegmentSummary {
  readonly #first: number;
  readonly #chunkIndexes = new RecordBytes(4096);
  readonly #channels = new Map<number, { count: number; record: Uint8Array }>();
  readonly #schemas: Uint8Array[] = [];
  #next: number;
  #entries = 0;
  #startTime = 0n;
  #endTime = 0n;
  chunks = 0;

  constructor(first: number) {
    this.#first = first;
    this.#next = first;
  }

  /** The position after the last one of the segment. */
  get next(): number {
    return this.#next;
  }

  get entries(): number {
    return this.#entries;
  }

  /** The time of its last entry; 0 without entries. */
  get endTime(): bigint {
    return this.#endTime;
  }

  /** The time of its first entry; 0 without entries. */
  get startTime(): bigint {
    return this.#startTime;
  }

  /** Takes a chunk in that begins at byte `offset` of the file. */
  add(chunk: ChunkFacts, offset: number): void {
    const bytes = this.#chunkIndexes;
    bytes.record(opcode.chunkIndex, () => {
      bytes.u64(chunk.startTime);
      bytes.u64(chunk.endTime);
      bytes.u64(offset);
      bytes.u64(chunk.length);
      bytes.sized(() => {
        for (const { id, index } of chunk.channels) {
          bytes.u16(id);
          bytes.u64(offset + index);
        }
      });
      bytes.u64(chunk.indexLength);
      bytes.text('');
      const records = chunk.length - 49;
      bytes.u64(records);
      bytes.u64(records);
    });
    for (const { id, count, channelRecord, schemaRecord } of chunk.channels) {
      const known = this.#channels.get(id);
      if (known !== undefined) known.count += count;
      else {
        this.#channels.set(id, { count, record: Uint8Array.from(channelRecord) });
        if (schemaRecord !== undefined) this.#schemas.push(Uint8Array.from(schemaRecord));
      }
    }
    if (this.#startTime === 0n) this.#startTime = chunk.startTime;
    if (chunk.count > 0) this.#endTime = chunk.endTime;
    this.#entries += chunk.count;
    this.#next = chunk.last + 1;
    this.chunks++;
  }

  /** All bytes from the end of the data to the end of the file, which has `offset` bytes so far. */
  finish(offset: number): Uint8Array {
    const bytes = new RecordBytes(4096 + this.#chunkIndexes.length);
    bytes.record(opcode.range, () => {
      bytes.u64(this.#first);
      bytes.u64(this.#next);
      bytes.u64(this.#endTime);
    });
    // 0: no checksum. Each chunk has one, and one of the file could only be made by reading it.
    bytes.record(opcode.dataEnd, () => bytes.u32(0));
    const start = bytes.length;
    const groups: { opcode: number; start: number; length: number }[] = [];
    const group = (code: number, write: () => void) => {
      const from = bytes.length;
      write();
      if (bytes.length === from) return;
      groups.push({ opcode: code, start: offset + from, length: bytes.length - from });
    };
    group(opcode.schema, () => {
      for (const record of this.#schemas) bytes.raw(record);
    });
    group(opcode.channel, () => {
      for (const { record } of this.#channels.values()) bytes.raw(record);
    });
    group(opcode.statistics, () => this.#statistics(bytes));
    group(opcode.chunkIndex, () => bytes.raw(this.#chunkIndexes.bytes));
    const offsets = bytes.length;
    for (const { opcode: code, start: from, length } of groups) {
      bytes.record(opcode.summaryOffset, () => {
        bytes.u8(code);
        bytes.u64(from);
        bytes.u64(length);
      });
    }
    bytes.u8(opcode.footer);
    bytes.u64(20);
    bytes.u64(offset + start);
    bytes.u64(offset + offsets);
    bytes.u32(crc32(bytes.bytes.subarray(start)));
    bytes.raw(magic);
    return bytes.bytes;
  }

  #statistics(bytes: RecordBytes): void {
    bytes.record(opcode.statistics, () => {
      bytes.u64(this.#entries);
      bytes.u16(this.#schemas.length);
      bytes.u32(this.#channels.size);
      bytes.u32(0);
      bytes.u32(0);
      bytes.u32(this.chunks);
      bytes.u64(this.#startTime);
      bytes.u64(this.#endTime);
      bytes.sized(() => {
        for (const [id, { count }] of this.#channels) {
          bytes.u16(id);
          bytes.u64(count);
        }
      });
    });
  }
}
