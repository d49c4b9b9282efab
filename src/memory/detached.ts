// Memory that was given away: an array over it has no bytes any more, and would be sent as an empty one.

/** Whether the bytes of `buffer` were transferred, to another thread for example. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength !== 0) return false;
  // `buffer.detached` is younger than Node 20.
  try {
    return new Uint8Array(buffer).length !== 0;
  } catch {
    return true;
  }
}
