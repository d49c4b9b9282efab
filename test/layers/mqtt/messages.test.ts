// Messages between buses and a real broker by rules: topics, user properties, retained messages, shared
// subscriptions, loops, a broker that is killed, a receiver that is slow, clients that are hostile.
import test, { type ExecutionContext } from 'ava';
import { type Endpoint, join, json, messageBox, multicast, unicast } from 'busbar';
import { bridgeMqtt, type MqttBridge, type MqttBridgeOptions, type RuleCounts } from 'busbar/mqtt';
import { keepAlive } from '../../support/keep-alive.js';
import { newBus } from '../../support/program.js';
import { turnsUntil } from '../../support/waiting.js';
import { lacksMosquitto, Mosquitto } from './support/mosquitto.js';
import { OtherClient } from './support/mqtt-client.js';

keepAlive(test);

interface Step {
  readonly n: number;
  readonly text?: string;
}

const MoveType = json<Step>('com.example/move +#');
const messages = messageBox({ Move: MoveType });
const { Move } = messages;
const types = [MoveType];

async function member(t: ExecutionContext, bus: string, label: string | string[]) {
  const endpoint = await join(bus, { label, messages });
  t.teardown(() => endpoint.close({ linger: 0 }));
  return endpoint;
}

async function bridge(
  t: ExecutionContext,
  bus: string,
  { url }: { readonly url: string },
  options: MqttBridgeOptions,
): Promise<MqttBridge> {
  const made = await bridgeMqtt(bus, url, { domain: 'd', reconnectMs: 20, ...options });
  t.teardown(() => made.close({ linger: 0 }));
  return made;
}

const sumOf = ({ passed, waiting, dropped }: RuleCounts) =>
  Object.values(dropped).reduce((sum, count) => sum + count, passed + waiting);

function addUp(t: ExecutionContext, ...bridges: MqttBridge[]): void {
  for (const { counters } of bridges) {
    for (const rule of [...counters.out, ...counters.in]) t.is(rule.taken, sumOf(rule));
  }
}

/** Two buses with a sender and a receiver, and a bridge at each. */
async function joined(
  t: ExecutionContext,
  broker: Mosquitto,
  more: { out?: object; in?: object } = {},
) {
  const [near, far] = [newBus(), newBus()];
  const to = await bridge(t, far, broker, { in: [{ types, to: 'sink', ...more.in }] });
  const from = await bridge(t, near, broker, {
    out: [{ types, label: 'gate', ...more.out }],
  });
  const sender = await member(t, near, 'sender');
  return { near, far, from, to, sender, sink: await member(t, far, 'sink') };
}

test('a message gets its topic and user properties; another client sends one', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const bus = newBus();
  const other = await OtherClient.connect(t, broker.url, ['#']);
  const made = await bridge(t, bus, broker, {
    out: [{ types, label: 'gate' }],
    in: [{ types, to: 'sink', topics: ['raw/+'] }],
  });
  const sender = await member(t, bus, 'sender');
  const sink = await member(t, bus, 'sink');
  sender.send('gate', Move({ n: 1 }));
  const { topic, text, packet } = await other.hear(({ text: each }) => each !== '');
  t.is(topic, 'busbar/d/m/com%2Eexample%2Fmove%20%2B%23');
  t.is(text, '{"n":1}');
  const user = packet.properties?.userProperties ?? {};
  t.is(user['Busbar-Hops'], made.id);
  t.regex(String(user['Busbar-Origin']), /^\d+\.\d+$/);
  await other.publish('raw/x', '{"n":2}');
  t.deepEqual((await sink.recv()).payload, { n: 2 });
  addUp(t, made);
});

test('messages cross two bridges in order, and each once', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const { sender, sink, from, to } = await joined(t, broker);
  const count = 2000;
  void (async () => {
    for (let n = 0; n < count; n++) await sender.sendWhenReady('gate', Move({ n }));
  })();
  for (let n = 0; n < count; n++) t.is((await sink.recv()).payload.n, n);
  await turnsUntil(() => from.counters.out[0]?.passed === count);
  t.is(to.counters.in[0]?.passed, count);
  addUp(t, from, to);
});

test('the broker keeps the newest message for those who come later', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const near = newBus();
  const from = await bridge(t, near, broker, {
    out: [{ types, label: 'gate', retain: true, topic: 'kept/here' }],
  });
  const sender = await member(t, near, 'sender');
  for (const n of [1, 2, 3]) sender.send('gate', Move({ n }));
  await turnsUntil(() => from.counters.out[0]?.passed === 3);
  const far = newBus();
  const sink = await member(t, far, 'sink');
  await bridge(t, far, broker, {
    in: [{ types, to: 'sink', topics: ['kept/#'], retained: true }],
  });
  t.deepEqual((await sink.recv()).payload, { n: 3 });
});

