// Paints pictures into shared memory for whoever asks: a utility process of Electron, or any Node
// process: `node painter.mjs <bus>`.
import { MemoryRegistry } from 'busbar';
import { serve } from 'busbar/rpc';
import { Painter } from './interfaces.mjs';

const width = 320;
const height = 180;
const bytes = width * height * 4;

// The memory of a picture is reused once nobody holds it.
const registry = new MemoryRegistry({ maxBytes: 64 * 4096 * Math.ceil(bytes / 4096) });
// Electron allows no view of shared memory: pictures are painted here and copied once.
const pixels = new Uint8Array(bytes);
let newest;
let painted = 0;
let offset = 0;
let tell;
let told = new Promise((resolve) => {
  tell = resolve;
});

const service = await serve(
  process.argv[2],
  Painter,
  {
    async *pictures() {
      for (let next = 0; ; ) {
        while (newest === undefined || newest.number < next) await told;
        const { region, ...picture } = newest;
        next = picture.number + 1;
        // It may be painted over while this stream waits for room.
        const held = region.duplicate();
        try {
          // The region may be larger.
          yield { ...picture, pixels: held.range(0, bytes) };
        } finally {
          held.release();
        }
      }
    },
  },
  { properties: { step: 1 } },
);

function paint() {
  offset += service.step;
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
  newest?.region.release();
  newest = { number: painted++, offset, width, height, region };
  tell();
  told = new Promise((resolve) => {
    tell = resolve;
  });
}

setInterval(paint, 1000 / 30);
