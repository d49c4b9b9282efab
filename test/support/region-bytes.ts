// Regions' bytes in a test that runs with views of shared memory and, a second time, without.
import type { MemoryRegion } from 'busbar';

/** Whether this run has to do without views, as in Electron. */
export const viewsForbidden = process.env.BUSBAR_EXTERNAL_BUFFERS === 'forbid';

/** Writes by a view if there may be one. */
export function put(region: MemoryRegion, offset: number, ...values: number[]): void {
  if (viewsForbidden) region.write(Uint8Array.from(values), offset);
  else region.bytes.set(values, offset);
}

/** Reads by a view if there may be one. */
export function get(region: MemoryRegion, offset: number): number {
  return (viewsForbidden ? region.copy(offset, 1) : region.map(offset, 1))[0] as number;
}
