// What a writer does with a folder before it writes: segments that were not finished, because their
// writer was killed or the power was cut, are cut behind the last whole chunk and finished.
import { join } from 'node:path';
import { readFactsOf } from './chunk-reader.js';
import { cursorsOf } from './cursor.js';
import type { JournalFile, JournalFiles } from './files.js';
import { MalformedError } from './record-bytes.js';
import { finishedEnd } from './segment-end.js';
import { type SegmentName, segmentHead, segmentsAmong } from './segment-file.js';
import { SegmentSummary } from './segment-summary.js';
import { SegmentWalk, type WalkedChunk } from './segment-walk.js';

/** What opening a journal for writing had to repair. */
export interface RecoveredSegment {
  /** The file. */
  readonly path: string;
  /** Its whole entries, which are kept. */
  readonly entries: number;
  /** Bytes that were cut off its end, because they were no whole chunk. */
  readonly cutBytes: number;
  /** Chunks before the end that do not have their checksums. They stay in the file. */
  readonly damagedChunks: number;
}

/** The state that a writer begins with. */
export interface Recovery {
  readonly next: number;
  readonly endTime: bigint;
  readonly recovered: readonly RecoveredSegment[];
}

/** Where temporary files of compaction end. */
export const temporaryEnd = '.tmp';

/** Repairs a folder for which this process has the lock. */
export async function recover(files: JournalFiles, folder: string): Promise<Recovery> {
  const names = await files.list(folder);
  for (const name of names) {
    if (name.endsWith(`.mcap${temporaryEnd}`)) await files.remove(join(folder, name));
  }
  const segments = segmentsAmong(names);
  const recovered: RecoveredSegment[] = [];
  const empty: SegmentName[] = [];
  let next = 1;
  let endTime = 0n;
  // From the newest on, until one is finished: those before were finished earlier, and synced.
  for (const segment of segments.reverse()) {
    const finished = await finishedEnd(files, join(folder, segment.name));
    const end = finished ?? (await repair(files, folder, segment, recovered));
    if (end.next === segment.first) empty.push(segment);
    next = Math.max(next, segment.first, end.next);
    if (end.endTime > endTime) endTime = end.endTime;
    if (finished !== undefined) break;
  }
  // After a power cut at the level `os`, a cursor may have survived entries that did not. Their
  // positions are not given out again, or the cursor's consumer would not see the new ones.
  for (const { position } of await cursorsOf(files, folder)) next = Math.max(next, position + 1);
  await removeEmpty(files, folder, empty, next);
  return { next, endTime, recovered };
}

async function repair(
  files: JournalFiles,
  folder: string,
  { first, name }: SegmentName,
  recovered: RecoveredSegment[],
): Promise<{ next: number; endTime: bigint }> {
  const path = join(folder, name);
  const file = await files.open(path, 'update');
  try {
    const summary = new SegmentSummary(first);
    const { end, damagedChunks } = await scan(file, summary);
    const size = await file.size();
    const kept = Math.max(end.offset + end.index.length, segmentHead(first).length);
    const cutBytes = Math.max(0, size - kept);
    if (summary.chunks > 0) {
      await file.truncate(end.offset);
      const tail = [end.index, summary.finish(end.offset + end.index.length)];
      await file.write(tail, end.offset);
      await file.sync();
    }
    recovered.push({ path, entries: summary.entries, cutBytes, damagedChunks });
    return { next: summary.next, endTime: summary.endTime };
  } finally {
    await file.close();
  }
}

/** Where the last whole chunk ends, with the index that belongs behind it. */
interface ScannedEnd {
  readonly offset: number;
  readonly index: Uint8Array;
}

// A chunk without its checksum is the end, unless whole chunks come after it: then it is damage, and
// cutting there would lose what was settled.
async function scan(
  file: JournalFile,
  summary: SegmentSummary,
): Promise<{ end: ScannedEnd; damagedChunks: number }> {
  const walk = new SegmentWalk(file);
  let end: ScannedEnd = { offset: 0, index: new Uint8Array(0) };
  let damagedChunks = 0;
  let suspects = 0;
  for (;;) {
    const step = await walk.next();
    const kept = step.kind === 'chunk' ? keep(step, summary) : undefined;
    if (kept !== undefined) {
      damagedChunks += suspects;
      suspects = 0;
      end = kept;
    } else {
      if (step.kind === 'chunk') {
        suspects++;
        continue;
      }
      if (step.kind !== 'tail' || !step.rest || !(await walk.skipDamage())) break;
      suspects++;
    }
  }
  return { end, damagedChunks };
}

function keep(chunk: WalkedChunk, summary: SegmentSummary): ScannedEnd | undefined {
  try {
    const entries = chunk.entries();
    if (chunk.start.first < summary.next) return undefined;
    summary.add(readFactsOf(chunk.start, entries), chunk.offset);
    return { offset: chunk.offset + chunk.start.length, index: chunk.index(entries) };
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

// A segment without a whole chunk: the new one takes its name and its file, unless that begins at
// another position. What was in it is kept aside, if it was more than the head.
async function removeEmpty(
  files: JournalFiles,
  folder: string,
  segments: readonly SegmentName[],
  next: number,
): Promise<void> {
  for (const { first, name } of segments) {
    const path = join(folder, name);
    const file = await files.open(path, 'read');
    const size = await file.size();
    await file.close();
    if (size > 2 * segmentHead(first).length) await files.rename(path, `${path}.damaged`);
    else if (first !== next) await files.remove(path);
  }
}
