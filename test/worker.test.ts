// Worker threads that are terminated in the middle of something: the process survives, nothing of
// them stays open, and the others see them leave. Serial: it counts what this process holds.
import { once } from 'node:events';
import test from 'ava';
import type { Endpoint, PlainBox } from 'busbar';
import { holdingsOf, holdsNoMore } from './support/holdings.js';
import { inProcess, inWorker, joined, newBus, type Source } from './support/program.js';
import { turnsUntil, until } from './support/waiting.js';

interface Scene {
  readonly worker: Source;
  /** The main thread's action while the worker runs, before it terminates it. */
  readonly meanwhile: (main: Endpoint<PlainBox>) => unknown;
}

const scenes: Readonly<Record<string, Scene>> = {
  idle: {
    worker: async ({ busbar, bus, tell }) => {
      tell((await busbar.join(bus, { label: 'worker' })).on('message', () => undefined).id);
    },
    meanwhile: () => undefined,
  },
  'receiving by a listener': {
    worker: async ({ busbar, bus, tell }) => {
      const endpoint = await busbar.join(bus, { label: 'worker' });
      endpoint.on('message', (message) => message.reply(message.payload));
      tell(endpoint.id);
    },
    meanwhile: async (main) => {
      for (let i = 0; i < 2000; i++) main.send('worker', i);
      await main.recv();
    },
  },
  'receiving one by one, the most unread': {
    worker: async ({ busbar, bus, tell }) => {
      const endpoint = await busbar.join(bus, { label: 'worker', prefetch: 2 });
      tell(endpoint.id);
      for (;;) (await endpoint.recv()).reply('got it');
    },
    meanwhile: async (main) => {
      for (let i = 0; i < 2000; i++) main.send('worker', 'x'.repeat(500));
      await main.recv();
    },
  },
  'sending without a pause': {
    worker: async ({ busbar, bus, tell }) => {
      const endpoint = await busbar.join(bus, { label: 'worker' });
      tell(endpoint.id);
      for (let i = 0; ; i++) {
        try {
          endpoint.send('main', i);
        } catch {
          await endpoint.drained();
        }
      }
    },
    meanwhile: async (main) => {
      for (let i = 0; i < 100; i++) await main.recv();
    },
  },
  'sending what is larger than a ring': {
    worker: async ({ busbar, bus, tell }) => {
      const endpoint = await busbar.join(bus, { label: 'worker' });
      tell(endpoint.id);
      for (;;) await endpoint.deliver('main', new Uint8Array(2 ** 20));
    },
    meanwhile: async (main) => {
      for (let i = 0; i < 5; i++) await main.recv();
    },
  },
  closing: {
    worker: async ({ busbar, bus, tell }) => {
      const endpoint = await busbar.join(bus, { label: 'worker' });
      const { id } = endpoint;
      void endpoint.close();
      tell(id);
    },
    meanwhile: () => undefined,
  },
};

/** Reads a worker's last messages, which would count as held memory. */
async function readAll(main: Endpoint<PlainBox>): Promise<void> {
  await turnsUntil(() => main.counters.inboundLinks === 0 && main.counters.outboundLinks === 0);
}

for (const [what, { worker, meanwhile }] of Object.entries(scenes)) {
  test.serial(`terminated while ${what}`, async (t) => {
    const bus = newBus();
    const main = await joined(t, bus, { label: 'main' });
    main.on('peer', () => undefined);
    const round = async () => {
      const thread = inWorker(t, bus, worker);
      const id = await thread.next<number>();
      await meanwhile(main);
      await thread.kill();
      await until(main, 'peer', () => main.peers.length === 0);
      t.not(id, main.id);
      // Messages in flight when the worker died are read, so that its link can close.
      const abort = new AbortController();
      const reading = (async () => {
        for (;;) await main.recv({ signal: abort.signal });
      })();
      await readAll(main);
      abort.abort();
      await t.throwsAsync(reading, { name: 'AbortError' });
      while (main.counters.waiting > 0) await main.recv();
    };
    // Resources of the first rounds are kept for the next: thread pools, and some spares.
    for (let i = 0; i < 2; i++) await round();
    const before = holdingsOf(process.pid);
    for (let i = 0; i < 10; i++) await round();
    await holdsNoMore(process.pid, before);
    t.is(main.send('main', 'alive'), 1);
    t.is((await main.recv()).payload, 'alive');
  });
}

test.serial('terminated while joining', async (t) => {
  const bus = newBus();
  const round = async () => {
    const worker = inWorker(t, bus, ({ busbar, bus, tell }) => {
      // No member can admit it.
      void busbar.join(bus, { controllerAffinity: false, timeout: 2 ** 31 - 1 });
      tell('joining');
    });
    await worker.next();
    await worker.kill();
  };
  for (let i = 0; i < 2; i++) await round();
  const before = holdingsOf(process.pid);
  for (let i = 0; i < 10; i++) await round();
  await holdsNoMore(process.pid, before);
  const endpoint = await joined(t, bus);
  t.deepEqual(endpoint.peers, []);
});

test.serial('a terminated controller hands over to another thread', async (t) => {
  const bus = newBus();
  const worker = inWorker(t, bus, async ({ busbar, bus, tell }) => {
    tell((await busbar.join(bus)).on('message', () => undefined).id);
  });
  const id = await worker.next<number>();
  const main = await joined(t, bus, { label: 'main' });
  // A listener for 'controller' does not keep the process alive.
  main.on('message', () => undefined);
  t.is(main.controller?.id, id);
  const heard = once(main, 'controller');
  await worker.kill();
  await heard;
  t.true(main.isController);
  t.deepEqual(main.peers, []);
});

test.serial('process.exit() with workers in the middle of it', async (t) => {
  const bus = newBus();
  const witness = await joined(t, bus);
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const { Worker } = await import('node:worker_threads');
    const runner = process.argv[1] as string;
    const source = `async ({ busbar, bus, tell }) => {
      const endpoint = await busbar.join(bus, { label: 'busy' });
      endpoint.on('message', (message) => message.reply(message.payload));
      tell('joined');
    }`;
    const workers = [1, 2, 3].map(() => new Worker(runner, { argv: [bus, source] }));
    await Promise.all(workers.map((each) => new Promise((ready) => each.once('message', ready))));
    const endpoint = await busbar.join(bus, { label: 'main' });
    for (let i = 0; i < 3000; i++) endpoint.send('busy', i);
    await endpoint.recv();
    tell('exiting');
    process.exit(3);
  });
  await program.next();
  t.deepEqual(await program.ended, [3, null]);
  await until(witness, 'peer', () => witness.peers.length === 0);
});
