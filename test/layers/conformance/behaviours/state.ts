// Properties and signals.
import { all } from 'busbar/rpc';
import type { Behaviour } from '../place.js';

export const state: readonly Behaviour[] = [
  {
    id: 'property.get',
    title: 'a property has its value',
    async run({ t, server, client }) {
      await server({}, 'its title');
      const calls = await client();
      t.is(await calls.title.get(), 'its title');
      t.is(await calls.level.get(), 1);
    },
  },
  {
    id: 'property.set',
    title: 'setting resolves with a higher version; the server may change the value',
    async run({ t, server, client }) {
      await server();
      const { level } = await client();
      const { version } = await level.read();
      t.is(await level.set(5), version + 1);
      t.deepEqual(await level.read(), { value: 5, version: version + 1 });
      await level.set(5000);
      t.is(await level.get(), 1000);
    },
  },
  {
    id: 'property.refused',
    title: 'the server may refuse a value; the property keeps its own',
    async run({ t, server, client }) {
      await server();
      const { level } = await client();
      await t.throwsAsync(level.set(13), { code: 'HANDLER_FAILED', message: /refused/ });
      await t.throwsAsync(level.set(-1), { code: 'INVALID_ARGUMENT' });
      t.is(await level.get(), 1);
    },
  },
  {
    id: 'property.conflict',
    title: 'ifVersion of an older value is CONFLICT, and nothing is set',
    async run({ t, server, client }) {
      const one = await server();
      const { level } = await client();
      const { version } = await level.read();
      await one.obeys('level', '4');
      await t.throwsAsync(level.set(6, { ifVersion: version }), { code: 'CONFLICT' });
      t.is(await level.get(), 4);
      t.is(await level.set(6, { ifVersion: version + 1 }), version + 2);
    },
  },
  {
    id: 'property.read-only',
    title: 'a read-only property cannot be set',
    async run({ t, server, client }) {
      await server();
      const { title } = await client();
      const writable = title as unknown as { set(value: string): Promise<number> };
      await t.throwsAsync(writable.set('x'), { code: 'INVALID_ARGUMENT' });
      t.is(await title.get(), 'one');
    },
  },
  {
    id: 'property.watch',
    title: 'watching begins with the present value and follows each change',
    async run({ t, server, client }) {
      const one = await server();
      const seen: number[] = [];
      for await (const value of (await client()).level) {
        seen.push(value);
        if (value === 4) break;
        one.order('level', `${value + 1}`);
      }
      t.deepEqual(seen, [1, 2, 3, 4]);
    },
  },
  {
    id: 'property.newest',
    title: 'a slow watcher gets the newest value, and values never go back',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const watch = calls.level.watch();
      t.is((await watch.next()).value?.value, 1);
      for (let value = 2; value <= 200; value++) one.order('level', `${value}`);
      await one.heard('done level', 199);
      t.is(await calls.level.get(), 200);
      let last = 1;
      let count = 0;
      while (last < 200) {
        const { value } = (await watch.next()).value ?? { value: 0 };
        t.true(value > last);
        last = value;
        count++;
      }
      t.true(count < 199, `${count}`);
      await watch.return?.();
    },
  },
  {
    id: 'property.change',
    title: 'a listener gets each value with its version until it is closed',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const seen: number[] = [];
      const listening = calls.level.on('change', (value) => seen.push(value));
      await listening.ready;
      await one.obeys('level', '2');
      await calls.level.get();
      t.deepEqual(seen, [1, 2]);
      listening.close();
      await one.obeys('level', '3');
      t.is(await calls.level.get(), 3);
      t.deepEqual(seen, [1, 2]);
    },
  },
  {
    id: 'property.stale',
    title: 'when the server is gone the value is stale; the next server has another',
    only: 'bus',
    async run({ t, server, client }) {
      const first = await server();
      const { level } = await client();
      const watch = level.watch();
      t.like((await watch.next()).value, { value: 1, stale: false });
      await first.obeys('level', '9');
      t.like((await watch.next()).value, { value: 9, stale: false });
      await first.kill();
      t.like((await watch.next()).value, { value: 9, stale: true });
      await server();
      t.like((await watch.next()).value, { value: 1, stale: false });
      await watch.return?.();
    },
  },
  {
    id: 'signal.all-listeners',
    title: 'a signal reaches each listener once, with its data and sender',
    async run({ t, server, client }) {
      const one = await server();
      const calls = await client();
      const seen: string[] = [];
      const a = calls.on('tick', ({ n }, from) => seen.push(`a${n} ${from.id > 0}`));
      const b = calls.on('tick', ({ n }) => seen.push(`b${n}`));
      await Promise.all([a.ready, b.ready]);
      await one.obeys('tick', '1');
      await calls.nothing();
      a.close();
      await calls.emitTick({ n: 2 });
      await calls.nothing();
      t.deepEqual(seen, ['a1 true', 'b1', 'b2']);
    },
  },
  {
    id: 'signal.order',
    title: 'signals and answers of one server arrive in the order they were sent in',
    async run({ t, server, client }) {
      await server();
      const calls = await client();
      const seen: number[] = [];
      await calls.on('tick', ({ n }) => seen.push(n)).ready;
      for (let n = 0; n < 20; n++) {
        await calls.emitTick({ n });
        t.is(seen.length, n + 1);
      }
    },
  },
  {
    id: 'signal.next-server',
    title: 'when its server dies a listener hears the next one',
    only: 'bus',
    async run({ t, server, client }) {
      const first = await server();
      const calls = await client();
      let heard = (_: number) => {};
      const tick = new Promise<number>((resolve) => {
        heard = resolve;
      });
      await calls.on('tick', ({ n }) => heard(n)).ready;
      await first.kill();
      const second = await server();
      // The subscription moves when this process hears of the new server.
      let n = 0;
      const again = setInterval(() => second.order('tick', `${++n}`), 5);
      t.true((await tick) > 0);
      clearInterval(again);
    },
  },
  {
    id: 'signal.all-servers',
    title: 'all() hears every server, those that come later included',
    only: 'bus',
    async run({ t, server, client }) {
      const first = await server();
      const calls = await client();
      const from = new Set<number>();
      let changed = () => {};
      const two = new Promise<void>((resolve) => {
        changed = () => from.size === 2 && resolve();
      });
      await all(calls).on('tick', (_, peer) => {
        from.add(peer.pid);
        changed();
      }).ready;
      const second = await server();
      const again = setInterval(() => {
        for (const each of [first, second]) each.order('tick', '1');
      }, 5);
      await two;
      clearInterval(again);
      t.deepEqual([...from].sort(), [first.pid, second.pid].sort());
    },
  },
];
