// Accesses regions' bytes in tests that run with views of shared memory and a second time without.
import type { MemoryRegion } from 'busbar';

/** Whether this run has no views, as in Electron. */
export const viewsForbidden = process.env.BUSBAR_EXTERNAL_BUFFERS === 'forbid';

/** Writes through a view if views are allowed. */
export function put(region: MemoryRegion, offset: number, ...values: number[]): void {
  if (viewsForbidden) region.write(Uint8Array.from(values), offset);
  else region.bytes.set(values, offset);
}

/** Reads through a view if views are allowed. */
export function get(region: MemoryRegion, offset: number): number {
  return (viewsForbidden ? region.copy(offset, 1) : region.map(offset, 1))[0] as number;
}
