// A member of a soak: sends a bit of everything to the others without a pause, receives, and
// reports what it holds when asked. With `visitor` it joins, talks and leaves repeatedly instead.
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { bytes, join, KernelObject, MemoryRegistry, messageBox, multicast, text } from 'busbar';
import { idle, type Sample } from './sample.js';

const [bus = '', role = ''] = process.argv.slice(2);
const box = messageBox({ Text: text, Raw: bytes });
let received = 0;

function sample(): Sample {
  (globalThis as { gc?: () => void }).gc?.();
  return {
    resident: process.memoryUsage.rss(),
    descriptors: readdirSync('/proc/self/fd').length,
    mappings: readFileSync('/proc/self/maps', 'utf8').split('memfd:').length - 1,
    received,
  };
}

/** Resolves when this member may send again; undefined: it may now. */
let calm: Promise<void> | undefined;
let goOn = () => {};
/** The current visit. */
let visiting: Promise<void> | undefined;

process.on('message', async (what) => {
  if (what === 'calm') {
    calm = new Promise((resolve) => {
      goOn = resolve;
    });
    await visiting;
  } else if (what === 'go on') {
    calm = undefined;
    goOn();
  }
  process.send?.(what === 'sample' ? sample() : 'done');
});
process.on('disconnect', () => process.exit(0));

function open(label: string) {
  return join(bus, { label: [label, 'member'], messages: box, timeout: 30_000, whenFull: 'drop' });
}

async function stay(): Promise<void> {
  const endpoint = await open('steady');
  const registry = new MemoryRegistry({ idle });
  endpoint.on('message', (message) => {
    received++;
    for (const region of message.regions) region.release();
    for (const object of message.objects) object.close();
    // A visitor may have left by now.
    if (received % 50 === 0) message.reply(box.Text('thanks'), { ttl: 10 });
  });
  const others = multicast('member', { excludeSelf: true });
  const large = new Uint8Array(200_000);
  for (let turn = 0; ; turn++) {
    await calm;
    for (let i = 0; i < 20; i++) endpoint.send(others, box.Text(`message ${turn}`));
    endpoint.send(others, box.Raw(large));
    endpoint.send(others, box.Text('latest'), { key: 'state' });
    using region = registry.alloc(1 << 16);
    endpoint.send(others, box.Text('region'), { regions: [region] });
    if (turn % 10 === 0) {
      const fd = openSync('/dev/null', 'r');
      using object = KernelObject.fromFd(fd);
      endpoint.send(others, box.Text('object'), { objects: [object] });
      closeSync(fd);
    }
    if (turn % 100 === 0) {
      await endpoint.deliver('steady', box.Text('delivered'), { timeout: 10_000 }).catch(() => 0);
    }
    await pause(2);
  }
}

async function visit(): Promise<void> {
  const endpoint = await open('visitor');
  endpoint.on('message', (message) => {
    received++;
    for (const region of message.regions) region.release();
  });
  for (let i = 0; i < 10; i++) endpoint.send(multicast('steady'), box.Text('hello'));
  await pause(20);
  await endpoint.close().catch(() => undefined);
}

async function visitAgainAndAgain(): Promise<void> {
  for (;;) {
    await calm;
    visiting = visit();
    await visiting;
  }
}

await (role === 'visitor' ? visitAgainAndAgain() : stay());
