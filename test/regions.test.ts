// Memory regions with messages, between real processes: all see the same memory, which is freed
// with the last reference. regions-copying.test.ts runs them again without views of shared memory.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { type Endpoint, MemoryRegion, multicast, type PlainBox } from 'busbar';
import { holdingsOf, holdsNoMore } from './support/holdings.js';
import { inProcess, inWorker, joined, newBus, type Source } from './support/program.js';
import { get, put, viewsForbidden } from './support/region-bytes.js';

/** Does what the payload asks with the first region of each message, and reports what it saw. */
const worker: Source = async ({ busbar, bus, tell }) => {
  const forbidden = process.env.BUSBAR_EXTERNAL_BUFFERS === 'forbid';
  const endpoint = await busbar.join(bus, { label: 'worker' });
  const kept: { release(): void }[] = [];
  tell('joined');
  for await (const message of endpoint) {
    const [region] = message.regions;
    const what = message.payload as string;
    const news: Record<string, unknown> = { what };
    if (region !== undefined) {
      const first = region.copy(0, 1)[0] as number;
      Object.assign(news, { first, size: region.size, id: region.id, readOnly: region.readOnly });
      if (what === 'increment' && forbidden) region.write(Uint8Array.of(first + 1));
      if (what === 'increment' && !forbidden) region.bytes[0] = first + 1;
      if (what === 'keep') kept.push(region.duplicate());
    }
    if (what === 'drop') for (const each of kept.splice(0)) each.release();
    message.close();
    message.reply(news);
    if (what === 'end') break;
  }
  await endpoint.close();
};

interface News {
  readonly first: number;
  readonly size: number;
  readonly id: number;
  readonly readOnly: boolean;
}

async function ask(
  endpoint: Endpoint<PlainBox>,
  what: string,
  ...regions: (MemoryRegion | ReturnType<MemoryRegion['range']>)[]
): Promise<News> {
  endpoint.send('worker', what, { regions });
  return (await endpoint.recv()).payload as News;
}

for (const [where, run] of [
  ['process', inProcess],
  ['worker thread', inWorker],
] as const) {
  test(`a region is the same memory in another ${where}`, async (t) => {
    const bus = newBus();
    const program = run(t, bus, worker);
    await program.next();
    const endpoint = await joined(t, bus);
    using region = MemoryRegion.create(1 << 20);
    put(region, 0, 41);
    for (let i = 0; i < 5; i++) {
      const news = await ask(endpoint, 'increment', region);
      t.like(news, { first: 41 + i, size: 1 << 20, id: region.id, readOnly: false });
      t.is(get(region, 0), 42 + i);
      t.is(region.refCount, 1);
    }
    await ask(endpoint, 'end');
    t.deepEqual(await program.ended.then(([code]) => code), 0);
  });
}

test('a region passed on reaches a third process, and its owner hears of the last release', async (t) => {
  const bus = newBus();
  const passing = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'passing' });
    tell('joined');
    const message = await endpoint.recv();
    endpoint.send('worker', 'keep', { regions: message.regions });
    message.close();
    await endpoint.recv();
    tell('passed');
  });
  const program = inProcess(t, bus, worker);
  await Promise.all([passing.next(), program.next()]);
  const endpoint = await joined(t, bus);
  const region = MemoryRegion.create(100_000);
  put(region, 0, 7);
  endpoint.send('passing', 'pass it on', { regions: [region] });
  t.is(await passing.next(), 'passed');
  t.is(region.refCount, 2);
  await passing.kill();
  t.is(region.refCount, 2);
  await ask(endpoint, 'drop');
  t.is(region.refCount, 1);
  region.release();
});

test('a multicast shares one region among all', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receivers = [await joined(t, bus, { label: 'r' }), await joined(t, bus, { label: 'r' })];
  const region = MemoryRegion.create(4096);
  put(region, 5, 55);
  t.is(sender.send(multicast('r'), 'shared', { regions: [region] }), 2);
  const messages = await Promise.all(receivers.map((receiver) => receiver.recv()));
  for (const message of messages) {
    t.is(message.regions[0]?.id, region.id);
    t.is(get(message.regions[0] as MemoryRegion, 5), 55);
  }
  t.is(region.refCount, 3);
  messages[0]?.close();
  t.is(region.refCount, 2);
  region.release();
  t.is(messages[1]?.regions[0]?.refCount, 1);
  messages[1]?.close();
});

