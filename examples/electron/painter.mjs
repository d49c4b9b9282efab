// Paints pictures into shared memory and sends them to every window: a utility process of Electron,
// or any Node process: `node painter.mjs <bus>`.
import { join, MemoryRegistry, multicast } from 'busbar';

const width = 320;
const height = 180;
const bytes = width * height * 4;

const endpoint = await join(process.argv[2], { label: 'painter' });
// The memory of a picture is reused once no window holds it.
const registry = new MemoryRegistry({ maxBytes: 16 * 4096 * Math.ceil(bytes / 4096) });
const windows = multicast('window');
// Electron allows no view of shared memory: pictures are painted here and copied once.
const pixels = new Uint8Array(bytes);
let step = 1;
let painted = 0;
let offset = 0;

function paint() {
  offset += step;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      pixels[at] = x + offset;
      pixels[at + 1] = y + offset;
      pixels[at + 2] = painted;
      pixels[at + 3] = 255;
    }
  }
  const region = registry.alloc(bytes);
  region.write(pixels);
  // The region may be larger. The key gives a slow window the newest picture instead of all of
  // them.
  const picture = { number: painted++, offset, width, height };
  endpoint.send(windows, picture, { regions: [region.range(0, bytes)], key: 'picture' });
  region.release();
}

const timer = setInterval(paint, 1000 / 30);
endpoint.on('message', async ({ payload }) => {
  if (typeof payload?.step === 'number') step = payload.step;
  if (payload !== 'stop') return;
  clearInterval(timer);
  await endpoint.close();
});
