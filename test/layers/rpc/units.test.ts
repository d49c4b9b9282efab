// What the parts of the layer promise each other, seen through its entry: names, loading, misuse.

import { runInNewContext } from 'node:vm';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import test from 'ava';
import { messageType } from 'busbar';
import { defineInterface, t as type } from 'busbar/interface';
import {
  all,
  connect,
  first,
  implement,
  one,
  type PortLike,
  type Subscription,
  serve,
  sticky,
} from 'busbar/rpc';
import { newBus } from '../../support/program.js';

const Small = defineInterface('com.example.small', '1.0', {
  methods: { twice: { args: { n: type.f64 }, returns: type.f64, idempotent: true } },
  properties: { level: { type: type.u32 } },
  signals: { tick: {} },
});

const twice = { twice: ({ n }: { n: number }) => 2 * n };

test('the types of answers have the UUIDs of their names', (t) => {
  t.is(messageType('busbar.rpc').id, '5d93b0e0-d5e9-54a6-8d34-0be35c7f0804');
  t.is(messageType('busbar.describe').id, '14dee38b-cd2d-585b-a8b5-a4cd62cc7be9');
  t.is(messageType('busbar.ping').id, '0f533683-5a80-5828-a3ca-052b5428942e');
  t.is(messageType('busbar.stats').id, 'ea0d06e0-3ac1-562e-9dfd-7962b0114fb6');
});

test('wrong arguments of serve and connect are refused, and nothing stays on the bus', async (t) => {
  const bus = newBus();
  const code = 'INVALID_ARGUMENT';
  const options = { properties: { level: 1 } };
  await t.throwsAsync(serve(bus, Small, {} as never, options), { code, message: /twice/ });
  await t.throwsAsync(serve(bus, Small, twice, {} as never), { code, message: /level/ });
  await t.throwsAsync(serve(bus, Small, twice, { properties: { level: -1 } }), { message: /-1/ });
  await t.throwsAsync(serve(bus, Small, twice, { ...options, concurency: 1 } as never), {
    code,
    message: /concurency/,
  });
  await t.throwsAsync(serve(bus, Small, twice, { ...options, concurrency: 0 }), { code });
  await t.throwsAsync(serve(bus, Small, null as never, options), { code });
  await t.throwsAsync(connect(bus, Small, { timeout: 'soon' } as never), { code });
  await t.throwsAsync(connect(bus, [] as never), { code });
  await t.throwsAsync(connect(5 as never, Small), { code });
  await t.throwsAsync(connect(bus, {} as never));
  const client = await connect(bus, Small);
  await t.throwsAsync(client.twice({ n: 1 }, { timeout: 20 }), { code: 'NO_RECIPIENT' });
  await t.throwsAsync(client.twice({ n: 1 }, { to: '((' }), { message: /column/ });
  await t.throwsAsync(client.twice({ n: 1 }, { timeout: Number.NaN }), { code });
  t.throws(() => client.on('tock' as never, () => undefined), { code });
  t.throws(() => all({} as never), { code });
  t.throws(() => implement({}, 'twice', undefined), { code });
  await client.close();
});

test('a client has the members of its interface and nothing that looks like a promise', async (t) => {
  const client = await connect(newBus(), Small);
  t.deepEqual(Object.keys(client).sort(), ['level', 'twice']);
  t.false('then' in client);
  t.is(await client, client);
  t.is(one(client), client);
  t.deepEqual(Object.keys(first(client)), ['twice']);
  t.is(first(client), first(client));
  t.deepEqual(Object.keys(all(client)), ['twice']);
  t.deepEqual(Object.keys(sticky(client)).sort(), ['level', 'twice']);
  await client.close();
});

test('clients of one thread on one bus share an endpoint, closed with the last of them', async (t) => {
  const bus = newBus();
  const service = await serve(bus, Small, twice, { properties: { level: 1 } });
  const [a, b] = await connect(bus, [Small, Small]);
  const c = await connect({ name: bus }, Small);
  t.is(await a.twice({ n: 1 }), 2);
  await a.close();
  await t.throwsAsync(a.twice({ n: 1 }), { code: 'CLOSED' });
  t.is(await b.twice({ n: 2 }), 4);
  await b.close();
  t.is(await c.twice({ n: 3 }), 6);
  await c.close();
  await service.close();
});

