// Encodes a picture as PNG, in colour, using only zlib.
import { crc32, deflateSync } from 'node:zlib';
import { height, width } from './clip.mjs';

const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
const lumaBytes = width * height;

/** The PNG file of an I420 picture. */
export function encodePng(picture) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows(picture), { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}

// Red, green and blue of each pixel; each row follows a byte that means "not filtered".
function rows(picture) {
  const out = Buffer.alloc((width * 3 + 1) * height);
  const clamped = new Uint8ClampedArray(out.buffer, out.byteOffset, out.length);
  let at = 0;
  for (let y = 0; y < height; y++) {
    at++;
    for (let x = 0; x < width; x++) {
      const luma = picture[y * width + x];
      const colour = (y >> 1) * (width >> 1) + (x >> 1);
      const u = picture[lumaBytes + colour] - 128;
      const v = picture[lumaBytes + lumaBytes / 4 + colour] - 128;
      clamped[at++] = luma + 1.402 * v;
      clamped[at++] = luma - 0.344 * u - 0.714 * v;
      clamped[at++] = luma + 1.772 * u;
    }
  }
  return out;
}
