// Messages between buses and NATS: what rules list crosses, unchanged, and nothing else does.
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import test, { type ExecutionContext } from 'ava';
import {
  type Endpoint,
  json,
  type MessageBox,
  messageBox,
  messageType,
  multicast,
  raw,
  unicast,
} from 'busbar';
import { bridgeNats, type NatsBridge, type NatsBridgeOptions, type RuleCounts } from 'busbar/nats';
import { joined, newBus } from '../../support/program.js';
import { turnsUntil } from '../../support/waiting.js';
import { type NatsServer, natsServer, natsServerWith } from './support/server.js';

const Move = messageType<{ readonly x: number }>('com.example.move');
const Odd = messageType<string>('a name. with > and *');
const box = messageBox({ Move, Odd });
const everybody = multicast('public');

async function bridged(
  t: ExecutionContext,
  server: NatsServer,
  bus: string,
  options: NatsBridgeOptions,
): Promise<NatsBridge> {
  const bridge = await bridgeNats(bus, server.address, options);
  t.teardown(() => bridge.close({ linger: 0 }));
  return bridge;
}

function addsUp(t: ExecutionContext, counts: RuleCounts | undefined): void {
  const { taken = 0, passed = 0, waiting = 0, dropped } = counts ?? {};
  const lost = Object.values(dropped ?? {}).reduce((sum: number, each: number) => sum + each, 0);
  t.is(taken, passed + lost + waiting, JSON.stringify(counts));
}

/** Collects what a subject gets. */
async function listen(client: NatsConnection, subject: string): Promise<Msg[]> {
  const heard: Msg[] = [];
  client.subscribe(subject, { callback: (_error, message) => void heard.push(message) });
  await client.flush();
  return heard;
}

function received<B extends MessageBox>(endpoint: Endpoint<B>): unknown[] {
  const list: unknown[] = [];
  endpoint.on('message', (message) => list.push(message.payload));
  return list;
}

test('a message crosses from one bus to another as it is', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const [here, there] = [newBus(), newBus()];
  await bridged(t, server, there, {
    domain: here,
    in: [{ to: 'display', types: [Move, Odd] }],
  });
  const out = await bridged(t, server, here, { out: [{ label: 'public', types: [Move, Odd] }] });
  const display = await joined(t, there, { label: 'display', messages: box });
  const sender = await joined(t, here, { messages: box });
  const metadata = Uint8Array.of(1, 0, 8, 1, 3);
  sender.send('public', box.Move({ x: 7 }, { format: 513 }), { metadata });
  const first = await display.recv();
  t.is(first.type, 'Move');
  t.deepEqual(first.payload, { x: 7 });
  t.is(first.format, 513);
  // Hops, origin, and the field that it had.
  t.deepEqual(first.metadata?.subarray(-3), Uint8Array.of(8, 1, 3));
  sender.send('public', box.Odd('ä'));
  t.is((await display.recv()).payload, 'ä');
  await turnsUntil(() => out.counters.out[0]?.passed === 2);
  t.like(out.counters.out[0], { taken: 2, passed: 2, waiting: 0 });
});

test('what no rule lists does not cross', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  const everything = await listen(await server.client(), '>');
  const bridge = await bridged(t, server, bus, {
    out: [{ label: 'public', types: ['com.example.move'] }],
    in: [{ to: 'display', types: [Move], subjects: ['foreign.>'] }],
  });
  const any = await joined(t, bus, { messages: raw, label: 'display' });
  const heard = received(any);
  const bytes = Uint8Array.of(1);
  any.send('public', raw.message({ typeId: Odd.id, bytes }));
  any.send('public', raw.message({ typeId: Move.id, bytes }));
  await turnsUntil(() => everything.length === 1);
  t.is(everything[0]?.subject, `busbar.${bus}.m.com%2Eexample%2Emove`);
  const client = await server.client();
  const type = headers();
  type.set('Busbar-Type', Odd.id);
  client.publish('foreign.a', bytes, { headers: type });
  client.publish(`busbar.${bus}.m.com%2Eexample%2Emove`, bytes);
  client.publish('foreign.b', bytes);
  await turnsUntil(() => heard.length === 1);
  t.deepEqual(heard, [{ typeId: Move.id, format: 0, bytes }]);
  t.is(bridge.counters.out[0]?.dropped.unlisted, 1);
  t.is(bridge.counters.in[0]?.dropped.unlisted, 1);
});