test('64 regions and parts of some go with one message, in their order', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus, { label: 'both' });
  using region = MemoryRegion.create(64 * 4096);
  const ranges = Array.from({ length: 64 }, (_, i) => region.range(i * 4096, i + 1));
  for (let i = 0; i < 64; i++) put(region, i * 4096, i);
  endpoint.send('both', new Uint8Array(300_000), { regions: ranges });
  using message = await endpoint.recv();
  t.is((message.payload as Uint8Array).length, 300_000);
  t.deepEqual(
    message.regions.map((part) => [part.size, part.byteOffset, get(part, 0)]),
    ranges.map(({ offset, length }, i) => [length, offset, i]),
  );
  t.throws(() => endpoint.send('both', 'more', { regions: Array(65).fill(region) }), {
    code: 'ERR_BUSBAR_LIMIT_EXCEEDED',
    message: /65 .* 64/,
  });
  // A part of a part.
  const part = message.regions[10] as MemoryRegion;
  endpoint.send('both', 'part', { regions: [part.range(3, 5)] });
  using second = await endpoint.recv();
  t.like(second.regions[0], { size: 5, byteOffset: 10 * 4096 + 3 });
});

test('read-only: the receiver can neither map it writable nor write it by its descriptor', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, worker);
  await program.next();
  const endpoint = await joined(t, bus);
  using region = MemoryRegion.create(8192, { readOnly: true });
  put(region, 0, 5);
  // Its writes stay in its own process.
  t.like(await ask(endpoint, 'increment', region), { first: 5, readOnly: true });
  t.is(get(region, 0), 5);
  t.false(region.readOnly);
  // In the receiver, every mapping of the data is private; only the ledger is shared.
  endpoint.send('worker', 'keep', { regions: [region] });
  await endpoint.recv();
  const data = readFileSync(`/proc/${program.pid}/maps`, 'utf8')
    .split('\n')
    .filter((line) => line.includes('memfd:busbar') && sizeOf(line) === 8192);
  t.deepEqual(
    data.map((line) => line.split(' ')[1]),
    ['rw-p'],
  );
});

function sizeOf(line: string): number {
  const [from, to] = (line.split(' ')[0] as string).split('-');
  return Number.parseInt(to as string, 16) - Number.parseInt(from as string, 16);
}

test('views, or their refusal; and copies that work everywhere', (t) => {
  const region = MemoryRegion.create(10_000);
  region.write(Uint8Array.of(1, 2, 3), 9_997);
  const target = new Uint8Array(4);
  region.read(target, 9_996);
  t.deepEqual([...target], [0, 1, 2, 3]);
  t.deepEqual([...region.copy(9_998)], [2, 3]);
  for (const [what, refused] of [
    [() => region.read(target, 9_997), 'offset'],
    [() => region.write(target, 10_001), 'offset'],
    [() => region.copy(0, 10_001), 'length'],
    [() => region.read([] as never), 'target'],
    [() => region.range(10_000, 0), 'length'],
    [() => region.map(9_999, 2), 'length'],
    [() => MemoryRegion.create(0), 'bytes'],
    [() => MemoryRegion.create(1.5), 'bytes'],
    [() => MemoryRegion.create(1, { readonly: true } as never), 'readonly'],
  ] as const) {
    const error = t.throws(what, { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
    t.truthy(refused);
    t.truthy(error);
  }
  if (viewsForbidden) {
    for (const what of [() => region.bytes, () => region.map(0, 1)]) {
      t.throws(what, { code: 'ERR_BUSBAR_NO_EXTERNAL_BUFFERS', message: /read\(\), write\(\)/ });
    }
  } else {
    const { bytes } = region;
    t.is(bytes.length, 10_000);
    t.is(region.bytes.buffer, bytes.buffer);
    t.is(region.map(1, 5).byteOffset, 1);
    t.is(bytes[9_999], 3);
    using second = region.duplicate();
    t.is(second.bytes.buffer, bytes.buffer);
    region.release();
    // The other reference still has it.
    t.is(bytes.length, 10_000);
    second.release();
    t.is(bytes.length, 0);
    t.is(bytes.buffer.byteLength, 0);
  }
  region.release();
  region.release();
  t.true(region.released);
  t.is(region.refCount, 0);
  for (const what of [
    () => region.bytes,
    () => region.map(0, 1),
    () => region.read(target),
    () => region.write(target),
    () => region.copy(),
    () => region.duplicate(),
    () => region.range(0, 1),
  ]) {
    t.throws(what, { code: 'ERR_BUSBAR_CLOSED', message: /released/ });
  }
});

test('what is no region, or one no more, is refused at the call', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'self' });
  const region = MemoryRegion.create(10);
  const range = region.range(1, 2);
  region.release();
  for (const [regions, code] of [
    [region, 'ERR_BUSBAR_INVALID_ARGUMENT'],
    [[{}], 'ERR_BUSBAR_INVALID_ARGUMENT'],
    [[null], 'ERR_BUSBAR_INVALID_ARGUMENT'],
    [[{ region, offset: 9, length: 2 }], 'ERR_BUSBAR_INVALID_ARGUMENT'],
    [[region], 'ERR_BUSBAR_CLOSED'],
    [[range], 'ERR_BUSBAR_CLOSED'],
  ] as const) {
    t.throws(() => endpoint.send('self', 'x', { regions: regions as never }), { code });
  }
  t.is(endpoint.counters.sentMessages, 0);
});

