// The memory registry: reuse by size and tag, notifications from other processes, limits, and
// giving memory back.
import test from 'ava';
import { LimitExceededError, MemoryRegistry } from 'busbar';
import { holdingsOf } from './support/holdings.js';
import { inProcess, inWorker, joined, newBus, nextEvent, type Source } from './support/program.js';
import { get, put } from './support/region-bytes.js';

/** Keeps the regions it gets until ordered to release them. */
const keeper: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'keeper' });
  const kept: { close(): void }[] = [];
  endpoint.on('message', (message) => {
    kept.push(message.keep());
    tell('kept');
  });
  tell('joined');
  for (;;) {
    await told();
    for (const message of kept.splice(0)) message.close();
  }
};

/** A promise and the function that fulfils it; keeps the process alive meanwhile. */
function called(): { readonly call: () => void; readonly done: Promise<void> } {
  let call = () => {};
  const alive = setInterval(() => undefined, 1000);
  const done = new Promise<void>((resolve) => {
    call = resolve;
  }).finally(() => clearInterval(alive));
  return { call, done };
}

test('a free region of fitting size and tag is reused', (t) => {
  using registry = new MemoryRegistry();
  const first = registry.alloc(10_000, { tag: 'a' });
  t.is(first.size, 12_288);
  put(first, 0, 1);
  const { id } = first;
  t.deepEqual(registry.stats, { regions: 1, bytes: 12_288, inUse: 1, created: 1, reused: 0 });
  first.release();
  t.is(registry.stats.inUse, 0);
  const again = registry.alloc(9_000, { tag: 'a' });
  t.is(again.id, id);
  t.is(get(again, 0), 1);
  again.release();
  for (const [bytes, tag] of [
    [10_000, 'b'],
    [20_000, 'a'],
    [1000, 'a'],
  ] as const) {
    // Another tag; too small; far too large, once there is a better fit.
    using other = registry.alloc(bytes, { tag });
    t.is(other.id === id, bytes === 1000);
  }
  t.deepEqual(registry.stats, {
    regions: 3,
    bytes: 12_288 * 2 + 20_480,
    inUse: 0,
    created: 3,
    reused: 2,
  });
});

test('a region that another process still holds is not reused', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, keeper);
  await program.next();
  const endpoint = await joined(t, bus);
  using registry = new MemoryRegistry();
  const { call, done } = called();
  const first = registry.alloc(4096, { onFree: call });
  endpoint.send('keeper', 'keep', { regions: [first] });
  first.release();
  await program.next();
  using second = registry.alloc(4096);
  t.not(second.id, first.id);
  program.say('let go');
  await done;
  using third = registry.alloc(4096);
  t.is(third.id, first.id);
});

test('an error of onFree is an uncaught exception, and the other calls still come', async (t) => {
  const program = inProcess(t, newBus(), ({ busbar, tell }) => {
    process.on('uncaughtException', (error) => tell(error.message));
    const alive = setInterval(() => undefined, 1000);
    const registry = new busbar.MemoryRegistry();
    const regions = [1, 2].map((i) =>
      registry.alloc(4096, {
        onFree: () => {
          if (i === 1) throw new Error('a bug');
          tell('free');
          clearInterval(alive);
        },
      }),
    );
    for (const region of regions) region.release();
  });
  const told = [await program.next<string>(), await program.next<string>()];
  t.deepEqual(told.sort(), ['a bug', 'free']);
});

for (const [where, run] of [
  ['process', inProcess],
  ['worker thread', inWorker],
] as const) {
  test(`a region held by a killed ${where} is free, and its owner is notified`, async (t) => {
    const bus = newBus();
    const program = run(t, bus, keeper);
    await program.next();
    const endpoint = await joined(t, bus);
    using registry = new MemoryRegistry();
    const { call, done } = called();
    const region = registry.alloc(4096, { onFree: call });
    const { id } = region;
    for (let i = 0; i < 3; i++) endpoint.send('keeper', i, { regions: [region] });
    region.release();
    for (let i = 0; i < 3; i++) await program.next();
    await program.kill();
    await done;
    t.is(registry.stats.inUse, 0);
    using again = registry.alloc(4096);
    t.is(again.id, id);
  });
}

