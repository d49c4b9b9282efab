// The mark of a message that a durable sender sends: which sender, and its number there. A field of
// the metadata that calls use, so that it can stand beside others.
import { metadataTag, metadataVersion as version } from '../../base/metadata-tag.js';
import type { MessageBox, ReceivedMessage } from '../../index.js';

const tag = metadataTag.delivery;
const markBytes = 16 + 8;

/** Which message of which durable sender a message is; the same each time that it is sent. */
export interface Delivery {
  /** The sender's folder: a UUID that it got when it was made. */
  readonly outbox: string;
  /** The position in that folder, from 1 on. */
  readonly position: number;
}

/** The metadata of a message: what was given, and the mark. */
export function markedMetadata(outbox: Uint8Array, position: number): Uint8Array {
  const bytes = Buffer.alloc(2 + 2 + markBytes);
  bytes[0] = version;
  bytes[2] = tag;
  bytes[3] = markBytes;
  bytes.set(outbox, 4);
  bytes.writeBigUInt64LE(BigInt(position), 20);
  return bytes;
}

/**
 * The mark of a message that `durable` sent: an idempotency key. A receiver that notes it together
 * with what it has done recognises a message that comes again. `undefined` for other messages.
 */
export function deliveryOf(
  message: Pick<ReceivedMessage<string, unknown, MessageBox>, 'metadata'>,
): Delivery | undefined {
  const { metadata } = message;
  if (metadata === undefined || metadata[0] !== version) return undefined;
  for (let at = 2; at + 2 <= metadata.length; at += 2 + (metadata[at + 1] ?? 0)) {
    if (metadata[at] !== tag || metadata[at + 1] !== markBytes) continue;
    if (at + 2 + markBytes > metadata.length) return undefined;
    const mark = Buffer.from(metadata.subarray(at + 2, at + 2 + markBytes));
    const position = mark.readBigUInt64LE(16);
    if (position < 1n || position > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
    return { outbox: uuidOf(mark.subarray(0, 16)), position: Number(position) };
  }
  return undefined;
}

/** 16 bytes as the text of a UUID. */
export function uuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join('-');
}
