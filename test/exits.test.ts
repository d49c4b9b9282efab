// Violent ends of a process: process.exit() in the middle, uncaught exceptions, signals. The
// process ends as Node ends it; the others see it leave and carry on.
import test from 'ava';
import { inCrashingProcess } from './support/crashing-process.js';
import { inProcess, joined, newBus, type Source } from './support/program.js';
import { until } from './support/waiting.js';

const exits: Readonly<Record<string, Source>> = {
  'while joining': ({ busbar, bus }) => {
    void busbar.join(bus, { controllerAffinity: false });
    process.exit(3);
  },
  'while joining, a turn later': ({ busbar, bus }) => {
    void busbar.join(bus);
    setImmediate(() => process.exit(3));
  },
  'after joining': async ({ busbar, bus }) => {
    await busbar.join(bus);
    process.exit(3);
  },
  'after sending': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus);
    for (let i = 0; i < 1000; i++) endpoint.send(busbar.multicast(busbar.anyone), i);
    process.exit(3);
  },
  'with a mapped region and an object': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'me' });
    const region = busbar.MemoryRegion.create(1 << 16);
    region.bytes[0] = 1;
    const object = busbar.KernelObject.fromFd(0);
    endpoint.send('me', 'to be taken', { regions: [region], objects: [object] });
    endpoint.send('me', 'to be left', { regions: [region], objects: [object] });
    const message = await endpoint.recv();
    if (message.regions[0]?.bytes[0] === 1) process.exit(3);
  },
  'with a pending receive': async ({ busbar, bus }) => {
    void (await busbar.join(bus)).recv();
    process.exit(3);
  },
  'in a listener': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'me' });
    endpoint.on('message', () => process.exit(3));
    for (let i = 0; i < 1000; i++) endpoint.send('me', i);
  },
  'after a receive, with more to come': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'me' });
    for (let i = 0; i < 1000; i++) endpoint.send('me', i);
    await endpoint.recv();
    process.exit(3);
  },
  'while closing': async ({ busbar, bus }) => {
    void (await busbar.join(bus)).close();
    process.exit(3);
  },
  'after closing': async ({ busbar, bus }) => {
    await (await busbar.join(bus)).close();
    process.exit(3);
  },
  'in a listener of peers': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus);
    endpoint.on('peer', () => process.exit(3));
    endpoint.on('message', () => undefined);
    await busbar.join(bus);
  },
};

for (const role of ['controller', 'member']) {
  for (const [when, source] of Object.entries(exits)) {
    test(`process.exit() ${when}, as ${role}`, async (t) => {
      const bus = newBus();
      if (role === 'member') await joined(t, bus, { label: 'witness' });
      t.deepEqual(await inProcess(t, bus, source).ended, [3, null]);
      // The bus works, whatever the process left behind.
      const next = await joined(t, bus, { label: 'next' });
      await until(next, 'peer', () => next.peers.every(({ pid }) => pid === process.pid));
      next.send('next', 'fine');
      t.is((await next.recv()).payload, 'fine');
    });
  }
}

const crashes: Readonly<Record<string, Source>> = {
  'an exception in a listener of messages': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'victim' });
    endpoint.on('message', () => {
      throw new Error('expected by the test');
    });
  },
  'an exception in a listener of peers': async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'victim' });
    const [trigger] = [await endpoint.recv()];
    endpoint.on('message', () => undefined);
    endpoint.on('peer', () => {
      throw new Error('expected by the test');
    });
    tell(trigger.payload);
    await busbar.join(bus);
  },
  'a rejection that nobody handles': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'victim' });
    await endpoint.recv();
    void endpoint.close();
    await endpoint.recv();
  },
  abort: async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'victim' });
    endpoint.on('message', () => process.abort());
  },
  SIGTERM: async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'victim' });
    endpoint.on('message', () => process.kill(process.pid, 'SIGTERM'));
  },
  SIGKILL: async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'victim' });
    endpoint.on('message', () => process.kill(process.pid, 'SIGKILL'));
  },
  'SIGTERM with a handler': async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus, { label: 'victim' });
    process.once('SIGTERM', async () => {
      await endpoint.close();
    });
    endpoint.on('message', () => process.kill(process.pid, 'SIGTERM'));
  },
};

const expected: Readonly<Record<string, readonly unknown[]>> = {
  abort: [null, 'SIGABRT'],
  SIGTERM: [null, 'SIGTERM'],
  SIGKILL: [null, 'SIGKILL'],
  'SIGTERM with a handler': [0, null],
};

for (const role of ['controller', 'member']) {
  for (const [how, source] of Object.entries(crashes)) {
    test(`the others go on after ${how} of a ${role}`, async (t) => {
      const bus = newBus();
      const guard = role === 'member' ? await joined(t, bus) : undefined;
      const program = inCrashingProcess(t, bus, source);
      const other = guard ?? (await joined(t, bus, { controllerAffinity: false, timeout: 60_000 }));
      const friend = await joined(t, bus, { label: 'friend' });
      await other.waitFor('victim');
      other.send('victim', 'now');
      t.deepEqual(await program.ended, expected[how] ?? [1, null]);
      await until(other, 'peer', () => other.peers.every(({ pid }) => pid === process.pid));
      t.is(other.peers.length, 1);
      t.is(other.send('friend', 'still here'), 1);
      t.is((await friend.recv()).payload, 'still here');
      await until(other, 'controller', () => other.controller?.pid === process.pid);
    });
  }
}

test('what a program sends while its process exits arrives, and then its endpoint is closed', async (t) => {
  const bus = newBus();
  const receiver = await joined(t, bus, { label: 'receiver' });
  inProcess(t, bus, async ({ busbar, bus }) => {
    const endpoint = await busbar.join(bus);
    process.on('exit', () => endpoint.send('receiver', endpoint.closed));
    endpoint.send('receiver', 'before');
    setImmediate(() => process.exit(0));
  });
  t.is((await receiver.recv()).payload, 'before');
  t.is((await receiver.recv()).payload, false);
});
