// The end of a process at every step of an endpoint's life: what keeps it alive, what lets it end,
// and that it ends with code 0 when nothing is left to do. Violent ends are in exits.test.ts.
import test from 'ava';
import { inProcess, joined, newBus, type Source } from './support/program.js';

/**
 * Each goes one step further. None closes anything that it need not close; all have nothing left to
 * do.
 */
const prefixes: Readonly<Record<string, Source>> = {
  'the package loaded': () => undefined,
  'a join refused': async ({ busbar, bus }) => {
    await busbar.join(bus, { label: '' }).catch(() => undefined);
  },
  'a join timed out': async ({ busbar, bus }) => {
    await busbar.join(bus, { controllerAffinity: false, timeout: 1 }).catch(() => undefined);
  },
  'a join aborted': async ({ busbar, bus }) => {
    const signal = AbortSignal.abort();
    await busbar.join(bus, { signal }).catch(() => undefined);
  },
  joined: async ({ busbar, bus }) => {
    await busbar.join(bus);
  },
  'joined several times': async ({ busbar, bus }) => {
    for (const name of ['', 'x', 'x', 'y']) await busbar.join(bus + name);
  },
  'joined, one of several closed': async ({ busbar, bus }) => {
    const [first] = [await busbar.join(bus), await busbar.join(bus)];
    await first.close();
  },
  'joined and closed': async ({ busbar, bus }) => {
    await (await busbar.join(bus)).close();
  },
  'joined and closing': async ({ busbar, bus }) => {
    void (await busbar.join(bus)).close();
  },
  'sent to nobody': async ({ busbar, bus }) => {
    (await busbar.join(bus)).send(busbar.multicast('nobody'), 1);
  },
  'sent with a time to live': async ({ busbar, bus }) => {
    (await busbar.join(bus)).send('nobody', 1, { ttl: 3_600_000 });
  },
  'sent to itself': async ({ busbar, bus }) => {
    (await busbar.join(bus, { label: 'me' })).send('me', 1);
  },
  'sent to another endpoint of the process': async ({ busbar, bus }) => {
    const [a] = [await busbar.join(bus), await busbar.join(bus, { label: 'b' })];
    for (let i = 0; i < 1000; i++) a.send('b', i);
  },
  'delivered to itself': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'me' });
    void endpoint.recv();
    await endpoint.deliver('me', 1);
  },
  received: async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'me' });
    endpoint.send('me', 1);
    await endpoint.recv();
  },
  'a receive timed out': async ({ busbar, bus }) => {
    await (await busbar.join(bus)).recv({ timeout: 1 }).catch(() => undefined);
  },
  'a receive aborted': async ({ busbar, bus }) => {
    const abort = new AbortController();
    const receiving = (await busbar.join(bus)).recv({ signal: abort.signal });
    abort.abort();
    await receiving.catch(() => undefined);
  },
  'a loop over the messages left': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'me' });
    endpoint.send('me', 1);
    for await (const _ of endpoint) break;
  },
  'a listener taken off again': async ({ busbar, bus }) => {
    const listener = () => undefined;
    (await busbar.join(bus)).on('message', listener).off('message', listener);
  },
  'a listener that listened once': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'me' });
    endpoint.once('message', () => undefined);
    endpoint.send('me', 1);
  },
  'a listener and close': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus);
    endpoint.on('message', () => undefined);
    await endpoint.close();
  },
  'a pending receive and close': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus);
    endpoint.recv().catch(() => undefined);
    await endpoint.close();
  },
  'listeners of everything but messages': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus);
    for (const event of ['peer', 'controller', 'drain', 'undelivered', 'close'] as const) {
      endpoint.on(event, () => undefined);
    }
  },
  'waited for somebody': async ({ busbar, bus }) => {
    await (await busbar.join(bus, { label: 'me' })).waitFor('me');
  },
  'a wait for somebody timed out': async ({ busbar, bus }) => {
    await (await busbar.join(bus)).waitFor('godot', { timeout: 1 }).catch(() => undefined);
  },
  'a pending receive, unref': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus);
    void endpoint.recv();
    endpoint.unref();
  },
  'unref, then a pending receive': async ({ busbar, bus }) => {
    void (await busbar.join(bus)).unref().recv();
  },
  'a listener, unref': async ({ busbar, bus }) => {
    (await busbar.join(bus)).on('message', () => undefined).unref();
  },
  'a pending wait, unref': async ({ busbar, bus }) => {
    void (await busbar.join(bus)).unref().waitFor('godot');
  },
};

