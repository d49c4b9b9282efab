// Objects and regions as arguments and results: who owns what.
import { KernelObject, MemoryRegion } from 'busbar';
import type { Behaviour } from '../place.js';

export const attachments: readonly Behaviour[] = [
  {
    id: 'region.result',
    title: 'a region in a result belongs to the caller, and to nobody else',
    only: 'bus',
    async run({ t, server, client }) {
      await server();
      const region = await (await client()).region({ size: 10_000 });
      t.true(region instanceof MemoryRegion);
      t.deepEqual([region.size, region.copy()[9999]], [10_000, 3]);
      while (region.refCount > 1) await new Promise((resolve) => setImmediate(resolve));
      t.is(region.refCount, 1);
      region.release();
    },
  },
  {
    id: 'region.argument',
    title: 'a region in an argument is lent for the call',
    only: 'bus',
    async run({ t, server, client }) {
      await server();
      const region = MemoryRegion.create(4096);
      region.write(new Uint8Array(4096).fill(1));
      const calls = await client();
      t.is(await calls.weigh({ region, keep: false }), 4096);
      while (region.refCount > 1) await new Promise((resolve) => setImmediate(resolve));
      t.is(region.copy()[0], 1);
      region.release();
    },
  },
  {
    id: 'region.give',
    title: 'with `give` the layer releases the argument when the call is over',
    only: 'bus',
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      const region = MemoryRegion.create(4096);
      t.is(await calls.weigh({ region, keep: false }, { give: true }), 0);
      t.throws(() => region.copy());
    },
  },
  {
    id: 'region.keep',
    title: 'a method can keep an argument',
    only: 'bus',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const region = MemoryRegion.create(4096);
      await calls.weigh({ region, keep: true }, { give: true });
      await one.heard('kept 4096');
      t.pass();
    },
  },
  {
    id: 'region.items',
    title: 'regions can be streamed',
    only: 'bus',
    async run({ t, server, client }) {
      await server();
      let count = 0;
      for await (const { region } of (await client()).regions({ count: 40 })) {
        t.is(region.size, 4096);
        region.release();
        count++;
      }
      t.is(count, 40);
    },
  },
  {
    id: 'region.foreign',
    title: 'a value that is no region is refused before anything is sent',
    only: 'bus',
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      await t.throwsAsync(calls.weigh({ region: {} as never, keep: false }), {
        code: 'INVALID_ARGUMENT',
        message: /region/,
      });
    },
  },
  {
    id: 'object.result',
    title: 'an object in a result is a descriptor of the caller',
    only: 'bus',
    async run({ t, server, client }) {
      await server();
      const object = await (await client()).object();
      t.true(object instanceof KernelObject);
      t.true(object.fd >= 0);
      object.close();
    },
  },
  {
    id: 'attachment.late',
    title: 'what late and left answers attach is closed',
    only: 'bus',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const before = await calls.holdings();
      for (let n = 0; n < 30; n++) {
        const stop = new AbortController();
        const late = calls.region({ size: 4096 }, { signal: stop.signal });
        stop.abort();
        await t.throwsAsync(late, { code: 'CANCELLED' });
        const stream = calls.regions({ count: 100 });
        const first = await stream.next();
        if (first.done !== true) first.value.region.release();
        await stream.return();
      }
      while ((await calls.holdings()) > before + 4) await calls.nothing();
      t.is(one.count('error in regions'), 0);
    },
  },
  {
    id: 'attachment.port',
    title: 'a message port or wire refuses regions and objects with UNSUPPORTED_ATTACHMENT',
    only: 'port',
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      await t.throwsAsync(calls.region({ size: 4096 }), { code: 'UNSUPPORTED_ATTACHMENT' });
      const region = MemoryRegion.create(4096);
      await t.throwsAsync(calls.weigh({ region, keep: false }), { code: 'INVALID_ARGUMENT' });
      region.release();
    },
  },
];
