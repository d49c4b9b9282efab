// Copies of received bytes that belong to the user. This file knows no messages.
import { Buffer } from 'node:buffer';
import { markAsUntransferable } from 'node:worker_threads';

/**
 * V8 keeps the bytes of arrays up to this size in its own heap: 50 ns. A larger array is allocated:
 * 400 ns.
 */
const heapBytes = 64;

/** A larger copy gets a buffer of its own. */
const pooledBytes = 8 * 1024;

/** Copies of a size in between share buffers of this size: 90 ns. */
const poolBytes = 64 * 1024;

let pool = newPool();
let used = 0;

// The batch being read. Its next payloads are copied together, since one call per message costs
// more than copying the bytes. Bytes windowStart to windowEnd of batchSource are in windowBuffer
// from windowOffset on.
let batchSource: Uint8Array | undefined;
let batchEnd = 0;
let windowStart = 0;
let windowEnd = 0;
let windowBuffer = pool;
let windowOffset = 0;

/**
 * Announces that bytes up to `end` of `source` will be read from front to back and do not change
 * before the next call.
 */
export function beginBatch(source: Uint8Array, end: number): void {
  batchSource = source;
  batchEnd = end;
  windowEnd = 0;
}

/**
 * A copy of bytes `start` to `end` of `source`: a plain Uint8Array even if `source` is a Buffer,
 * aligned to 8 bytes. As with Buffer, a copy of up to 8 KiB may share its ArrayBuffer with others;
 * such a buffer cannot be transferred to another thread.
 */
export function ownedBytes(
  source: Uint8Array,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const length = end - start;
  if (length > pooledBytes) return exclusiveBytes(source, start, end);
  if (source === batchSource && start % 8 === 0) {
    if (start < windowStart || end > windowEnd) openWindow(source, start, end);
    if (end <= windowEnd) {
      return new Uint8Array(windowBuffer, windowOffset + start - windowStart, length);
    }
  }
  return copiedBytes(source, start, end);
}

/**
 * As {@link ownedBytes}, up to 8 KiB and each time with a copy of these bytes alone: for a few bytes
 * of a batch of which the rest is not copied.
 */
export function copiedBytes(
  source: Uint8Array,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const length = end - start;
  // slice() of a Buffer would be a view, not a copy.
  if (length <= heapBytes && !Buffer.isBuffer(source)) {
    return source.slice(start, end) as Uint8Array<ArrayBuffer>;
  }
  const offset = poolRoom(length);
  const copy = new Uint8Array(pool, offset, length);
  copy.set(source.subarray(start, end));
  return copy;
}

// Copies the next payloads of the batch together, unless there are too few bytes.
function openWindow(source: Uint8Array, start: number, end: number): void {
  const bytes = Math.min(batchEnd - start, poolBytes);
  if (bytes < 2 * (end - start)) return;
  windowOffset = poolRoom(bytes);
  windowBuffer = pool;
  windowStart = start;
  windowEnd = start + bytes;
  new Uint8Array(pool, windowOffset, bytes).set(source.subarray(start, windowEnd));
}

// The offset of `bytes` fresh bytes in `pool`.
function poolRoom(bytes: number): number {
  if (bytes > poolBytes - used) {
    pool = newPool();
    used = 0;
  }
  const offset = used;
  used = (used + bytes + 7) & ~7;
  return offset;
}

/** Like {@link ownedBytes}, but with an ArrayBuffer that it does not share. */
export function exclusiveBytes(
  source: Uint8Array,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(end - start);
  copy.set(source.subarray(start, end));
  return copy;
}

function newPool(): ArrayBuffer {
  // Not zeroed, unlike `new ArrayBuffer`: every byte is written before it is visible.
  const { buffer } = Buffer.allocUnsafeSlow(poolBytes);
  // Transferring one copy would detach all the others.
  markAsUntransferable(buffer);
  return buffer as ArrayBuffer;
}
