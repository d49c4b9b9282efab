// Which segments are removed because there is too much or because they are too old. Whole segments
// only, the oldest first, and never the one that is written to.
import { join } from 'node:path';
import { milliseconds } from './clock.js';
import type { JournalFiles } from './files.js';
import { listSegments, startTime } from './reading.js';
import type { SegmentName } from './segment-file.js';

/** How much is kept, with units resolved. */
export interface RetentionLimits {
  readonly bytes: number | undefined;
  /** Milliseconds. */
  readonly age: number | undefined;
}

/** The bytes of a segment. */
export async function sizeOf(files: JournalFiles, path: string): Promise<number> {
  const file = await files.open(path, 'read');
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}

/** The bytes of all segments. */
export async function totalBytes(files: JournalFiles, folder: string): Promise<number> {
  let total = 0;
  for (const { name } of await listSegments({ files, folder })) {
    total += await sizeOf(files, join(folder, name));
  }
  return total;
}

/** Removes the segments whose entries all lie before a position, except the last one. */
export async function removeBefore(
  files: JournalFiles,
  folder: string,
  position: number,
): Promise<number> {
  const segments = await listSegments({ files, folder });
  let removed = 0;
  for (const [index, { name }] of segments.entries()) {
    const next = segments[index + 1];
    if (next === undefined || next.first > position) break;
    await files.remove(join(folder, name));
    removed++;
  }
  return removed;
}

/** Removes what is beyond the limits; returns the segments that it removed. */
export async function prune(
  files: JournalFiles,
  folder: string,
  { bytes, age }: RetentionLimits,
  now: number,
): Promise<SegmentName[]> {
  const segments = await listSegments({ files, folder });
  const removed: SegmentName[] = [];
  const remove = async (segment: SegmentName) => {
    await files.remove(join(folder, segment.name));
    removed.push(segment);
  };
  if (bytes !== undefined) {
    const sizes: number[] = [];
    for (const { name } of segments) sizes.push(await sizeOf(files, join(folder, name)));
    let total = sizes.reduce((sum, size) => sum + size, 0);
    while (total > bytes && segments.length > 1) {
      total -= sizes.shift() ?? 0;
      await remove(segments.shift() as SegmentName);
    }
  }
  if (age !== undefined) {
    // All entries of a segment are at least as old as the first one of the segment after it.
    while (segments.length > 1) {
      const start = await startTime({ files, folder }, segments[1] as SegmentName);
      if (start === undefined || milliseconds(start) > now - age) break;
      await remove(segments.shift() as SegmentName);
    }
  }
  return removed;
}
