// Entries whose payloads say their positions, for tests that look for lost, doubled and mixed up
// ones.
import type { JournalEntry } from 'busbar/journal';

/** The payload of the entry at a position: its length varies between nothing much and 3 KiB. */
export function entryText(position: number): string {
  return `${position}:${'.'.repeat((position * 7919) % (position % 17 === 0 ? 3000 : 90))}`;
}

/** Whether the payload is the one that belongs to the position. */
export function isNumbered({ position, bytes }: JournalEntry): boolean {
  return Buffer.from(bytes).toString() === entryText(position);
}

/** What is wrong with entries that should be those of `from` up to `to` exclusively; '' if nothing. */
export function wrongIn(entries: readonly JournalEntry[], from: number, to: number): string {
  if (entries.length !== to - from) return `${entries.length} entries of ${from} to ${to - 1}`;
  for (const [index, entry] of entries.entries()) {
    if (entry.position !== from + index) return `${entry.position} is at ${from + index}`;
    if (!isNumbered(entry)) return `entry ${entry.position} is another one`;
  }
  return '';
}
