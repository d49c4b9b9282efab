// Received bytes that belong to the user: views of memory that is not used again, or copies. This
// file knows no messages.
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

/**
 * A block may be this many times as large as a payload that is given out as a view of it; a smaller
 * payload is copied, so that a program that keeps it does not keep the block.
 */
const maxKept = 2048;

// The batch being read: JavaScript may keep parts of the block that it lies in.
let batchSource: Uint8Array | undefined;
let batchBlock = pool;
let leastView = 0;
let batchKept = false;

/**
 * Announces that `source`, all of its ArrayBuffer, will be read; until {@link endBatch}, parts of it
 * may be given out without a copy.
 */
export function beginBatch(source: Uint8Array): void {
  batchSource = source;
  batchBlock = source.buffer as ArrayBuffer;
  leastView = source.length / maxKept;
  batchKept = false;
}

/** Whether some of the batch was given out; if not, its memory can be used for the next one. */
export function endBatch(): boolean {
  batchSource = undefined;
  return batchKept;
}

/**
 * Bytes `start` to `end` of `source`, to be kept: a plain Uint8Array even if `source` is a Buffer,
 * aligned to 8 bytes if `start` is. Mostly a copy; of a batch, mostly a view. As with Buffer, it may
 * share its ArrayBuffer with others; such a buffer cannot be transferred to another thread.
 */
export function ownedBytes(
  source: Uint8Array,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const length = end - start;
  if (source === batchSource && length >= leastView && length > 0) {
    batchKept = true;
    return new Uint8Array(batchBlock, start, length);
  }
  if (length > pooledBytes) return exclusiveBytes(source, start, end);
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
