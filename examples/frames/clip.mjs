// A clip of real 1080p pictures, made on the spot: a Y4M file, drawn by ffmpeg if present, else
// here.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

export const width = 1920;
export const height = 1080;
/**
 * Bytes of one picture: brightness of each pixel, then two planes of colour at half the size
 * (I420).
 */
export const frameBytes = (width * height * 3) / 2;
export const clipFrames = 48;

const header = `YUV4MPEG2 W${width} H${height} F60:1 Ip A1:1 C420jpeg\n`;
const frameHeader = 'FRAME\n';
const lumaBytes = width * height;

/** Writes the clip to `path`; returns what drew it. */
export function makeClip(path) {
  const source = `testsrc2=size=${width}x${height}:rate=60`;
  const output = ['-frames:v', `${clipFrames}`, '-pix_fmt', 'yuv420p', '-f', 'yuv4mpegpipe', path];
  const { status } = spawnSync(
    'ffmpeg',
    ['-loglevel', 'error', '-y', '-f', 'lavfi', '-i', source, ...output],
    { stdio: 'ignore' },
  );
  if (status === 0) return 'ffmpeg';
  const file = openSync(path, 'w');
  writeSync(file, header);
  const picture = new Uint8Array(frameBytes);
  for (let index = 0; index < clipFrames; index++) {
    draw(picture, index);
    writeSync(file, frameHeader);
    writeSync(file, picture);
  }
  closeSync(file);
  return 'this program';
}

// A slanted gradient, moving colours, and a ball that crosses the picture.
function draw(picture, index) {
  const line = Uint8Array.from({ length: width * 2 }, (_, x) => 40 + ((x >> 3) % 160));
  for (let y = 0; y < height; y++) {
    const shift = (y + index * 8) % width;
    picture.set(line.subarray(shift, shift + width), y * width);
  }
  const chroma = width >> 1;
  for (let y = 0; y < height >> 1; y++) {
    picture.fill(96 + ((y + index * 4) & 63), lumaBytes + y * chroma, lumaBytes + (y + 1) * chroma);
    const v = lumaBytes + lumaBytes / 4 + y * chroma;
    picture.fill(160 - ((y + index * 2) & 63), v, v + chroma);
  }
  const radius = 140;
  const centre = { x: 200 + index * 32, y: 540 + Math.round(300 * Math.sin(index / 7.6)) };
  for (let dy = -radius; dy <= radius; dy++) {
    const half = Math.floor(Math.sqrt(radius * radius - dy * dy));
    const start = (centre.y + dy) * width + centre.x - half;
    picture.fill(235, start, start + 2 * half);
  }
}

/** An open clip, which reads pictures straight into the given memory. */
export class Clip {
  #file;
  #start;

  constructor(path) {
    this.#file = openSync(path, 'r');
    const beginning = new Uint8Array(256);
    readSync(this.#file, beginning, 0, beginning.length, 0);
    this.#start = beginning.indexOf(10) + 1;
  }

  /** Fills `target` with picture `index`. */
  read(index, target) {
    const at = this.#start + index * (frameHeader.length + frameBytes) + frameHeader.length;
    const length = readSync(this.#file, target, 0, frameBytes, at);
    if (length !== frameBytes) throw new Error(`the clip ends in picture ${index}`);
  }
}

const bandRows = 360;

/** Applies the filter to picture `index`, in place: a band of it becomes its negative. */
export function applyFilter(picture, index) {
  const first = (index * 15) % (height - bandRows);
  const start = picture.byteOffset + first * width;
  const words = new Uint32Array(picture.buffer, start, (bandRows * width) / 4);
  for (let i = 0; i < words.length; i++) words[i] = ~words[i];
}
