// Kernel objects and regions that a program drops without closing them are garbage-collected before
// it runs out of descriptors or memory: V8 knows their weight. The process has 1,024 descriptors.
import test from 'ava';
import { inProcess, inProcessWithFewDescriptors, newBus } from './support/program.js';

const onLinux = process.platform === 'linux';

(onLinux ? test : test.skip)('descriptors of objects that nobody closed come back', async (t) => {
  const program = inProcessWithFewDescriptors(t, newBus(), async ({ busbar, tell }) => {
    const { openSync, closeSync } = await import('node:fs');
    const { setImmediate: turn } = await import('node:timers/promises');
    const fd = openSync('/dev/null', 'r');
    for (let i = 0; i < 10_000; i++) {
      busbar.KernelObject.fromFd(fd);
      if (i % 20 === 0) await turn();
    }
    closeSync(fd);
    tell('done');
  });
  t.is(await program.next(), 'done');
});

(onLinux ? test : test.skip)('descriptors of regions that nobody released come back', async (t) => {
  const program = inProcessWithFewDescriptors(t, newBus(), async ({ busbar, tell }) => {
    const { setImmediate: turn } = await import('node:timers/promises');
    for (let i = 0; i < 4_000; i++) {
      busbar.MemoryRegion.create(1 << 20);
      if (i % 20 === 0) await turn();
    }
    tell('done');
  });
  t.is(await program.next(), 'done');
});

test('what is closed in time weighs nothing', async (t) => {
  const program = inProcess(t, newBus(), async ({ busbar, tell }) => {
    const { setImmediate: turn } = await import('node:timers/promises');
    const region = busbar.MemoryRegion.create(1 << 20);
    const before = process.memoryUsage().external;
    for (let i = 0; i < 10_000; i++) {
      region.duplicate().release();
      if (i % 1_000 === 0) await turn();
    }
    const grown = process.memoryUsage().external - before;
    region.release();
    tell(grown < 1 << 20);
  });
  t.true(await program.next());
});
