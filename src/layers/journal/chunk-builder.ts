// One chunk while it grows: entries are encoded straight into the buffer that is written to the
// file. Adding an entry makes no object. Layout: chunk head, batch record, then for each entry its
// channel's record if the chunk does not have it yet, its extras, its message; behind the chunk the
// message indexes that viewers need.
import { crc32 } from 'node:zlib';
import type { WriterChannel } from './channels.js';
import { monotonicNanoseconds } from './clock.js';
import {
  batchBytes,
  chunkHead,
  extra,
  messageHead,
  opcode,
  recordHead,
  sparseFlag,
  u32,
} from './format.js';

/** Bytes of a usual chunk: large enough that a write costs little, small enough to seek in. */
export const chunkBytes = 320 * 1024;

/** What an entry has beside channel, times and payload. Everything was checked before. */
export interface Extras {
  readonly format: number;
  readonly peerId: number | undefined;
  readonly id: number | undefined;
  readonly replyTo: number | undefined;
  readonly metadata: Uint8Array | undefined;
  readonly key: Uint8Array | undefined;
}

/** A chunk that is complete, as segment and summary need it. */
export interface SealedChunk {
  /** What to write: the chunk and its message indexes. */
  readonly bytes: Uint8Array;
  /** Bytes of the chunk record alone. */
  readonly length: number;
  /** The first and the last position that the chunk stands for. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly startTime: bigint;
  readonly endTime: bigint;
  /** Its channels, with the number of entries and where the index is in `bytes`. */
  readonly channels: readonly {
    readonly channel: WriterChannel;
    readonly count: number;
    readonly index: number;
  }[];
}

/** Buffers of usual chunks that wait to be used again. */
const spares: Buffer[] = [];
const maxSpares = 16;
/** Bytes of one entry of a message index: time and offset. */
const indexBytes = 16;
/** Memory for indexes, likewise. Bytes 12 to 16 of each entry stay 0. */
const spareIndexes: DataView[] = [];
const indexCapacity = indexBytes * Math.ceil(chunkBytes / (messageHead + indexBytes));
let serials = 0;

/** A chunk that takes entries until it has no more room. */
export class ChunkBuilder {
  readonly #buffer: Buffer;
  readonly #view: DataView;
  readonly #serial = ++serials;
  readonly #channels = new Map<number, WriterChannel>();
  readonly #positions: number[] | undefined;
  /** The message index, while there is one channel; those of several are made at the end. */
  #index: DataView | undefined;
  #end = chunkHead + batchBytes;
  /** Where the first and the last message are; 0 without any. */
  #firstAt = 0;
  #lastAt = 0;
  /** Room that is left, with that of the indexes taken off. */
  #room: number;
  #last: number;
  /** The first position that the chunk stands for. */
  readonly first: number;
  count = 0;

  /**
   * `least` is room that the first entry needs. In a `sparse` chunk each entry has a position of
   * its own, and there are at most `sparse` of them; otherwise positions are those from `first` on.
   */
  constructor(first: number, writerId: number, least = 0, sparse = 0) {
    const list = 4 * sparse;
    const capacity = Math.max(chunkBytes, chunkHead + batchBytes + list + least);
    this.#buffer =
      capacity === chunkBytes
        ? (spares.pop() ?? Buffer.allocUnsafeSlow(chunkBytes))
        : Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.#buffer.buffer);
    this.#positions = sparse > 0 ? [] : undefined;
    if (capacity === chunkBytes) {
      this.#index = spareIndexes.pop() ?? new DataView(new ArrayBuffer(indexCapacity));
    }
    this.#end += list;
    this.#room = capacity - this.#end;
    this.first = first;
    this.#last = first - 1;
    this.#writeBatch(writerId, list);
  }

  /** The bytes that an entry takes at most, with its part of the index. */
  static need(channel: WriterChannel, extras: Extras | undefined, payload: number): number {
    const channelBytes = channel.record.length + recordHead + 6;
    return channelBytes + extrasBytes(extras) + messageHead + payload + indexBytes;
  }

  /** Whether an entry of so many bytes has room. */
  hasRoom(need: number): boolean {
    return need <= this.#room;
  }

