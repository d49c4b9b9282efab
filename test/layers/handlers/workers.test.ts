// One table in several threads and processes: deaths, restarts under load, failed starts, draining.
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { type Endpoint, unicast } from 'busbar';
import { handle, type WorkerDiedEvent, type Workers, type WorkersOptions } from 'busbar/handlers';
import { joined, newBus } from '../../support/program.js';
import { box, type Place } from './support/worker-table.js';

const module = new URL('./support/worker-table.js', import.meta.url);
/** By hand, with more: BUSBAR_MESSAGES=1000000. */
const messages = Number(process.env.BUSBAR_MESSAGES ?? 10_000);

async function pool(
  t: ExecutionContext,
  bus: string,
  options: Partial<WorkersOptions>,
): Promise<Workers> {
  const workers = await handle(bus, module, {
    label: 'worker',
    workers: 2,
    data: {},
    restart: { delay: 1 },
    ...options,
  });
  t.teardown(() => workers.close({ drain: 0 }));
  return workers;
}

type Member = Endpoint<typeof box>;

async function ask(member: Member, id: number, n: number): Promise<Place> {
  member.send(unicast({ id }), box.Work(n));
  const { payload } = await member.recv();
  return payload as Place;
}

test('threads and processes have one label, and each is a receiver of its own', async (t) => {
  const bus = newBus();
  const workers = await pool(t, bus, { workers: { threads: 2, processes: 1 } });
  const member = await joined(t, bus, { messages: box });
  t.is(member.matches('worker').length, 3);
  const places: Place[] = [];
  for (const { id, pid } of workers.running) {
    const place = await ask(member, id, id);
    t.is(place.n, id);
    t.is(place.pid, pid);
    places.push(place);
  }
  t.is(new Set(places.map(({ pid, thread }) => `${pid} ${thread}`)).size, 3);
  t.is(places.filter(({ pid }) => pid === process.pid).length, 2);
  const rows = await workers.routes();
  t.deepEqual(
    rows.map(({ name, handled }) => [name, handled]),
    [
      ['Work', 3],
      ['Die', 0],
      ['Done', 0],
    ],
  );
  await workers.close();
  t.deepEqual(member.matches('worker'), []);
});

for (const [kind, counts, how] of [
  ['process', { processes: 1 }, 'kill'],
  ['process', { processes: 1 }, 'exit'],
  ['process', { processes: 1 }, 'throw'],
  ['thread', { threads: 1 }, 'exit'],
  ['thread', { threads: 1 }, 'throw'],
] as const) {
  test.serial(
    `a ${kind} that dies (${how}) is started again, and what it had not taken is handled`,
    async (t) => {
      const bus = newBus();
      const workers = await pool(t, bus, { workers: counts });
      const member = await joined(t, bus, { messages: box });
      const [first] = workers.running;
      const died = once(workers, 'died') as Promise<[WorkerDiedEvent]>;
      const started = once(workers, 'started');
      // A worker that is killed has not told that it took this; without a `ttl`, no other one gets it.
      member.send('worker', box.Die(how));
      for (let n = 0; n < 10; n++) member.send('worker', box.Work(n), { ttl: 60_000 });
      const [event] = await died;
      t.is(event.worker, 0);
      t.is(event.error.code, 'ERR_BUSBAR_HANDLERS_WORKER');
      t.is(event.restartAfter, 1);
      if (kind === 'thread' && how === 'throw') {
        t.is((event.error.cause as Error).message, 'as it was told');
      }
      await started;
      const seen: number[] = [];
      while (!seen.includes(9)) seen.push(((await member.recv()).payload as Place).n);
      t.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      );
      t.not(workers.running[0]?.id, first?.id);
    },
  );
}

test('workers are exchanged under load: nothing is lost, nothing is handled twice', async (t) => {
  const bus = newBus();
  const workers = await pool(t, bus, { workers: 4 });
  const member = await joined(t, bus, { messages: box });
  const answers = new Map<number, number>();
  const pids = new Set<number>();
  const receiving = (async () => {
    for await (const { type, payload } of member) {
      if (type !== 'Done') continue;
      const { n, pid } = payload as Place;
      answers.set(n, (answers.get(n) ?? 0) + 1);
      pids.add(pid);
      if (answers.size === messages) return;
    }
  })();
  let exchanged = false;
  const exchanging = workers.restart().then(() => {
    exchanged = true;
  });
  let sent = 0;
  const one = async () => {
    while (sent < messages || !exchanged) {
      if (sent >= messages) return;
      await member.deliver('worker', box.Work(sent++), { acknowledge: 'handled' });
    }
  };
  await Promise.all(Array.from({ length: 64 }, one));
  await exchanging;
  await receiving;
  t.is(answers.size, messages);
  t.deepEqual(
    [...answers].filter(([, count]) => count !== 1),
    [],
  );
  t.is(workers.running.length, 4);
});

test('a pool whose workers do not start says why, and leaves nothing', async (t) => {
  const bus = newBus();
  const member = await joined(t, bus, { messages: box });
  for (const workers of [{ threads: 2 }, { processes: 2 }]) {
    await t.throwsAsync(pool(t, bus, { workers, data: { broken: true } }), {
      code: 'ERR_BUSBAR_HANDLERS_WORKER',
      message: /broken table/,
    });
  }
  const missing = new URL('./support/no-such-table.js', import.meta.url);
  await t.throwsAsync(handle(bus, missing, { workers: 1 }), { message: /did not start/ });
  const empty = new URL('./support/handled.js', import.meta.url);
  await t.throwsAsync(handle(bus, empty, { workers: 1 }), { message: /export a 'box'/ });
  t.deepEqual(member.peers, []);
});

test('wrong options of a pool are refused', async (t) => {
  const wrong: [object, RegExp][] = [
    [{ workers: 0 }, /workers is 0/],
    [{ workers: { threads: -1 } }, /threads is -1/],
    [{ workers: 1, lable: 'x' }, /unknown option 'lable'/],
    [{ workers: 1, restart: { delay: 'x' } }, /restart.delay/],
    [{ workers: 1, closeOn: 'TERM' }, /closeOn/],
  ];
  for (const [options, message] of wrong) {
    await t.throwsAsync(handle(newBus(), module, options as WorkersOptions), { message });
  }
});