for (const role of ['controller', 'member']) {
  for (const [step, source] of Object.entries(prefixes)) {
    test(`ends by itself as ${role}: ${step}`, async (t) => {
      const bus = newBus();
      if (role === 'member') await joined(t, bus, { label: 'witness' });
      t.deepEqual(await inProcess(t, bus, source).ended, [0, null]);
    });
  }
}

/**
 * Each waits for one message. One that ended too early would report `beforeExit`, and not get the
 * message.
 */
const waiting: Readonly<Record<string, Source>> = {
  'a pending receive': async ({ busbar, bus, tell }) => {
    process.once('beforeExit', () => tell('too early'));
    const endpoint = await busbar.join(bus, { label: 'waiting' });
    void endpoint.recv().then(({ payload }) => tell(payload));
    tell('ready');
  },
  'a loop over the messages': async ({ busbar, bus, tell }) => {
    process.once('beforeExit', () => tell('too early'));
    const endpoint = await busbar.join(bus, { label: 'waiting' });
    tell('ready');
    for await (const { payload } of endpoint) {
      tell(payload);
      break;
    }
  },
  'a listener': async ({ busbar, bus, tell }) => {
    process.once('beforeExit', () => tell('too early'));
    const endpoint = await busbar.join(bus, { label: 'waiting' });
    endpoint.once('message', ({ payload }) => tell(payload));
    tell('ready');
  },
  'a receive, unref and ref again': async ({ busbar, bus, tell }) => {
    process.once('beforeExit', () => tell('too early'));
    const endpoint = await busbar.join(bus, { label: 'waiting' });
    endpoint.unref();
    void endpoint.recv().then(({ payload }) => tell(payload));
    endpoint.ref();
    tell('ready');
  },
  'waiting for somebody': async ({ busbar, bus, tell }) => {
    process.once('beforeExit', () => tell('too early'));
    const endpoint = await busbar.join(bus, { label: 'waiting' });
    tell('ready');
    await endpoint.waitFor('sender');
    tell((await endpoint.recv()).payload);
  },
};

for (const [what, source] of Object.entries(waiting)) {
  test(`${what} keeps the process alive`, async (t) => {
    const bus = newBus();
    const program = inProcess(t, bus, source);
    t.is(await program.next(), 'ready');
    const sender = await joined(t, bus, { label: 'sender' });
    t.is(sender.send('waiting', 'here'), 1);
    t.is(await program.next(), 'here');
    t.deepEqual(await program.ended, [0, null]);
  });
}

for (const role of ['controller', 'member']) {
  for (const end of ['by itself', 'by process.exit()']) {
    test(`what a ${role} sent just before it ended ${end} arrives`, async (t) => {
      const bus = newBus();
      if (role === 'member') await joined(t, bus);
      const source: Source = async ({ busbar, bus, tell }) => {
        // Far more than its ring holds, so part of it is sent at the very end.
        const endpoint = await busbar.join(bus, { ringBytes: 16_384, linger: 2 ** 31 - 1 });
        tell(endpoint.isController);
        await endpoint.waitFor('receiver');
        for (let i = 0; i < 1000; i++) endpoint.send('receiver', `${i}`.padEnd(200));
        if (bus.endsWith('exit')) process.exit();
      };
      const name = end === 'by itself' ? bus : `${bus}-exit`;
      if (role === 'member' && name !== bus) await joined(t, name);
      const program = inProcess(t, name, source);
      t.is(await program.next(), role === 'controller');
      const receiver = await joined(t, name, { label: 'receiver' });
      for (let i = 0; i < 1000; i++) {
        t.is((await receiver.recv()).payload, `${i}`.padEnd(200));
      }
      t.deepEqual(await program.ended, [0, null]);
    });
  }
}
