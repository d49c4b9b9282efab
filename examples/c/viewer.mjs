// Looks at the pictures of camera.c from Node: node examples/c/viewer.mjs <bus> <pictures>.
import { bytes, join, messageBox } from 'busbar';

const [bus, pictures] = [process.argv[2] ?? 'com.example.camera', Number(process.argv[3] ?? 100)];
const box = messageBox({ Picture: bytes });
const endpoint = await join(bus, { label: 'viewer', messages: box });
let seen = 0;
let wrong = 0;

// A message is handled (the camera waits for that) when the listener has returned.
endpoint.on('message', ({ payload, regions: [region] }) => {
  const number = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
  const { buffer, byteOffset, length } = region.bytes;
  const pixels = new Uint32Array(buffer, byteOffset, length / 4);
  const first = Math.imul(number, 2654435761) >>> 0;
  const last = pixels.length - 1;
  if (pixels[0] !== first || pixels[last] !== (first + last) >>> 0) wrong++;
  region.release();
  if (++seen === pictures) setImmediate(leave);
});

async function leave() {
  await endpoint.close();
  console.log(`${seen} pictures seen, ${wrong} wrong`);
  process.exitCode = wrong === 0 ? 0 : 1;
}
