// Which descriptors an event loop watches, and which only a thread can read.
import { fstatSync } from 'node:fs';
import { hostHasLibuv } from '../native/host.js';

/**
 * Whether a descriptor is a pipe or a socket, for which a `net.Socket` stands. None is in Bun and Deno, whose
 * `net.Socket` takes no descriptor.
 */
export function isStreamed(fd: number): boolean {
  if (!hostHasLibuv) return false;
  const found = fstatSync(fd);
  return found.isFIFO() || found.isSocket();
}
