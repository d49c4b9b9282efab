// Detects memory that was transferred away: an array over it is empty, and would be sent as an
// empty one.

/** Whether the bytes of `buffer` were transferred, to another thread for example. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength !== 0) return false;
  // `buffer.detached` is not in Node 20.
  try {
    return new Uint8Array(buffer).length !== 0;
  } catch {
    return true;
  }
}