  /**
   * Adds an entry, for which there must be room: bytes `start` to `end` of `source`. Times are
   * halves of 64-bit numbers of nanoseconds.
   */
  add(
    channel: WriterChannel,
    position: number,
    source: Uint8Array,
    start: number,
    end: number,
    extras: Extras | undefined,
    logLow: number,
    logHigh: number,
    publishLow: number,
    publishHigh: number,
  ): void {
    const buffer = this.#buffer;
    const view = this.#view;
    const begin = this.#end;
    if (channel.chunk !== this.#serial) this.#addChannel(channel);
    if (extras !== undefined) this.#addExtras(extras);
    const at = this.#end;
    const length = end - start;
    if (this.#firstAt === 0) this.#firstAt = at;
    this.#lastAt = at;
    buffer[at] = opcode.message;
    view.setUint32(at + 1, messageHead - recordHead + length, true);
    view.setUint32(at + 5, 0, true);
    view.setUint16(at + 9, channel.id, true);
    view.setUint32(at + 11, position >>> 0, true);
    view.setUint32(at + 15, logLow, true);
    view.setUint32(at + 19, logHigh, true);
    view.setUint32(at + 23, publishLow, true);
    view.setUint32(at + 27, publishHigh, true);
    copy(source, start, end, buffer, at + messageHead);
    const index = this.#index;
    if (index !== undefined) {
      const to = indexBytes * this.count;
      index.setUint32(to, logLow, true);
      index.setUint32(to + 4, logHigh, true);
      index.setUint32(to + 8, at - chunkHead, true);
    }
    this.#end = at + messageHead + length;
    this.#room -= this.#end - begin + indexBytes;
    this.#last = position;
    this.count++;
    this.#positions?.push(position - this.first);
  }

  /** The whole chunk; nothing is added afterwards. `last` is the last position it stands for. */
  seal(last = this.#last): SealedChunk {
    const view = this.#view;
    const length = this.#end;
    this.#finishBatch(last);
    const channels = this.#writeIndexes();
    const time = (at: number) => (at === 0 ? 0n : view.getBigUint64(at + 15, true));
    const [startTime, endTime] = [time(this.#firstAt), time(this.#lastAt)];
    view.setUint8(0, opcode.chunk);
    view.setBigUint64(1, BigInt(length - recordHead), true);
    view.setBigUint64(9, startTime, true);
    view.setBigUint64(17, endTime, true);
    view.setBigUint64(25, BigInt(length - chunkHead), true);
    view.setUint32(33, crc32(this.#buffer.subarray(chunkHead, length)), true);
    view.setUint32(37, 0, true);
    view.setBigUint64(41, BigInt(length - chunkHead), true);
    return {
      bytes: this.#buffer.subarray(0, this.#end),
      length,
      first: this.first,
      last,
      count: this.count,
      startTime,
      endTime,
      channels,
    };
  }

  /** Gives the buffer back, when nothing reads it any more. */
  static recycle({ bytes }: SealedChunk): void {
    if (bytes.buffer.byteLength === chunkBytes && spares.length < maxSpares) {
      spares.push(Buffer.from(bytes.buffer as ArrayBuffer));
    }
  }

  #writeBatch(writerId: number, list: number): void {
    const view = this.#view;
    const at = chunkHead;
    view.setUint8(at, opcode.batch);
    view.setBigUint64(at + 1, BigInt(batchBytes - recordHead + list), true);
    setInteger(view, at + 9, this.first);
    setInteger(view, at + 33, monotonicNanoseconds());
    setInteger(view, at + 41, writerId);
  }

  #finishBatch(last: number): void {
    const view = this.#view;
    const at = chunkHead;
    setInteger(view, at + 17, last);
    view.setUint32(at + 25, this.count, true);
    view.setUint32(at + 29, this.#positions === undefined ? 0 : sparseFlag, true);
    if (this.#positions === undefined) return;
    this.#positions.forEach((delta, index) => {
      view.setUint32(at + batchBytes + 4 * index, delta, true);
    });
    // Room for positions that no entry came for: the batch record ends with zeros.
    const used = at + batchBytes + 4 * this.#positions.length;
    const whole = at + recordHead + Number(view.getBigUint64(at + 1, true));
    this.#buffer.fill(0, used, whole);
  }

  #addChannel(channel: WriterChannel): void {
    channel.chunk = this.#serial;
    this.#channels.set(channel.id, channel);
    if (this.#channels.size > 1) this.#releaseIndex();
    this.#buffer.set(channel.record, this.#end);
    this.#end += channel.record.length;
    this.#room -= recordHead + 6;
  }

  #addExtras(extras: Extras): void {
    const { format, peerId, id, replyTo, metadata, key } = extras;
    const view = this.#view;
    const start = this.#end;
    let at = start + recordHead + 1;
    let flags = 0;
    if (format !== 0) {
      flags |= extra.format;
      view.setUint16(at, format, true);
      at += 2;
    }
    if (peerId !== undefined) {
      flags |= extra.peerId;
      at = setInteger(view, at, peerId);
    }
    if (id !== undefined) {
      flags |= extra.id;
      at = setInteger(view, at, id);
    }
    if (replyTo !== undefined) {
      flags |= extra.replyTo;
      at = setInteger(view, at, replyTo);
    }
    for (const [flag, bytes] of [
      [extra.metadata, metadata],
      [extra.key, key],
    ] as const) {
      if (bytes === undefined) continue;
      flags |= flag;
      view.setUint8(at, bytes.length);
      this.#buffer.set(bytes, at + 1);
      at += 1 + bytes.length;
    }
    view.setUint8(start, opcode.extras);
    view.setBigUint64(start + 1, BigInt(at - start - recordHead), true);
    view.setUint8(start + recordHead, flags);
    this.#end = at;
  }

  // Writes a message index record for each channel behind the chunk.
  #writeIndexes(): SealedChunk['channels'] {
    const [only] = this.#channels.values();
    if (this.#index === undefined || only === undefined) return this.#writeSeveral();
    const { count } = this;
    const at = this.#writeIndexHead(only.id, count);
    const bytes = new Uint8Array(this.#index.buffer as ArrayBuffer, 0, indexBytes * count);
    this.#buffer.set(bytes, at + recordHead + 6);
    this.#releaseIndex();
    return [{ channel: only, count, index: at }];
  }

  #releaseIndex(): void {
    if (this.#index !== undefined) spareIndexes.push(this.#index);
    this.#index = undefined;
  }

  /** Writes the head of an index at the end, leaves room for its entries, and returns where it is. */
  #writeIndexHead(channelId: number, count: number): number {
    const view = this.#view;
    const at = this.#end;
    view.setUint8(at, opcode.messageIndex);
    view.setBigUint64(at + 1, BigInt(6 + indexBytes * count), true);
    view.setUint16(at + recordHead, channelId, true);
    view.setUint32(at + recordHead + 2, indexBytes * count, true);
    this.#end = at + recordHead + 6 + indexBytes * count;
    return at;
  }

  // From the messages themselves. Most messages have the channel of the one before, so that the
  // maps are rarely asked.
  #writeSeveral(): SealedChunk['channels'] {
    const view = this.#view;
    const records = this.#end;
    const channels: { channel: WriterChannel; count: number; index: number }[] = [];
    const writeAt = new Map<number, number>();
    for (const [id, count] of this.#counts(records)) {
      const index = this.#writeIndexHead(id, count);
      writeAt.set(id, index + recordHead + 6);
      const channel = this.#channels.get(id);
      if (channel !== undefined) channels.push({ channel, count, index });
    }
    let current = -1;
    let to = 0;
    this.#eachMessage((at, id) => {
      if (id !== current) {
        writeAt.set(current, to);
        current = id;
        to = writeAt.get(id) ?? 0;
      }
      view.setUint32(to, view.getUint32(at + 15, true), true);
      view.setUint32(to + 4, view.getUint32(at + 19, true), true);
      view.setUint32(to + 8, at - chunkHead, true);
      view.setUint32(to + 12, 0, true);
      to += indexBytes;
    }, records);
    return channels;
  }