test('of a shared subscription each message goes to one member', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const rule = { types, to: 'sink', share: 'workers' };
  const sinks: Endpoint<typeof messages>[] = [];
  const tos: MqttBridge[] = [];
  for (let index = 0; index < 3; index++) {
    const bus = newBus();
    sinks.push(await member(t, bus, 'sink'));
    tos.push(await bridge(t, bus, broker, { in: [rule] }));
  }
  const near = newBus();
  await bridge(t, near, broker, { out: [{ types, label: 'gate' }] });
  const sender = await member(t, near, 'sender');
  const count = 300;
  for (let n = 0; n < count; n++) await sender.sendWhenReady('gate', Move({ n }));
  const passed = () => tos.reduce((sum, { counters }) => sum + (counters.in[0]?.passed ?? 0), 0);
  await turnsUntil(() => passed() >= count);
  t.is(passed(), count);
  for (const { counters } of tos) t.true((counters.in[0]?.passed ?? 0) > 0);
});

test('a ring of two bridges and two buses: no message goes round', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  // On each bus what comes in goes to the label by which it goes out again.
  const rules = {
    out: [{ types, label: 'gate' }],
    in: [{ types, to: multicast('gate | sink') }],
  };
  const [a, b] = [newBus(), newBus()];
  const bridges = [await bridge(t, a, broker, rules), await bridge(t, b, broker, rules)];
  const [sender, sinkA, sinkB] = [
    await member(t, a, 'sender'),
    await member(t, a, 'sink'),
    await member(t, b, 'sink'),
  ];
  const count = 1000;
  void (async () => {
    for (let n = 0; n < count; n++) await sender.sendWhenReady('gate', Move({ n }));
  })();
  for (let n = 0; n < count; n++) t.is((await sinkB.recv()).payload.n, n);
  // Everything that was taken has gone somewhere.
  const isStill = () =>
    bridges.every(({ counters }) =>
      [...counters.out, ...counters.in].every((r) => r.waiting === 0),
    );
  await turnsUntil(isStill);
  // What came round was dropped, so each sink has nothing but its own copy.
  t.is(bridges[0]?.counters.in[0]?.passed, 0);
  t.is(bridges[1]?.counters.in[0]?.passed, count);
  await t.throwsAsync(sinkA.recv({ timeout: 0 }));
  addUp(t, ...bridges);
});

test('a broker killed 100 times loses nothing of QoS 1, and nothing comes twice', async (t) => {
  if (lacksMosquitto(t)) return;
  t.timeout(110_000);
  // By SIGTERM: what a broker has confirmed and not written is its own to lose.
  const broker = await Mosquitto.start(t, [
    'persistence true',
    'autosave_on_changes true',
    'autosave_interval 1',
    'max_queued_messages 0',
  ]);
  const { sender, sink, from, to } = await joined(t, broker);
  const kills = 100;
  let sent = 0;
  let stop = false;
  const got: number[] = [];
  // Always some on their way, and never so many that the end takes long.
  const sending = (async () => {
    while (!stop) {
      await turnsUntil(() => stop || sent - got.length < 300);
      await sender.sendWhenReady('gate', Move({ n: sent++ }));
    }
  })();
  let wanted = Number.POSITIVE_INFINITY;
  const receiving = (async () => {
    while (got.length < wanted) got.push((await sink.recv()).payload.n);
  })();
  for (let kill = 0; kill < kills; kill++) {
    const before = got.length;
    await turnsUntil(() => got.length > before + 5);
    await broker.kill('SIGTERM');
    t.true(await broker.begin());
    await turnsUntil(() => from.connected && to.connected);
  }
  stop = true;
  await sending;
  wanted = sent;
  if (got.length < sent) await receiving;
  t.is(got.length, sent);
  t.is(new Set(got).size, sent);
  await turnsUntil(() => from.counters.out[0]?.waiting === 0);
  t.is(from.counters.out[0]?.passed, sent);
  addUp(t, from, to);
});

test('while the broker is away, what waits waits, and the report says what was lost', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const { sender, from } = await joined(t, broker, {
    out: { whenFull: 'drop', queueBytes: 2000 },
  });
  const down = new Promise((resolve) => from.once('disconnected', resolve));
  await broker.kill('SIGKILL');
  await down;
  for (let n = 0; n < 50; n++) sender.send('gate', Move({ n }));
  await turnsUntil(() => from.counters.out[0]?.taken === 50);
  const dropped = from.counters.out[0]?.dropped.full ?? 0;
  t.true(dropped > 0 && dropped < 50);
  const up = new Promise<{ lost: number }>((resolve) => from.once('reconnected', resolve));
  t.true(await broker.begin());
  t.is((await up).lost, dropped);
  await turnsUntil(() => from.counters.out[0]?.waiting === 0);
  t.is(from.counters.out[0]?.passed, 50 - dropped);
  addUp(t, from);
});