test('two interfaces on one endpoint close one after the other', async (t) => {
  const bus = newBus();
  const Other = defineInterface('com.example.other', '1.0', {
    methods: { name: { returns: type.string } },
  });
  const [small, other] = await serve(bus, [Small, Other], [twice, { name: () => 'other' }], {
    properties: { level: 1 },
  });
  const [a, b] = await connect(bus, [Small, Other]);
  t.is(await a.twice({ n: 1 }), 2);
  await small.close();
  t.is(await b.name(), 'other');
  await t.throwsAsync(a.twice({ n: 1 }, { timeout: 50 }));
  await other.close();
  await a.close();
  await b.close();
});

test('both sides of a message port can serve and call', async (t) => {
  const { port1, port2 } = new MessageChannel();
  const here = await serve(port1, Small, twice, { properties: { level: 1 } });
  const there = await serve(
    port2,
    Small,
    { twice: ({ n }) => 3 * n },
    { properties: { level: 2 } },
  );
  const [a, b] = [await connect(port1, Small), await connect(port2, Small)];
  t.deepEqual([await a.twice({ n: 1 }), await b.twice({ n: 1 })], [3, 2]);
  t.throws(() => a.level.watch({ to: 'x' }), { code: 'INVALID_ARGUMENT' });
  await Promise.all([a.close(), b.close(), here.close(), there.close()]);
});

/** A port as pages have it, and one as Electron's main process has it, around ports of Node. */
const styles: Readonly<Record<string, (port: MessagePort) => PortLike>> = {
  page: (port) => ({
    postMessage: (message: unknown) => port.postMessage(message),
    addEventListener: (name: string, listener: (event: { data: unknown }) => void) =>
      port.on(name, (data: unknown) => listener({ data })),
    start: () => port.start(),
    close: () => port.close(),
  }),
  'main process of Electron': (port) => ({
    postMessage: (message: unknown) => port.postMessage(message),
    on: (name: string, listener: (event: { data: unknown; ports: unknown[] }) => void) =>
      port.on(name, (data: unknown) => listener({ data, ports: [] })),
    start: () => port.start(),
    close: () => port.close(),
  }),
};

for (const [name, styled] of Object.entries(styles)) {
  test(`the port of a ${name} carries calls, streams and the end`, async (t) => {
    const { port1, port2 } = new MessageChannel();
    const service = await serve(styled(port1), Small, twice, { properties: { level: 7 } });
    const client = await connect(styled(port2), Small);
    t.is(await client.twice({ n: 4 }), 8);
    for await (const value of client.level) {
      t.is(value, 7);
      break;
    }
    let listening: Subscription | undefined;
    const heard = new Promise<void>((resolve) => {
      listening = client.on('tick', () => resolve());
    });
    await listening?.ready;
    service.emit.tick();
    await heard;
    await service.close();
    // Its method is idempotent, but there is no other server.
    await t.throwsAsync(client.twice({ n: 1 }), { code: 'PEER_GONE' });
    await client.close();
  });
}

test('a frame whose metadata is an array of another realm is a frame', async (t) => {
  const { port1, port2 } = new MessageChannel();
  const realm = runInNewContext('Uint8Array') as typeof Uint8Array;
  const listeners: ((data: unknown) => void)[] = [];
  port1.on('message', (frames: unknown[][] | null) => {
    const moved = frames?.map((frame) =>
      frame.map((part) => (part instanceof Uint8Array ? realm.from(part) : part)),
    );
    for (const listener of listeners) listener(moved ?? null);
  });
  const moving: PortLike = {
    postMessage: (message) => port1.postMessage(message),
    on: (name: string, listener: (data: unknown) => void) => {
      if (name === 'message') listeners.push(listener);
    },
    close: () => port1.close(),
  };
  const service = await serve(moving, Small, twice, { properties: { level: 7 } });
  const client = await connect(port2, Small);
  t.is(await client.twice({ n: 4 }, { timeout: 60_000 }), 8);
  await client.close();
  await service.close();
});
