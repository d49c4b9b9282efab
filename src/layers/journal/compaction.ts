// Compaction by key: of the entries with the same key only the newest is kept, in segments that are
// finished. A segment is written anew beside the old one and takes its name at once; positions and
// times stay what they were.
import { join } from 'node:path';
import type { WriterChannel } from './channels.js';
import { ChunkBuilder, chunkBytes, type Extras } from './chunk-builder.js';
import { JournalEntry } from './entry.js';
import type { JournalFile, JournalFiles } from './files.js';
import { u32 } from './format.js';
import { listSegments } from './reading.js';
import { temporaryEnd } from './recovery.js';
import { finishedEnd } from './segment-end.js';
import { type SegmentName, segmentHead } from './segment-file.js';
import { factsOf, SegmentSummary } from './segment-summary.js';
import { SegmentWalk } from './segment-walk.js';

/** What compaction did. */
export interface CompactionReport {
  /** Segments that were written anew. */
  readonly segments: number;
  /** Entries that were left out, because a newer one has their key. */
  readonly removed: number;
}

/** Positions in one chunk differ by less. */
const chunkSpan = u32 - 1;

/** Compacts the finished segments of a folder for which this process has the lock. */
export async function compact(files: JournalFiles, folder: string): Promise<CompactionReport> {
  const segments = await listSegments({ files, folder });
  const newest = new Map<string, number>();
  for (const segment of segments) {
    await eachBatch(files, join(folder, segment.name), (entries) => {
      for (const { key, position } of entries) if (key !== undefined) newest.set(key, position);
    });
  }
  let rewritten = 0;
  let removed = 0;
  for (const segment of segments) {
    const count = await compactSegment(files, folder, segment, newest);
    removed += count;
    if (count > 0) rewritten++;
  }
  return { segments: rewritten, removed };
}

/** Gives each chunk's entries to `visit`; returns whether the segment was read to its end. */
async function eachBatch(
  files: JournalFiles,
  path: string,
  visit: (entries: JournalEntry[], last: number) => void | Promise<void>,
): Promise<boolean> {
  const file = await files.open(path, 'read');
  try {
    const walk = new SegmentWalk(file);
    for (;;) {
      const step = await walk.next();
      if (step.kind !== 'chunk') return step.kind === 'end';
      await visit(step.entries(), step.start.last);
    }
  } finally {
    await file.close();
  }
}

async function compactSegment(
  files: JournalFiles,
  folder: string,
  segment: SegmentName,
  newest: ReadonlyMap<string, number>,
): Promise<number> {
  const path = join(folder, segment.name);
  // Of the one that is written to, and of one that still has to be finished, nothing is taken away.
  if ((await finishedEnd(files, path)) === undefined) return 0;
  const superseded = ({ key, position }: JournalEntry) =>
    key !== undefined && (newest.get(key) ?? 0) > position;
  let count = 0;
  const whole = await eachBatch(files, path, (entries) => {
    count += entries.filter(superseded).length;
  });
  // A segment with damage stays as it is, for those who want to repair it.
  if (!whole || count === 0) return 0;
  const temporary = `${path}${temporaryEnd}`;
  try {
    const file = await files.open(temporary, 'create');
    try {
      const copy = new SegmentCopy(file, segment.first);
      await eachBatch(files, path, (entries, last) =>
        copy.add(
          entries.filter((entry) => !superseded(entry)),
          last,
        ),
      );
      await copy.finish();
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
    await files.syncFolder(folder);
  } catch (error) {
    await files.remove(temporary).catch(() => undefined);
    throw error;
  }
  return count;
}

/** Writes a segment that has only some of the entries of another one. */
class SegmentCopy {
  readonly #file: JournalFile;
  readonly #summary: SegmentSummary;
  readonly #head: Uint8Array;
  readonly #channels = new Map<number, WriterChannel>();
  #size = 0;
  #entries: JournalEntry[] = [];
  #bytes = 0;
  /** The positions that the entries collected so far stand for. */
  #from: number;
  #last: number;

  constructor(file: JournalFile, first: number) {
    this.#file = file;
    this.#summary = new SegmentSummary(first);
    this.#head = segmentHead(first);
    this.#from = first;
    this.#last = first - 1;
  }

  /** Takes what is left of a chunk whose last position was `last`. */
  async add(entries: readonly JournalEntry[], last: number): Promise<void> {
    if (last - this.#from >= chunkSpan) await this.#flush();
    this.#last = last;
    for (const entry of entries) this.#bytes += entry.size + 64;
    this.#entries.push(...entries);
    if (this.#bytes > chunkBytes / 2) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
    await this.#write(this.#summary.finish(this.#size));
  }

  async #flush(): Promise<void> {
    if (this.#last < this.#from) return;
    const entries = this.#entries;
    let need = 0;
    for (const entry of entries) {
      need += ChunkBuilder.need(this.#channelOf(entry), extrasOf(entry), entry.size);
    }
    const chunk = new ChunkBuilder(this.#from, 0, need, entries.length);
    for (const entry of entries) {
      const { bytes } = entry;
      const [log, publish] = JournalEntry.timesOf(entry).map(halves) as [Halves, Halves];
      const channel = this.#channelOf(entry);
      const extras = extrasOf(entry);
      chunk.add(channel, entry.position, bytes, 0, bytes.length, extras, ...log, ...publish);
    }
    const sealed = chunk.seal(this.#last);
    if (this.#size === 0) await this.#write(this.#head);
    this.#summary.add(factsOf(sealed), this.#size);
    await this.#write(sealed.bytes);
    ChunkBuilder.recycle(sealed);
    this.#entries = [];
    this.#bytes = 0;
    this.#from = this.#last + 1;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#file.write([bytes], this.#size);
    this.#size += bytes.length;
  }

  // The numbers of channels stay: within a segment they are of one writer.
  #channelOf(entry: JournalEntry): WriterChannel {
    const { id, record, schemaRecord } = JournalEntry.channelOf(entry);
    const known = this.#channels.get(id);
    if (known !== undefined) return known;
    const channel: WriterChannel = {
      id,
      record: Buffer.concat([schemaRecord ?? new Uint8Array(0), record]),
      channelRecord: Uint8Array.from(record),
      schemaRecord: schemaRecord === undefined ? undefined : Uint8Array.from(schemaRecord),
      chunk: -1,
    };
    this.#channels.set(id, channel);
    return channel;
  }
}

type Halves = readonly [number, number];

function halves(time: bigint): Halves {
  return [Number(time & 0xffff_ffffn), Number(time >> 32n)];
}

function extrasOf(entry: JournalEntry): Extras | undefined {
  const { format, peerId, id, replyTo, metadata, key } = entry;
  const rare = [peerId, id, replyTo, metadata, key].some((value) => value !== undefined);
  if (format === 0 && !rare) return undefined;
  const keyBytes = key === undefined ? undefined : Buffer.from(key);
  return { format, peerId, id, replyTo, metadata, key: keyBytes };
}