test('objects and metadata in a form of its own do not cross, and are counted', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  const bridge = await bridged(t, server, bus, { out: [{ label: 'public', types: [Move] }] });
  const sender = await joined(t, bus, { messages: box });
  const { MemoryRegistry } = await import('busbar');
  using registry = new MemoryRegistry();
  using region = registry.alloc(4096);
  sender.send('public', box.Move({ x: 1 }), { regions: [region] });
  sender.send('public', box.Move({ x: 1 }), { metadata: Uint8Array.of(9, 9) });
  await turnsUntil(() => bridge.counters.out[0]?.taken === 2);
  t.like(bridge.counters.out[0]?.dropped, { attachments: 1, metadata: 1 });
});

test('any client of NATS sends to members, and hears them', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  const Reading = json<{ readonly celsius: number }>('com.example.reading');
  const readings = messageBox({ Reading });
  await bridged(t, server, bus, {
    in: [{ subjects: ['sensors.*.celsius'], types: [Reading], to: 'display' }],
    out: [{ label: 'public', types: [Reading], subject: 'readings' }],
  });
  const client = await server.client();
  const heard = await listen(client, 'readings');
  const display = await joined(t, bus, { label: 'display', messages: readings });
  client.publish('sensors.kitchen.celsius', JSON.stringify({ celsius: 21 }));
  t.deepEqual((await display.recv()).payload, { celsius: 21 });
  display.send('public', readings.Reading({ celsius: 4 }));
  await turnsUntil(() => heard.length === 1);
  t.deepEqual(heard[0]?.json(), { celsius: 4 });
  t.is(heard[0]?.headers?.get('Busbar-Type'), Reading.id);
});

test('a trace goes through as the headers of W3C', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  await bridged(t, server, bus, {
    in: [{ types: [Odd], to: 'display' }],
    out: [{ label: 'public', types: [Move] }],
  });
  const client = await server.client();
  const heard = await listen(client, 'busbar.*.m.com%2Eexample%2Emove');
  const display = await joined(t, bus, { label: 'display', messages: box });
  const context = Uint8Array.from({ length: 25 }, (_, index) => index + 1);
  display.send('public', box.Move({ x: 1 }), {
    metadata: Uint8Array.of(1, 0, 3, 25, ...context, 4, 3, 0x61, 0x3d, 0x62),
  });
  await turnsUntil(() => heard.length === 1);
  const own = heard[0]?.headers;
  const traceparent = own?.get('traceparent') ?? '';
  t.regex(traceparent, /^00-0102\w+-1112131415161718-19$/);
  t.is(own?.get('tracestate'), 'a=b');
  t.is(own?.get('Busbar-Meta'), '');
  const back = headers();
  back.set('traceparent', traceparent);
  client.publish(
    `busbar.${bus}.m.a%20name%2E%20with%20%3E%20and%20%2A`,
    Uint8Array.of(0xa1, 0x61),
    {
      headers: back,
    },
  );
  const { metadata, payload } = await display.recv();
  t.is(payload, 'a');
  t.deepEqual(metadata?.subarray(-25), context);
});

test('a queue group is a unicast among buses', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const [source, one, two] = [newBus(), newBus(), newBus()];
  const heard: unknown[][] = [];
  for (const bus of [one, two]) {
    const worker = await joined(t, bus, { label: 'worker', messages: box });
    heard.push(received(worker));
    await bridged(t, server, bus, {
      domain: source,
      in: [{ to: 'worker', types: [Move], queue: 'workers' }],
    });
  }
  await bridged(t, server, source, { out: [{ label: 'public', types: [Move] }] });
  const sender = await joined(t, source, { messages: box });
  const count = 300;
  for (let x = 0; x < count; x++) sender.send('public', box.Move({ x }));
  await turnsUntil(() => heard.flat().length >= count);
  const all = heard.flat().map((each) => (each as { x: number }).x);
  t.deepEqual(
    all.toSorted((a, b) => a - b),
    Array.from({ length: count }, (_, x) => x),
  );
  t.true(heard.every((each) => each.length > 0));
});

test('a message is not taken back by the bridge that sent it, nor twice by two ways', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const [a, b] = [newBus(), newBus()];
  const rule = { types: [Move] };
  const both = { out: [{ label: 'public', ...rule }], in: [{ to: everybody, ...rule }] };
  const bridges = [
    await bridged(t, server, a, { domain: 'ring', ...both }),
    // Two on this bus: each message comes by two ways, and goes round in two circles.
    await bridged(t, server, b, { domain: 'ring', ...both }),
    await bridged(t, server, b, { domain: 'ring', ...both }),
  ];
  const [here, there] = [
    await joined(t, a, { label: 'public', messages: box }),
    await joined(t, b, { label: 'public', messages: box }),
  ];
  const heard = received(here);
  const far = received(there);
  here.send(multicast('public', { excludeSelf: true }), box.Move({ x: 1 }));
  // From the first bridge by both of the others, each of which sends it back through the other one.
  await turnsUntil(() => far.length >= 2);
  await turnsUntil(() =>
    bridges.every(({ counters: { out, in: arriving } }) =>
      [...out, ...arriving].every(({ waiting }) => waiting === 0),
    ),
  );
  const client = await server.client();
  await client.flush();
  t.is(far.length, 2);
  t.true(heard.length <= 1, 'the window of the first bridge lets it in once at most');
  for (const { counters } of bridges)
    for (const each of [...counters.out, ...counters.in]) addsUp(t, each);
});

