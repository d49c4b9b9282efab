// The program of the `fill` trial: `fill.mjs <job as JSON>` prints the figures as one line of JSON.

import { loadBusbar } from './busbar.mjs';
import { monotonicSeconds, ramp } from './ramp.mjs';

const PAGE = 4096;
const job = JSON.parse(process.argv[2]);
const { MemoryRegion, MemoryRegistry } = await loadBusbar();
const { size, write } = job.params;
const registry = new MemoryRegistry();
const make = job.peer === 'busbar' ? () => registry.alloc(size) : () => MemoryRegion.create(size);

const { count, seconds } = await ramp(job.milliseconds, async (times) => {
  const start = monotonicSeconds();
  for (let i = 0; i < times; i++) {
    const region = make();
    const { bytes } = region;
    if (write === 'every byte') bytes.fill(i);
    else for (let at = 0; at < size; at += PAGE) bytes[at] = i;
    region.release();
    // Node frees the memory of a detached view on the event loop.
    if (i % 16 === 15) await new Promise(setImmediate);
  }
  return monotonicSeconds() - start;
});
registry.close();
console.log(JSON.stringify({ perSecond: count / seconds, count, seconds }));
