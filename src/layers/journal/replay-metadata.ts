// Position and time of a replayed message, as fields of the metadata that calls use: a version byte,
// a byte of flags, then (tag, length, value). Receivers that do not know the tags skip them.
import { metadataTag, metadataVersion as version } from '../../base/metadata-tag.js';
import { JournalEntry } from './entry.js';
import { entryLimits } from './format.js';

const added = 2 * (2 + 8);

/**
 * The metadata of a replayed entry: its own with position and time behind it. What is not in this
 * form, or has no room, stays as it is.
 */
export function replayedMetadata(entry: JournalEntry): Uint8Array | undefined {
  const { metadata, position } = entry;
  const before = metadata ?? Uint8Array.of(version, 0);
  const room = before.length + added <= entryLimits.metadataBytes;
  if (before[0] !== version || !isFields(before) || !room) return metadata;
  const bytes = Buffer.alloc(before.length + added);
  bytes.set(before);
  let at = before.length;
  for (const [tag, value] of [
    [metadataTag.position, BigInt(position)],
    [metadataTag.time, JournalEntry.timesOf(entry)[0]],
  ] as const) {
    bytes[at] = tag;
    bytes[at + 1] = 8;
    bytes.writeBigUInt64LE(value, at + 2);
    at += 10;
  }
  return bytes;
}

/** Whether the fields end where the metadata does, and none is one of those that are added. */
function isFields(metadata: Uint8Array): boolean {
  let at = 2;
  while (at + 2 <= metadata.length) {
    const name = metadata[at];
    if (name === metadataTag.position || name === metadataTag.time) return false;
    at += 2 + (metadata[at + 1] ?? 0);
  }
  return at === metadata.length;
}