test('a message larger than the server takes is counted, and the next one crosses', async (t) => {
  const server = await natsServerWith(t, 'max_payload: 4096');
  if (server === undefined) return;
  const bus = newBus();
  const bridge = await bridged(t, server, bus, { out: [{ label: 'public', types: [Odd] }] });
  const heard = await listen(await server.client(), '>');
  const sender = await joined(t, bus, { messages: box });
  for (const size of [4000, 4090, 5000, 10]) sender.send('public', box.Odd('x'.repeat(size)));
  await turnsUntil(() => bridge.counters.out[0]?.taken === 4 && heard.length > 1);
  await turnsUntil(() => bridge.counters.out[0]?.waiting === 0);
  t.is(bridge.counters.out[0]?.dropped.tooLarge, 2);
  t.is(bridge.counters.out[0]?.passed, 2);
  t.true(bridge.connected);
});

test('what the server does not allow is counted, and told', async (t) => {
  const server = await natsServerWith(
    t,
    `authorization { users: [
      { user: a, password: b, permissions: { publish: "allowed", subscribe: ["allowed", "_INBOX.>"] } } ] }`,
  );
  if (server === undefined) return;
  const bus = newBus();
  const place = { servers: server.address, user: 'a', pass: 'b' };
  await t.throwsAsync(bridgeNats(bus, place, { in: [{ to: 'display', types: [Move] }] }), {
    name: 'BridgeError',
    code: 'CANNOT_SUBSCRIBE',
  });
  const bridge = await bridgeNats(bus, place, { out: [{ label: 'public', types: [Move] }] });
  t.teardown(() => bridge.close({ linger: 0 }));
  const refused: string[] = [];
  bridge.on('refused', (subject) => refused.push(subject));
  const sender = await joined(t, bus, { messages: box });
  for (let x = 0; x < 3; x++) sender.send('public', box.Move({ x }));
  await turnsUntil(() => bridge.counters.out[0]?.dropped.refused === 3);
  t.like(bridge.counters.out[0], { taken: 3, passed: 0, waiting: 0 });
  t.is(refused.length, 3);
});

test('a bridge that is closed leaves what it has not taken to its senders', async (t) => {
  const server = await natsServer(t);
  if (server === undefined) return;
  const bus = newBus();
  const bridge = await bridged(t, server, bus, { out: [{ label: 'public', types: [Move] }] });
  const sender = await joined(t, bus, { messages: box });
  sender.send('public', box.Move({ x: 1 }));
  await turnsUntil(() => bridge.counters.out[0]?.taken === 1);
  await bridge.close();
  t.like(bridge.counters.out[0], { taken: 1, passed: 1, waiting: 0 });
  t.throws(() => sender.send(unicast('public'), box.Move({ x: 2 })), {
    code: 'ERR_BUSBAR_NO_RECIPIENT',
  });
});

test('wrong options, and a server that is not there', async (t) => {
  const code = 'ERR_BUSBAR_INVALID_ARGUMENT';
  const refuses = async (options: unknown, message: RegExp) =>
    t.throwsAsync(bridgeNats('bus', '127.0.0.1:1', options as NatsBridgeOptions), {
      code,
      message,
    });
  await refuses({ outs: [] }, /unknown option 'outs'/);
  await refuses({ out: [{ label: 'a', types: [Move], subject: 'a.*' }] }, /out\[0\]\.subject/);
  await refuses({ in: [{ to: 'a', types: [Move], subjects: ['a.>.b'] }] }, /in\[0\]\.subjects/);
  await refuses({ in: [{ to: 'a', types: [Move], subjects: [] }] }, /1 to 256 subjects/);
  await refuses({ in: [{ to: 'a', types: [Move], queue: 'a b' }] }, /in\[0\]\.queue/);
  await refuses({ domain: '' }, /domain is ""/);
  await refuses({ keepAlive: 1 }, /keepAlive is 1/);
  await t.throwsAsync(bridgeNats('bus', '127.0.0.1:1', {}), {
    name: 'BridgeError',
    code: 'CANNOT_CONNECT',
  });
});