test('a region waits with its message, goes with a reply, and to the next match of a dead receiver', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender' });
  const region = MemoryRegion.create(4096);
  put(region, 0, 77);
  sender.send('late', 'waits', { ttl: 60_000, regions: [region] });
  region.release();
  t.is(region.refCount, 0);
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    await busbar.join(bus, { label: 'late' });
    tell('joined');
    setInterval(() => undefined, 1000);
  });
  await program.next();
  const heir = await joined(t, bus, { label: 'late' });
  await program.kill();
  const message = await heir.recv();
  t.is(get(message.regions[0] as MemoryRegion, 0), 77);
  t.is(message.regions[0]?.refCount, 1);
  message.reply('back', { regions: message.regions });
  message.close();
  using reply = await sender.recv();
  t.is(get(reply.regions[0] as MemoryRegion, 0), 77);
  t.is(reply.regions[0]?.refCount, 1);
});

test('a region delivered as handled is held by its sender until then', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'r' });
    tell('joined');
    await endpoint.recv();
    tell('taken');
    setInterval(() => undefined, 1000);
  });
  await program.next();
  const sender = await joined(t, bus);
  const region = MemoryRegion.create(4096);
  put(region, 0, 88);
  const delivered = sender.deliver('r', 'm', { acknowledge: 'handled', regions: [region] });
  region.release();
  await program.next();
  const heir = await joined(t, bus, { label: 'r' });
  await program.kill();
  const message = await heir.recv();
  t.is(get(message.regions[0] as MemoryRegion, 0), 88);
  heir.recv().catch(() => undefined);
  t.is(await delivered, 1);
  message.close();
});

test('at the descriptor limit a message is reported, not delivered without its regions', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, async ({ busbar, bus, tell, told }) => {
    const { openSync, closeSync } = await import('node:fs');
    const endpoint = await busbar.join(bus, { label: 'r' });
    endpoint.on('rejected', ({ error, type }) => tell({ rejected: error.code, type }));
    endpoint.on('message', (message) => {
      const first = message.regions[0]?.copy(0, 1)[0];
      message.close();
      tell({ payload: message.payload, first });
    });
    tell('joined');
    await told();
    // All descriptors that this process may open, except two.
    const taken: number[] = [];
    try {
      for (;;) taken.push(openSync('/dev/null', 'r'));
    } catch {
      for (const fd of taken.splice(-2)) closeSync(fd);
    }
    tell('full');
    await told();
    for (const fd of taken) closeSync(fd);
    tell('free');
  });
  await program.next();
  const sender = await joined(t, bus);
  using known = MemoryRegion.create(4096);
  using fresh = MemoryRegion.create(4096);
  put(known, 0, 1);
  put(fresh, 0, 2);
  sender.send('r', 'known', { regions: [known] });
  t.deepEqual(await program.next(), { payload: 'known', first: 1 });
  program.say('fill');
  t.is(await program.next(), 'full');
  sender.send('r', 'fresh', { regions: [known, fresh] });
  t.deepEqual(await program.next(), { rejected: 'ERR_BUSBAR_OUT_OF_DESCRIPTORS', type: 'plain' });
  // A region that the process already has needs no descriptor.
  sender.send('r', 'known', { regions: [known] });
  t.deepEqual(await program.next(), { payload: 'known', first: 1 });
  program.say('empty');
  t.is(await program.next(), 'free');
  sender.send('r', 'again', { regions: [fresh] });
  t.deepEqual(await program.next(), { payload: 'again', first: 2 });
  // A region that never arrived is not counted.
  t.is(known.refCount, 1);
  t.is(fresh.refCount, 1);
});

