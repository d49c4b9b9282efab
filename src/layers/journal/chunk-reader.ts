// From the bytes of a chunk to its entries. Every length is checked before it is used; what does not
// fit makes the chunk malformed as a whole.
import { crc32 } from 'node:zlib';
import { type ChannelInfo, type ChunkBytes, checkExtras, JournalEntry } from './entry.js';
import { batchBytes, chunkHead, messageHead, opcode, recordHead, sparseFlag } from './format.js';
import { MalformedError, RecordBytes, RecordReader, safeInteger } from './record-bytes.js';
import type { ChunkFacts } from './segment-summary.js';

/** What the begin of a chunk tells, without its entries. */
export interface ChunkStart {
  readonly length: number;
  readonly startTime: bigint;
  readonly endTime: bigint;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly sparse: boolean;
}

/** Bytes at the begin of a chunk that {@link readStart} needs. */
export const chunkStartBytes = chunkHead + batchBytes;

/**
 * Reads the begin of a chunk at `at`, where there are `chunkStartBytes`.
 * @throws MalformedError if it is no chunk of a journal.
 */
export function readStart({ view }: ChunkBytes, at: number): ChunkStart {
  const length = recordHead + safeInteger(view, at + 1);
  const records = safeInteger(view, at + 41);
  const plain = view.getUint32(at + 37, true) === 0;
  if (view.getUint8(at) !== opcode.chunk || !plain || length !== chunkHead + records) {
    throw new MalformedError('no uncompressed chunk');
  }
  const batch = at + chunkHead;
  if (view.getUint8(batch) !== opcode.batch || safeInteger(view, batch + 1) < batchBytes - 9) {
    throw new MalformedError('a chunk without its positions');
  }
  const [first, last] = [safeInteger(view, batch + 9), safeInteger(view, batch + 17)];
  const count = view.getUint32(batch + 25, true);
  const sparse = (view.getUint32(batch + 29, true) & sparseFlag) !== 0;
  if (first === 0 || last < first - 1 || count > last - first + 1) {
    throw new MalformedError('positions that do not fit');
  }
  return {
    length,
    startTime: view.getBigUint64(at + 9, true),
    endTime: view.getBigUint64(at + 17, true),
    first,
    last,
    count,
    sparse,
  };
}

/** Whether a chunk, which is whole at `at`, has the checksum that it was written with. */
export function hasChecksum({ bytes, view }: ChunkBytes, at: number, length: number): boolean {
  const records = bytes.subarray(at + chunkHead, at + length);
  return crc32(records) === view.getUint32(at + 33, true);
}

/**
 * The entries of a chunk that has its checksum, in order.
 * @throws MalformedError if its records do not fit together, checksum or not.
 */
export function readEntries(chunk: ChunkBytes, at: number, start: ChunkStart): JournalEntry[] {
  const { view } = chunk;
  const end = at + start.length;
  const channels = new Map<number, ChannelInfo>();
  const schemas = new Map<number, Uint8Array>();
  const entries: JournalEntry[] = [];
  let batch = -1;
  let extrasAt = -1;
  let next = at + chunkHead;
  while (next < end) {
    const here = next;
    if (end - here < recordHead) throw new MalformedError('a record without its length');
    const content = view.getUint32(here + 1, true);
    if (view.getUint32(here + 5, true) !== 0 || content > end - here - recordHead) {
      throw new MalformedError('a record that is longer than its chunk');
    }
    next = here + recordHead + content;
    switch (view.getUint8(here)) {
      case opcode.message: {
        if (content < messageHead - recordHead) throw new MalformedError('a message too short');
        const channel = channels.get(view.getUint16(here + recordHead, true));
        if (channel === undefined) throw new MalformedError('a message without its channel');
        if (entries.length >= start.count) throw new MalformedError('more messages than positions');
        const position = start.sparse
          ? sparsePosition(view, batch, next, entries.length, start)
          : start.first + entries.length;
        entries.push(new JournalEntry(chunk, here, next, extrasAt, channel, position));
        extrasAt = -1;
        break;
      }
      case opcode.extras:
        checkExtras(chunk, here);
        extrasAt = here;
        break;
      case opcode.channel:
        addChannel(channels, schemas, chunk, here, next);
        break;
      case opcode.schema:
        if (content < 2) throw new MalformedError('a schema too short');
        schemas.set(view.getUint16(here + recordHead, true), chunk.bytes.subarray(here, next));
        break;
      case opcode.batch:
        batch = here;
        break;
      default:
        // Of a later version, or of another application.
        break;
    }
  }
  if (entries.length !== start.count) throw new MalformedError('fewer messages than positions');
  return entries;
}

