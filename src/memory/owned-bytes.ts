// Copies of received bytes that belong to the user. It knows nothing of messages.
import { Buffer } from 'node:buffer';
import { markAsUntransferable } from 'node:worker_threads';

/** V8 keeps the bytes of smaller arrays in its own heap: 50 ns. Anything larger is allocated: 400 ns. */
const heapBytes = 64;

/** Larger copies than this get a buffer of their own. */
const pooledBytes = 8 * 1024;

/** Copies in between share buffers of this size: 90 ns. */
const poolBytes = 64 * 1024;

let pool = newPool();
let used = 0;

/**
 * A copy of bytes `start` to `end` of `source`, as a plain Uint8Array also where `source` is a Buffer. It
 * begins at a multiple of 8. As with Buffer, a copy of up to 8 KiB may share its ArrayBuffer with others;
 * such a buffer cannot be transferred to another thread.
 */
export function ownedBytes(
  source: Uint8Array,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const length = end - start;
  if (length > pooledBytes) return exclusiveBytes(source, start, end);
  // A Buffer's own slice() would be a view.
  if (length <= heapBytes && !Buffer.isBuffer(source)) {
    return source.slice(start, end) as Uint8Array<ArrayBuffer>;
  }
  if (length > poolBytes - used) {
    pool = newPool();
    used = 0;
  }
  const copy = new Uint8Array(pool, used, length);
  used = (used + length + 7) & ~7;
  copy.set(source.subarray(start, end));
  return copy;
}

/** As {@link ownedBytes}, but always with an ArrayBuffer that nothing else is in. */
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
  // Not zeroed, unlike `new ArrayBuffer`: every byte is written before anyone sees it.
  const { buffer } = Buffer.allocUnsafeSlow(poolBytes);
  // One user's transfer would empty the arrays of all others.
  markAsUntransferable(buffer);
  return buffer as ArrayBuffer;
}