test('without a listener, a killed holder is found out when the memory is needed', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, keeper);
  await program.next();
  const endpoint = await joined(t, bus);
  using registry = new MemoryRegistry({ maxBytes: 8192 });
  const region = registry.alloc(8192);
  endpoint.send('keeper', 'keep', { regions: [region] });
  region.release();
  await program.next();
  t.throws(() => registry.alloc(4096), {
    code: 'ERR_BUSBAR_LIMIT_EXCEEDED',
    message: /8192 bytes in use .* 4096 more; its limit is 8192/,
  });
  await program.kill();
  // The sender has to notice that its receiver is gone: untaken messages would go elsewhere first.
  endpoint.on('peer', () => undefined);
  while (endpoint.peers.length > 0) await nextEvent(endpoint, 'peer');
  // It looks for dead holders only now and then.
  const alloc = async () => {
    for (;;) {
      try {
        return registry.alloc(4096);
      } catch (error) {
        if (!(error instanceof LimitExceededError)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  using other = await alloc();
  t.truthy(other);
  t.is(registry.stats.bytes, 8192);
});

test('onFree is called once, even if the region is reused before the notification', async (t) => {
  using registry = new MemoryRegistry();
  let calls = 0;
  const first = registry.alloc(4096, { onFree: () => calls++ });
  first.release();
  const { call, done } = called();
  const second = registry.alloc(4096, { onFree: call });
  t.is(second.id, first.id);
  await Promise.resolve();
  t.is(calls, 1);
  second.release();
  await done;
  t.is(calls, 1);
});

test('maintain() and the idle limit give memory back', async (t) => {
  using registry = new MemoryRegistry({ idle: 60_000 });
  const before = holdingsOf(process.pid).mappings;
  const regions = Array.from({ length: 5 }, () => registry.alloc(4096));
  t.is(holdingsOf(process.pid).mappings, before + 10);
  for (const region of regions.slice(1)) region.release();
  t.is(registry.maintain(), 0);
  t.is(registry.maintain(0), 4);
  t.like(registry.stats, { regions: 1, bytes: 4096, inUse: 1 });
  t.is(holdingsOf(process.pid).mappings, before + 2);
  regions[0]?.release();
  using quick = new MemoryRegistry({ idle: 1 });
  quick.alloc(4096).release();
  const alive = setInterval(() => undefined, 1000);
  while (quick.stats.regions > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  clearInterval(alive);
  t.pass();
});

test('a closed registry gives back, refuses, and leaves what is held', (t) => {
  const registry = new MemoryRegistry();
  const held = registry.alloc(4096);
  put(held, 0, 3);
  registry.alloc(4096).release();
  registry.close();
  registry.close();
  t.deepEqual(registry.stats, { regions: 0, bytes: 0, inUse: 0, created: 2, reused: 0 });
  t.throws(() => registry.alloc(1), { code: 'ERR_BUSBAR_CLOSED' });
  t.is(get(held, 0), 3);
  held.release();
});

test('nonsense is refused at the call', (t) => {
  for (const options of [{ maxBytes: 0 }, { idle: -1 }, { readOnly: 1 }, { maxbytes: 4096 }]) {
    t.throws(() => new MemoryRegistry(options as never), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
  }
  using registry = new MemoryRegistry();
  for (const [bytes, options] of [
    [0, {}],
    [2 ** 33, {}],
    ['1', {}],
    [1, { tag: 5 }],
    [1, { tag: 'x'.repeat(256) }],
    [1, { onfree: () => undefined }],
    [1, { onFree: 5 }],
  ]) {
    t.throws(() => registry.alloc(bytes as never, options as never), {
      code: 'ERR_BUSBAR_INVALID_ARGUMENT',
    });
  }
  t.is(registry.stats.created, 0);
});

test('waiting for a region does not keep a process alive', async (t) => {
  const program = inProcess(t, newBus(), ({ busbar, tell }) => {
    const registry = new busbar.MemoryRegistry();
    const region = registry.alloc(4096, { onFree: () => tell('never') });
    tell(region.size);
    process.disconnect();
    // Held to the end: garbage collection would release it.
    process.on('exit', () => region.size);
  });
  t.is(await program.next(), 4096);
  t.is((await program.ended)[0], 0);
});