function sparsePosition(
  view: DataView,
  batch: number,
  before: number,
  index: number,
  { first, last, count }: ChunkStart,
): number {
  const list = batch + batchBytes;
  const end = batch < 0 ? 0 : batch + recordHead + view.getUint32(batch + 1, true);
  if (batch < 0 || list + 4 * count > end || end > before) {
    throw new MalformedError('a list of positions too short');
  }
  const position = first + view.getUint32(list + 4 * index, true);
  const previous = index === 0 ? first - 1 : first + view.getUint32(list + 4 * index - 4, true);
  if (position <= previous || position > last) throw new MalformedError('positions in disorder');
  return position;
}

function addChannel(
  channels: Map<number, ChannelInfo>,
  schemas: ReadonlyMap<number, Uint8Array>,
  { bytes, view }: ChunkBytes,
  at: number,
  end: number,
): void {
  const reader = new RecordReader(bytes, view, at + recordHead, end);
  const id = reader.u16();
  const schemaId = reader.u16();
  const topic = reader.text();
  const encoding = reader.text();
  const metadata = reader.texts();
  const typeId = metadata.get('busbar.type') ?? topic;
  channels.set(id, {
    id,
    typeId,
    typeName: metadata.get('busbar.name'),
    encoding,
    label: labelOf(metadata.get('busbar.label')),
    record: bytes.subarray(at, end),
    schemaRecord: schemas.get(schemaId),
  });
}

function labelOf(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value.map(String);
  } catch {
    // Below.
  }
  throw new MalformedError('a label that is no list');
}

/** The message index records of a chunk at `at`, as they stand behind it. */
export function indexOf(entries: readonly JournalEntry[], at: number): RecordBytes {
  const bytes = new RecordBytes();
  for (const [id, some] of byChannel(entries)) {
    bytes.record(opcode.messageIndex, () => {
      bytes.u16(id);
      bytes.sized(() => {
        for (const entry of some) {
          bytes.u64(JournalEntry.timesOf(entry)[0]);
          bytes.u64(JournalEntry.offsetOf(entry) - at - chunkHead);
        }
      });
    });
  }
  return bytes;
}

/** What a summary needs of a chunk that was read; see {@link ChunkFacts}. */
export function readFactsOf(start: ChunkStart, entries: readonly JournalEntry[]): ChunkFacts {
  let index = start.length;
  const channels = [...byChannel(entries)].map(([id, some]) => {
    const at = index;
    index += recordHead + 6 + 16 * some.length;
    const { record, schemaRecord } = JournalEntry.channelOf(some[0] as JournalEntry);
    return { id, count: some.length, index: at, channelRecord: record, schemaRecord };
  });
  return { ...start, indexLength: index - start.length, channels };
}

// In the order of their first entries, which is that of the writer.
function byChannel(entries: readonly JournalEntry[]): Map<number, JournalEntry[]> {
  const groups = new Map<number, JournalEntry[]>();
  for (const entry of entries) {
    const { id } = JournalEntry.channelOf(entry);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [entry]);
    else group.push(entry);
  }
  return groups;
}