  /** The messages of each channel. */
  #counts(end: number): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    this.#eachMessage((_, id) => counts.set(id, (counts.get(id) ?? 0) + 1), end);
    return counts;
  }

  #eachMessage(visit: (at: number, channelId: number) => void, end: number): void {
    const view = this.#view;
    let at = chunkHead;
    while (at < end) {
      if (this.#buffer[at] === opcode.message) visit(at, view.getUint16(at + 9, true));
      at += recordHead + view.getUint32(at + 1, true);
    }
  }
}

function extrasBytes(extras: Extras | undefined): number {
  if (extras === undefined) return 0;
  return recordHead + 29 + (extras.metadata?.length ?? 0) + (extras.key?.length ?? 0);
}

/** Writes a number of up to 2^53 - 1 as u64; returns the index behind it. */
function setInteger(view: DataView, at: number, value: number): number {
  view.setUint32(at, value % u32, true);
  view.setUint32(at + 4, Math.floor(value / u32), true);
  return at + 8;
}

// A whole array is copied without a view of a part of it, which would be an object per entry.
function copy(source: Uint8Array, start: number, end: number, to: Buffer, at: number): void {
  if (start === 0 && end === source.length) to.set(source, at);
  else Buffer.prototype.copy.call(source, to, at, start, end);
}