test('a region forgotten by its program is released by the collector', async (t) => {
  const program = inProcess(t, newBus(), async ({ busbar, bus, tell }) => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const endpoint = await busbar.join(bus, { label: 'self' });
    const watched = busbar.MemoryRegion.create(4096);
    const forget = async () => {
      for (let i = 0; i < 50; i++) {
        endpoint.send('self', i, { regions: [watched] });
        const { regions } = await endpoint.recv();
        if (process.env.BUSBAR_EXTERNAL_BUFFERS !== 'forbid') regions[0]?.bytes.fill(i);
      }
    };
    await forget();
    tell(watched.refCount);
    while (watched.refCount > 1) {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    tell(watched.refCount);
    await endpoint.close();
  });
  t.true((await program.next<number>()) > 1);
  t.is(await program.next(), 1);
});

test('a view keeps its region from the collector', async (t) => {
  const program = inProcess(t, newBus(), async ({ busbar, tell }) => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    if (process.env.BUSBAR_EXTERNAL_BUFFERS === 'forbid') return tell(9);
    const view = (() => busbar.MemoryRegion.create(4096).bytes)();
    view[7] = 9;
    for (let i = 0; i < 20; i++) {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    tell(view[7]);
  });
  t.is(await program.next(), 9);
});

test('main thread and worker view one region at the same time', async (t) => {
  const bus = newBus();
  const program = inWorker(t, bus, worker);
  await program.next();
  const endpoint = await joined(t, bus);
  using region = MemoryRegion.create(4096);
  put(region, 0, 1);
  t.is(get(region, 0), 1);
  await ask(endpoint, 'keep', region);
  await ask(endpoint, 'increment', region);
  t.is(get(region, 0), 2);
  // A thread that ends releases what it kept.
  await program.kill();
  t.is(get(region, 0), 2);
});

test.serial('a thousand regions come and go, and nothing stays behind', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, worker);
  await program.next();
  const sending = inProcess(t, bus, async ({ busbar, bus, tell, told }) => {
    const endpoint = await busbar.join(bus, { label: 'sending' });
    for (;;) {
      const rounds = (await told()) as number;
      for (let i = 0; i < rounds; i++) {
        const region = busbar.MemoryRegion.create(100_000, { readOnly: i % 2 === 0 });
        endpoint.send('worker', 'increment', { regions: [region, region.range(5, 10)] });
        region.release();
        (await endpoint.recv()).close();
      }
      tell('done');
    }
  });
  const rounds = async (count: number) => {
    sending.say(count);
    t.is(await sending.next(), 'done');
  };
  await rounds(200);
  const before = [holdingsOf(sending.pid), holdingsOf(program.pid)] as const;
  await rounds(1000);
  await holdsNoMore(sending.pid, before[0]);
  await holdsNoMore(program.pid, before[1]);
  t.pass();
});

test('contents of many sizes arrive whole', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus, { label: 'self' });
  for (const size of [1, 7, 4095, 4096, 4097, 65_536, 3_000_001]) {
    using region = MemoryRegion.create(size);
    const content = Uint8Array.from({ length: size }, (_, i) => (i * 31 + size) & 255);
    region.write(content);
    endpoint.send('self', size, { regions: [region] });
    using message = await endpoint.recv();
    const got = (message.regions[0] as MemoryRegion).copy();
    t.is(Buffer.compare(got, content), 0);
  }
});
