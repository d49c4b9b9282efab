// Journals for other programs: lines of JSON, and MCAP files whose payloads are JSON, which viewers
// show without knowing MessagePack.
import { resolve } from 'node:path';
import { messagePack } from '../../index.js';
import { WriterChannels } from './channels.js';
import { ChunkBuilder } from './chunk-builder.js';
import { JournalEntry } from './entry.js';
import { nodeFiles } from './files.js';
import type { JournalReader } from './journal-reader.js';
import type { JournalReadOptions } from './options.js';
import { segmentHead } from './segment-file.js';
import { factsOf, SegmentSummary } from './segment-summary.js';

/** Decodes MessagePack; its UUID plays no part. */
const anyMessagePack = messagePack('busbar.journal.any');

/** An entry as {@link entryToJson} makes it: plain values only. */
export interface JsonEntry {
  /** The position in the journal. */
  readonly position: number;
  /** When it was written, as in RFC 3339. */
  readonly time: string;
  /** The name of the type, or its UUID if the name is not known. */
  readonly type: string;
  /** The label of the sender, if there is one. */
  readonly label?: readonly string[];
  /** The key, if there is one. */
  readonly key?: string;
  /** The decoded payload; without `encoding`. */
  readonly payload?: unknown;
  /** With `bytes`: what they are. */
  readonly encoding?: string;
  /** The payload in base64, if it is in none of the encodings that can be decoded here. */
  readonly bytes?: string;
}

/**
 * An entry as plain values. Payloads of MessagePack, JSON and text are decoded: bytes in them become
 * base64, 64-bit integers and dates text, maps objects or lists of pairs. Others are base64 whole.
 */
export function entryToJson(entry: JournalEntry): JsonEntry {
  const { position, time, typeId, typeName, label, key } = entry;
  return {
    position,
    time: new Date(time).toISOString(),
    type: typeName ?? typeId,
    ...(label.length === 0 ? {} : { label }),
    ...(key === undefined ? {} : { key }),
    ...payloadOf(entry),
  };
}

/** A line of JSON for each entry, each with its line end; for {@link JournalReader.read}'s options. */
export async function* exportLines(
  reader: JournalReader,
  options?: JournalReadOptions,
): AsyncGenerator<string, void> {
  for await (const batch of reader.read(options).batches()) {
    yield batch.map((entry) => `${JSON.stringify(entryToJson(entry))}\n`).join('');
  }
}

/**
 * Writes entries as one MCAP file with payloads in JSON, for viewers such as Foxglove. Resolves with
 * the number of entries. An existing file is replaced.
 * @throws JournalFileError and its siblings if the file cannot be written.
 */
export async function exportMcap(
  reader: JournalReader,
  path: string,
  options?: JournalReadOptions,
): Promise<number> {
  const file = await nodeFiles.open(resolve(path), 'create');
  try {
    // Viewers want a schema for JSON; this one allows anything.
    const channels = new WriterChannels(() => ({ type: 'object' }));
    const summary = new SegmentSummary(1);
    let size = 0;
    let count = 0;
    const write = async (bytes: Uint8Array) => {
      await file.write([bytes], size);
      size += bytes.length;
    };
    await write(segmentHead(1));
    for await (const batch of reader.read(options).batches()) {
      const rows = batch.map((entry) => row(entry, channels));
      const need = rows.reduce(
        (sum, { channel, bytes }) => sum + ChunkBuilder.need(channel, undefined, bytes.length),
        0,
      );
      const chunk = new ChunkBuilder(count + 1, 0, need);
      for (const { channel, bytes, times } of rows) {
        chunk.add(channel, ++count, bytes, 0, bytes.length, undefined, ...times);
      }
      const sealed = chunk.seal();
      summary.add(factsOf(sealed), size);
      await write(sealed.bytes);
      ChunkBuilder.recycle(sealed);
    }
    await write(summary.finish(size));
    return count;
  } finally {
    await file.close();
  }
}

function row(entry: JournalEntry, channels: WriterChannels) {
  const { typeId, typeName, label } = entry;
  const [log, publish] = JournalEntry.timesOf(entry);
  const low = (time: bigint) => Number(time & 0xffff_ffffn);
  const high = (time: bigint) => Number(time >> 32n);
  const payload = payloadOf(entry);
  const value = 'payload' in payload ? asObject(payload.payload) : payload;
  return {
    channel: channels.find({ typeId, typeName, label, encoding: 'json' }),
    bytes: Buffer.from(JSON.stringify(value)),
    times: [low(log), high(log), low(publish), high(publish)] as const,
  };
}

/** Viewers show objects; other values become one. */
function asObject(value: unknown): object {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? value : { value };
}

function payloadOf(entry: JournalEntry): Pick<JsonEntry, 'payload' | 'encoding' | 'bytes'> {
  try {
    const payload = decoded(entry);
    if (payload !== undefined) return { payload: plain(payload, 0) };
  } catch {
    // What is not what it claims to be is shown as bytes.
  }
  return { encoding: entry.encoding, bytes: Buffer.from(entry.bytes).toString('base64') };
}

function decoded(entry: JournalEntry): unknown {
  const { bytes, encoding } = entry;
  switch (encoding) {
    case 'msgpack':
      return entry.decode(anyMessagePack) ?? null;
    case 'json':
      return JSON.parse(Buffer.from(bytes).toString());
    case 'text':
      return Buffer.from(bytes).toString();
    default:
      return undefined;
  }
}

/** Deeper values are cut: JSON.stringify would recurse as deep. */
const maxDepth = 200;

function plain(value: unknown, depth: number): unknown {
  if (depth > maxDepth) return '…';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  }
  const deeper = (part: unknown) => plain(part, depth + 1);
  if (Array.isArray(value)) return value.map(deeper);
  if (value instanceof Set) return [...value].map(deeper);
  if (value instanceof Map) return mapped(value, deeper);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, deeper(part)]));
}

function mapped(map: ReadonlyMap<unknown, unknown>, deeper: (part: unknown) => unknown): unknown {
  const pairs = [...map];
  if (pairs.some(([key]) => typeof key !== 'string')) {
    return pairs.map(([key, part]) => [deeper(key), deeper(part)]);
  }
  return Object.fromEntries(pairs.map(([key, part]) => [key, deeper(part)]));
}
