// Tells descriptors that an event loop can watch from those that only a thread can read.
import { fstatSync } from 'node:fs';
import { hostHasLibuv } from '../native/host.js';

/**
 * Whether a descriptor is a pipe or a socket, to be used through a `net.Socket`. Always false in
 * Bun and Deno, whose `net.Socket` takes no descriptor.
 */
export function isStreamed(fd: number): boolean {
  if (!hostHasLibuv) return false;
  const found = fstatSync(fd);
  return found.isFIFO() || found.isSocket();
}
