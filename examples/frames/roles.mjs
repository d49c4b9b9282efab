// The processes of the frames demo. Each reports its figures to its parent, and its result at the
// end.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { join, LimitExceededError, MemoryRegistry, multicast } from 'busbar';
import { applyFilter, Clip, clipFrames, frameBytes } from './clip.mjs';
import { encodePng } from './png.mjs';

/** The most pictures that exist at a time, however slow a viewer is. */
const regions = 12;
const snapshots = [20, 120, 220];
const figuresEvery = 250;

const [role, bus, folder] = process.argv.slice(2);
const clip = new Clip(joinPath(folder, 'clip.y4m'));
const figures = { frames: 0, latencies: [] };
/** The latencies kept for the percentiles. */
const kept = 2000;

// The parent may be gone: the timer can fire once more while this process ends.
const report = (news) => process.connected && process.send(news);
setInterval(() => report({ figures: { ...figures, ...extra() } }), figuresEvery).unref();
let extra = () => ({});

const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;

function seen({ at }) {
  figures.frames++;
  figures.latencies.push(now() - at);
  if (figures.latencies.length > kept) figures.latencies.shift();
}

const roles = {
  // Reads pictures from the file straight into shared memory and sends them to the filter.
  async producer() {
    const endpoint = await join(bus, { label: 'producer' });
    const registry = new MemoryRegistry({
      maxBytes: regions * 4096 * Math.ceil(frameBytes / 4096),
    });
    let freed = () => {};
    const options = { tag: '1080p', onFree: () => freed() };
    const nextRegion = async () => {
      for (;;) {
        try {
          return registry.alloc(frameBytes, options);
        } catch (error) {
          if (!(error instanceof LimitExceededError)) throw error;
          await new Promise((resolve) => {
            freed = resolve;
          });
        }
      }
    };
    extra = () => ({ ...registry.stats, described: endpoint.counters.sentBytes });
    let going = true;
    // Listening to the parent keeps the process alive; waiting for memory does not.
    process.on('message', () => {
      going = false;
    });
    await endpoint.waitFor('filter');
    await endpoint.waitFor('viewer', { count: 2 });
    report('joined');
    while (going) {
      const region = await nextRegion();
      const index = figures.frames % clipFrames;
      const at = now();
      clip.read(index, region.map(0, frameBytes));
      endpoint.send('filter', { number: figures.frames, index, at }, { regions: [region] });
      region.release();
      figures.frames++;
      // Lets the event loop run, so that messages of others arrive.
      if (figures.frames % 8 === 0) await new Promise(setImmediate);
    }
    // Once all regions are free, every picture was used to the end.
    while (registry.stats.inUse > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    report({ figures: { ...figures, ...extra() }, result: { sent: figures.frames } });
    registry.close();
    await endpoint.close();
    process.disconnect();
  },

  // Changes each picture in place, and passes it on.
  async filter() {
    const endpoint = await join(bus, { label: 'filter' });
    report('joined');
    extra = () => ({ described: endpoint.counters.sentBytes });
    endpoint.on('message', (message) => {
      const [region] = message.regions;
      applyFilter(region.map(0, frameBytes), message.payload.index);
      endpoint.send(multicast('viewer'), message.payload, { regions: [region] });
      message.close();
      seen(message.payload);
    });
    process.once('message', () => endpoint.close());
  },

  // Compares every picture with the expected one, and saves some to look at.
  async checker() {
    const hashes = expectedHashes();
    const endpoint = await join(bus, { label: ['viewer', 'checker'] });
    report('joined');
    const result = { wrong: 0, missing: 0, longestGap: 0, saved: [] };
    let last = now();
    endpoint.on('message', (message) => {
      const { number, index } = message.payload;
      const picture = message.regions[0].map(0, frameBytes);
      if (hashOf(picture) !== hashes[index]) result.wrong++;
      if (number !== figures.frames) result.missing++;
      result.longestGap = Math.max(result.longestGap, now() - last);
      if (snapshots.includes(number)) result.saved.push(save(number, picture));
      message.close();
      seen(message.payload);
      last = now();
    });
    process.once('message', async () => {
      report({ figures, result });
      await endpoint.close();
    });
  },

  // Reads only some pixels, as a screen that shows the picture scaled down.
  async watcher() {
    const endpoint = await join(bus, { label: ['viewer', 'watcher'] });
    report('joined');
    let brightness = 0;
    extra = () => ({ brightness });
    endpoint.on('message', (message) => {
      const picture = message.regions[0].map(0, frameBytes);
      let sum = 0;
      for (let i = 0; i < picture.length; i += 4096) sum += picture[i];
      brightness = sum / (picture.length / 4096);
      message.close();
      seen(message.payload);
    });
  },
};

const hashOf = (picture) => createHash('sha1').update(picture).digest('hex');

// Computed from the file, in memory of its own.
function expectedHashes() {
  const picture = new Uint8Array(frameBytes);
  return Array.from({ length: clipFrames }, (_, index) => {
    clip.read(index, picture);
    applyFilter(picture, index);
    return hashOf(picture);
  });
}

function save(number, picture) {
  const path = joinPath(folder, `frame-${String(number).padStart(4, '0')}.png`);
  writeFileSync(path, encodePng(picture));
  return path;
}

await roles[role]();