test('a receiver that takes nothing holds back its broker, and loses nothing', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t, ['max_queued_messages 0']);
  const far = newBus();
  const sink = await member(t, far, 'sink');
  const rule = { types, to: 'sink', queueBytes: 20_000 };
  const to = await bridge(t, far, broker, { in: [rule] });
  const near = newBus();
  const from = await bridge(t, near, broker, { out: [{ types, label: 'gate' }] });
  const sender = await member(t, near, 'sender');
  const count = 3000;
  const text = 'x'.repeat(1000);
  for (let n = 0; n < count; n++) await sender.sendWhenReady('gate', Move({ n, text }));
  await turnsUntil(() => from.counters.out[0]?.passed === count);
  for (let n = 0; n < count; n++) {
    t.true((to.counters.in[0]?.waitingBytes ?? 0) <= rule.queueBytes);
    t.is((await sink.recv()).payload.n, n);
  }
  t.is(to.counters.in[0]?.passed, count);
  addUp(t, from, to);
});

test('hostile clients: nothing crashes, and each message is counted', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const { sender, sink, to } = await joined(t, broker, { in: { topics: ['#'] } });
  const other = await OtherClient.connect(t, broker.url);
  const hops = '0'.repeat(16);
  const bad: Record<string, string | string[]>[] = [
    { 'Busbar-Type': 'x' },
    { 'Busbar-Format': '65536' },
    { 'Busbar-Format': '-1' },
    { 'Busbar-Hops': 'zz' },
    { 'Busbar-Hops': hops.repeat(9) },
    { 'Busbar-Hops': hops.repeat(8) },
    { 'Busbar-Hops': to.id },
    { 'Busbar-Origin': '1' },
    { 'Busbar-Origin': '99999999999999999999.1' },
    { 'Busbar-Meta': '!' },
    { 'Busbar-Meta': 'A'.repeat(321) },
    { 'Busbar-Meta': 'AAAA' },
    { 'Busbar-Type': '00000000-0000-4000-8000-000000000000' },
    { 'Busbar-Type': ['a', 'b'], __proto__: 'x' as never },
  ];
  for (const userProperties of bad) {
    await other.publish('any/thing', '{"n":1}', { properties: { userProperties } });
  }
  await turnsUntil(() => (to.counters.in[0]?.taken ?? 0) >= bad.length);
  const { dropped, passed } = to.counters.in[0] as RuleCounts;
  t.is(passed, 0);
  t.is(dropped.malformed + dropped.hops + dropped.looped + dropped.metadata + dropped.unlisted, 14);
  t.is(dropped.looped, 1);
  t.is(dropped.hops, 1);
  t.is(dropped.unlisted, 1);
  sender.send('gate', Move({ n: 5 }));
  t.is((await sink.recv()).payload.n, 5);
  addUp(t, to);
});

test('what is on no list does not cross; wrong options are refused', async (t) => {
  const bus = newBus();
  const url = 'mqtt://127.0.0.1:1';
  const wrong: [object, RegExp][] = [
    [{}, /nothing crosses/],
    [{ out: [{ label: 'x', types: [] }] }, /types is an array; list/],
    [{ out: [{ label: 'x', types: ['busbar.rpc'] }] }, /belongs to calls/],
    [{ out: [{ label: 'x', types: ['a'], topic: 'a/#' }] }, /without wildcards/],
    [{ out: [{ label: 'x', types: ['a'], qos: 2 }] }, /out\[0\].qos is 2/],
    [{ out: [{ label: 'x', types: ['a'], retain: 1 }] }, /retain is 1/],
    [{ in: [{ to: 'x', types: ['a'], topics: ['a#'] }] }, /topics has "a#"/],
    [{ in: [{ to: 'x', types: ['a'], topics: ['$share/a/b'] }] }, /topics has/],
    [{ in: [{ to: 'x', types: ['a'], share: 'a/b' }] }, /share is/],
    [{ in: [{ to: '(', types: ['a'] }] }, /./],
    [{ in: [{ to: 'x', types: ['a'] }], profile: 'x' }, /profile is x/],
  ];
  for (const [options, message] of wrong) {
    await t.throwsAsync(async () => bridgeMqtt(bus, url, options as never), { message });
  }
  const none = bridgeMqtt(bus, url, { in: [{ to: unicast('x'), types: ['a'] }] });
  await t.throwsAsync(none, { code: 'CANNOT_CONNECT' } as never);
});
