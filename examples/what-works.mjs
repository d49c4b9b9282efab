// Tests what this machine and runtime support: a message, a kernel object and a memory region, each
// sent and received.
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join, KernelObject, MemoryRegion } from 'busbar';

const endpoint = await join(`what-works-${process.pid}`, { label: 'me' });

async function attempt(what, action) {
  try {
    console.log(`${what}: ${(await action()) ? 'yes' : 'no'}`);
  } catch (error) {
    console.log(`${what}: ${error.code ?? error.message}`);
  }
}

await attempt('messages', async () => {
  endpoint.send('me', 'hello');
  return (await endpoint.recv()).payload === 'hello';
});

await attempt('kernel objects', async () => {
  const file = await open(fileURLToPath(import.meta.url));
  const object = KernelObject.from(file);
  endpoint.send('me', 'a file', { objects: [object] });
  object.close();
  await file.close();
  return (await endpoint.recv()).objects[0].kind === 'descriptor';
});

const region = MemoryRegion.create(4096);
region.write(new Uint8Array([42]));
endpoint.send('me', 'a region', { regions: [region] });
const { regions } = await endpoint.recv();
await attempt('memory regions', () => regions[0].copy(0, 1)[0] === 42);
await attempt('views of shared memory', () => regions[0].bytes[0] === 42);
region.release();
await endpoint.close();
