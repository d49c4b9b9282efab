// The profile `stinger`: topics, payloads, versions and return codes at a real broker, between a client
// that is written here and servers on the bus, and between two bridges.
import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { bridgeMqtt, type StingerBridge, type StingerBridgeOptions } from 'busbar/mqtt';
import { connect } from 'busbar/rpc';
import { keepAlive } from '../../support/keep-alive.js';
import { newBus } from '../../support/program.js';
import { type LabClient, lab, sample, serveLab } from './support/lab.js';
import { lacksMosquitto, Mosquitto } from './support/mosquitto.js';
import { type Heard, OtherClient } from './support/mqtt-client.js';

keepAlive(test);

type Options = Omit<StingerBridgeOptions, 'profile'>;

async function bridge(t: ExecutionContext, bus: string, at: Mosquitto, options: Options) {
  const made = await bridgeMqtt(bus, at.url, { profile: 'stinger', reconnectMs: 20, ...options });
  t.teardown(() => made.close());
  return made;
}

async function client(t: ExecutionContext, bus: string): Promise<LabClient> {
  const made = (await connect(bus, lab.source, { timeout: 60_000 })) as unknown as LabClient;
  t.teardown(() => made.close());
  return made;
}

async function served(t: ExecutionContext, bus: string, calls: string[] = []) {
  const service = await serveLab(bus, calls);
  t.teardown(() => service.close({ linger: 0 }));
  return service;
}

/** A server on one bus, a client on another one, and two bridges at one broker between them. */
async function joined(t: ExecutionContext, calls: string[] = []) {
  const broker = await Mosquitto.start(t);
  const [near, far] = [newBus(), newBus()];
  const service = await served(t, near, calls);
  const exposing = await bridge(t, near, broker, { serve: [lab], instance: 'kitchen' });
  const importing = await bridge(t, far, broker, { connect: [lab] });
  if (importing.instances.length === 0) await found(importing);
  return { broker, near, far, service, exposing, importing, caller: await client(t, far) };
}

function found(made: StingerBridge): Promise<unknown> {
  return new Promise((resolve) => made.on('found', resolve));
}

function lost(made: StingerBridge): Promise<unknown> {
  return new Promise((resolve) => made.on('lost', resolve));
}

const at = (topic: string) => (heard: Heard) => heard.topic === topic;

const responses = 'client/me/lab/method/divide/response';
const answers = 'client/me/lab/property/level/update/response';

/** A request as Stinger's clients make it. */
function request(correlation: string, more: object = {}) {
  const correlationData = Buffer.from(correlation);
  return { properties: { responseTopic: responses, correlationData, ...more } };
}

test('a server on the bus is an instance: announcement, values, presence', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const bus = newBus();
  await served(t, bus);
  const other = await OtherClient.connect(t, broker.url, ['#']);
  const made = await bridge(t, bus, broker, { serve: [lab], instance: 'k1', clientId: 'b1' });
  const announced = await other.hear(at('lab/k1/interface'));
  const { timestamp, ...rest } = JSON.parse(announced.text) as Record<string, unknown>;
  t.deepEqual(rest, {
    interface_name: 'lab',
    title: 'A laboratory',
    version: '1.2.3',
    instance: 'k1',
    connection_topic: 'client/b1/online',
  });
  t.false(Number.isNaN(Date.parse(timestamp as string)));
  t.true(announced.packet.retain);
  t.is(announced.packet.properties?.messageExpiryInterval, 144);
  const value = await other.hear(at('lab/k1/property/place/value'));
  t.deepEqual(JSON.parse(value.text), { room: 'attic', mood: 1 });
  t.true(value.packet.retain);
  t.is(value.packet.properties?.userProperties?.PropertyVersion, '1');
  t.is((await other.hear(at('client/b1/online'))).text, '{"online":true}');
  await made.close();
  t.is((await other.hear(at('lab/k1/interface'))).text, '');
  t.is((await other.hear(at('client/b1/online'))).text, '{"online":false}');
});

test('a request is answered where its client wants, with its correlation data', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const bus = newBus();
  await served(t, bus);
  await bridge(t, bus, broker, { serve: [lab], instance: 'k1' });
  const other = await OtherClient.connect(t, broker.url, ['client/#']);
  const topic = 'lab/k1/method/divide/request';
  const ask = async (payload: string, more: object = {}, to = topic) => {
    const id = randomUUID();
    await other.publish(to, payload, request(id, more));
    const { text, packet } = await other.hear(
      (heard) => heard.packet.properties?.correlationData?.toString() === id,
    );
    const { userProperties = {} } = packet.properties ?? {};
    return { text, code: userProperties.ReturnCode, info: userProperties.DebugInfo };
  };
  t.deepEqual(await ask('{"dividend":17,"divisor":5,"unknown":[]}'), {
    text: '{"quotient":3,"rest":2}',
    code: '0',
    info: undefined,
  });
  t.like(await ask('{"dividend":1,"divisor":0}'), { text: '{}', code: '2' });
  t.like(await ask('{"dividend":1}'), { code: '8' });
  t.like(await ask('{"dividend":1'), { code: '8' });
  t.like(await ask('[]'), { code: '8' });
  t.like(await ask('{"dividend":2147483648,"divisor":1}'), { code: '8' });
  const responseTopic = 'client/me/lab/method/nothing/response';
  t.like(await ask('{}', { responseTopic }, 'lab/k1/method/nothing/request'), { code: '9' });
});

test('a client cannot choose the topic of somebody else for its answer', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const bus = newBus();
  const calls: string[] = [];
  await served(t, bus, calls);
  const made = await bridge(t, bus, broker, { serve: [lab], instance: 'k1' });
  const other = await OtherClient.connect(t, broker.url, ['#']);
  const wrong = [
    'door/open',
    'client/me/lab/method/rest/response',
    'client//lab/method/divide/response',
  ];
  for (const responseTopic of wrong) {
    await other.publish(
      'lab/k1/method/divide/request',
      '{"dividend":1,"divisor":1}',
      request('a', { responseTopic }),
    );
  }
  await other.publish('lab/k1/method/divide/request', '{"dividend":8,"divisor":2}', request('b'));
  await other.hear(at(responses));
  t.is(made.counters.refused.responseTopic, wrong.length);
  t.deepEqual(calls, ['divide 8 2']);
  const isWrong = ({ topic, packet }: Heard) =>
    wrong.includes(topic) && packet.properties?.userProperties?.ReturnCode !== undefined;
  t.false(other.heard.some(isWrong));
});

test('a request that comes twice is executed once', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const bus = newBus();
  const calls: string[] = [];
  await served(t, bus, calls);
  const made = await bridge(t, bus, broker, { serve: [lab], instance: 'k1' });
  const other = await OtherClient.connect(t, broker.url, ['client/#']);
  const topic = 'lab/k1/method/divide/request';
  for (const dividend of [1, 1, 2]) {
    await other.publish(topic, `{"dividend":${dividend},"divisor":1}`, request(`id ${dividend}`));
  }
  await other.hear((heard) => heard.text === '{"quotient":2,"rest":0}');
  t.deepEqual(calls, ['divide 1 1', 'divide 2 1']);
  t.is(made.counters.refused.duplicate, 1);
});

test('an update has to know the version; an old one gets the newer value', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const bus = newBus();
  const service = await served(t, bus);
  await bridge(t, bus, broker, { serve: [lab], instance: 'k1' });
  const other = await OtherClient.connect(t, broker.url, ['client/me/#', 'lab/#']);
  await other.hear(at('lab/k1/property/level/value'));
  const update = async (payload: string, version: string | undefined) => {
    const id = randomUUID();
    const user = version === undefined ? {} : { userProperties: { PropertyVersion: version } };
    const more = { responseTopic: answers, ...user };
    await other.publish('lab/k1/property/level/update', payload, request(id, more));
    const { text, packet } = await other.hear(
      ({ topic, packet: { properties } }) =>
        topic === answers && properties?.correlationData?.toString() === id,
    );
    const told = packet.properties?.userProperties ?? {};
    return { text, code: told.ReturnCode, version: told.PropertyVersion };
  };
  t.deepEqual(await update('{"percent":50}', '1'), {
    text: '{"percent":50}',
    code: '0',
    version: '2',
  });
  const value = await other.hear(at('lab/k1/property/level/value'));
  t.is(value.text, '{"percent":50}');
  t.is(value.packet.properties?.userProperties?.PropertyVersion, '2');
  // The server makes another value of it.
  t.like(await update('{"percent":500}', '2'), { text: '{"percent":100}', code: '0' });
  t.deepEqual(service.level, { percent: 100 });
  for (const old of ['1', '2', undefined, 'x', '-1']) {
    const refused = await update('{"percent":1}', old);
    t.deepEqual(refused, { text: '{"percent":100}', code: '12', version: '3' }, String(old));
  }
  t.like(await update('{"percent":-1}', '3'), { code: '2', text: '{"percent":100}' });
  t.like(await update('{"percent":"much"}', '3'), { code: '8' });
  service.level = { percent: 3 };
  const pushed = await other.hear((heard) => heard.text === '{"percent":3}');
  t.is(pushed.packet.properties?.userProperties?.PropertyVersion, '4');
});

test('calls with every type cross two bridges and come back unchanged', async (t) => {
  if (lacksMosquitto(t)) return;
  const { caller } = await joined(t);
  t.deepEqual(await caller.mirror({ sample }), { sample });
  t.deepEqual(await caller.divide({ dividend: 9, divisor: 2 }), { quotient: 4, rest: 1 });
  t.is(await caller.rest(), undefined);
});

test('errors cross: what failed, what is refused here', async (t) => {
  if (lacksMosquitto(t)) return;
  const calls: string[] = [];
  const { caller } = await joined(t, calls);
  await t.throwsAsync(caller.divide({ dividend: 1, divisor: 0 }), {
    code: 'HANDLER_FAILED',
    message: /server error: divided by nothing/,
  } as never);
  await t.throwsAsync(caller.divide({ dividend: 'x' as never, divisor: 0 }), {
    code: 'INVALID_ARGUMENT',
  } as never);
  t.deepEqual(calls, ['divide 1 0']);
});

test('properties cross: values, versions, conflicts, watching', async (t) => {
  if (lacksMosquitto(t)) return;
  const { caller, service } = await joined(t);
  t.deepEqual(await caller.place.get(), { room: 'attic', mood: 'calm' });
  const { version } = await caller.level.read();
  const next = await caller.level.set({ percent: 20 }, { ifVersion: version });
  t.true(next > version);
  t.deepEqual(service.level, { percent: 20 });
  t.deepEqual(await caller.level.read(), { value: { percent: 20 }, version: next });
  await t.throwsAsync(caller.level.set({ percent: 30 }, { ifVersion: version }), {
    code: 'CONFLICT',
  } as never);
  await caller.level.set({ percent: 1000 });
  t.deepEqual(service.level, { percent: 100 });
  await t.throwsAsync(caller.level.set({ percent: -5 }), { code: 'HANDLER_FAILED' } as never);
  const watched = caller.level.watch();
  t.like((await watched.next()).value, { value: { percent: 100 }, stale: false });
  service.level = { percent: 7 };
  t.like((await watched.next()).value, { value: { percent: 7 }, stale: false });
  await watched.return?.();
});

test('setting without a version wins against others that set at the same time', async (t) => {
  if (lacksMosquitto(t)) return;
  const { caller, service } = await joined(t);
  const values = Array.from({ length: 20 }, (_, index) => index + 1);
  await Promise.all(values.map((percent) => caller.level.set({ percent })));
  t.true(values.includes(service.level.percent));
  t.deepEqual(await caller.level.get(), service.level);
});

test('signals cross, in their order', async (t) => {
  if (lacksMosquitto(t)) return;
  const { caller, service } = await joined(t);
  const heard: unknown[] = [];
  let look = () => {};
  const take = (data: never) => {
    heard.push(data);
    look();
  };
  await Promise.all([caller.on('rang', take).ready, caller.on('silence', take).ready]);
  for (let count = 0; count < 50; count++) service.emit.rang({ count });
  service.emit.rang({ count: 50, mood: 'wild' });
  service.emit.silence();
  while (heard.length < 52)
    await new Promise<void>((resolve) => {
      look = resolve;
    });
  t.deepEqual(heard.slice(0, 51), [
    ...Array.from({ length: 50 }, (_, count) => ({ count })),
    { count: 50, mood: 'wild' },
  ]);
});

test('the end of the server ends the instance, and calls go to the next one', async (t) => {
  if (lacksMosquitto(t)) return;
  const { caller, service, importing, near } = await joined(t);
  const gone = lost(importing);
  await service.close({ linger: 0 });
  t.deepEqual(await gone, { interface: 'stinger.lab', instance: 'kitchen' });
  t.deepEqual(importing.instances, []);
  const waiting = caller.divide({ dividend: 6, divisor: 3 });
  await served(t, near);
  t.deepEqual(await waiting, { quotient: 2, rest: 0 });
});

test('a bridge that dies without a farewell is told by its will', async (t) => {
  if (lacksMosquitto(t)) return;
  const broker = await Mosquitto.start(t);
  const bus = newBus();
  const importing = await bridge(t, bus, broker, { connect: [lab] });
  const will = {
    topic: 'client/dead/online',
    payload: Buffer.from('{"online":false}'),
    qos: 1,
    retain: true,
  } as const;
  const { connectAsync } = await import('mqtt');
  const server = await connectAsync(broker.url, { protocolVersion: 5, will, reconnectPeriod: 0 });
  const retained = { qos: 1, retain: true } as const;
  const came = found(importing);
  for (const [name, value] of Object.entries({
    level: '{"percent":1}',
    place: '{"room":"a","mood":1}',
    serial: '{"text":"s"}',
  })) {
    await server.publishAsync(`lab/d1/property/${name}/value`, value, retained);
  }
  const announcement = {
    ...{ interface_name: 'lab', version: '1.0.0', instance: 'd1' },
    connection_topic: 'client/dead/online',
  };
  await server.publishAsync('lab/d1/interface', JSON.stringify(announcement), retained);
  await came;
  const caller = await client(t, bus);
  await server.subscribeAsync('lab/d1/method/+/request', { qos: 1 });
  const gone = lost(importing);
  server.on('message', () => server.stream.destroy());
  const error = await t.throwsAsync(caller.divide({ dividend: 1, divisor: 1 }));
  t.like(error, { code: 'PEER_GONE', executed: 'maybe' });
  await gone;
  await server.endAsync(true);
});

test('hostile clients: nothing crashes, and what is refused is counted', async (t) => {
  if (lacksMosquitto(t)) return;
  const { broker, caller, importing, exposing } = await joined(t);
  const other = await OtherClient.connect(t, broker.url);
  const bad = ['', '{', '[]', 'null', '7', '"x"', '{"percent":{}}', '{"__proto__":1}', '\u0000'];
  const deep = '['.repeat(100_000);
  for (const payload of [...bad, deep]) {
    for (const topic of [
      ...['interface', 'property/level/value', 'property/serial/value', 'property/x/value'],
      ...['signal/rang', 'signal/x', 'method/divide/request', 'property/level/update'],
    ]) {
      for (const instance of ['kitchen', 'evil', '%', 'a b']) {
        // An announcement of nothing withdraws an instance, which any client may do.
        if (topic === 'interface' && payload === '' && instance === 'kitchen') continue;
        await other.publish(`lab/${instance}/${topic}`, payload, {
          qos: 0,
          properties: {
            userProperties: { PropertyVersion: 'x'.repeat(1000), ReturnCode: '-1' },
            contentType: 'text/plain',
          },
        });
      }
    }
    for (const online of ['client/x/online', 'client//online']) {
      await other.publish(online, payload, { qos: 0 });
    }
    const properties = {
      correlationData: Buffer.alloc(36, 'x'),
      userProperties: { ReturnCode: 'x' },
    };
    const { clientId = '' } = {} as { clientId?: string };
    await other.publish(`client/${clientId}/lab/method/divide/response`, payload, { properties });
  }
  t.deepEqual(await caller.divide({ dividend: 12, divisor: 5 }), { quotient: 2, rest: 2 });
  t.true(importing.counters.refused.malformed > 0);
  t.true(exposing.counters.refused.malformed > 0);
  t.deepEqual(await caller.mirror({ sample }), { sample });
});

test('the bridge connects again, and says so; calls under way are PEER_GONE', async (t) => {
  if (lacksMosquitto(t)) return;
  const { broker, caller, service, importing, exposing } = await joined(t);
  const down = new Promise((resolve) => importing.on('disconnected', resolve));
  const up = [importing, exposing].map(
    (each) => new Promise<void>((resolve) => each.on('reconnected', resolve)),
  );
  broker.suspend(true);
  const pending = caller.divide({ dividend: 1, divisor: 1 });
  const ended = t.throwsAsync(pending, { code: 'PEER_GONE' } as never);
  // The call has to be on its way before its connection ends.
  while (importing.counters.calls === 0) await new Promise((resolve) => setImmediate(resolve));
  await broker.kill('SIGKILL');
  await Promise.all([down, ended]);
  t.true(await broker.begin());
  await Promise.all(up);
  service.level = { percent: 44 };
  t.deepEqual(await caller.divide({ dividend: 5, divisor: 1 }), { quotient: 5, rest: 0 });
  for await (const { value } of caller.level.watch()) if (value.percent === 44) break;
  t.pass();
});

test('no broker, wrong options: refused at the call', async (t) => {
  const bus = newBus();
  const url = 'mqtt://127.0.0.1:1';
  const stinger = { profile: 'stinger' } as const;
  await t.throwsAsync(bridgeMqtt(bus, url, { ...stinger, serve: [lab] }), {
    code: 'CANNOT_CONNECT',
  } as never);
  const wrong: [unknown, RegExp][] = [
    [{ ...stinger }, /nothing crosses/],
    [{ ...stinger, serve: [lab.source] }, /serve\[0\] is an object; expected what parseStinger/],
    [{ ...stinger, serve: [lab, lab] }, /has 'lab' twice/],
    [{ ...stinger, serve: [lab], connect: [lab] }, /lab is in both/],
    [{ ...stinger, serve: [lab], instance: 'a/b' }, /instance is "a\/b"/],
    [{ ...stinger, serve: [lab], retain: true }, /unknown option 'retain'/],
    [{ ...stinger, serve: [lab], topics: { signals: 'x/{signal_name}' } }, /has no '{service_id}'/],
    [{ ...stinger, serve: [lab], topics: { lwt: 'a{client_id}' } }, /takes a whole level/],
    [{ ...stinger, serve: [lab], timeout: 0 }, /timeout is 0/],
    [{ profile: 'x' }, /profile is x/],
    [undefined, /nothing crosses this bridge/],
  ];
  for (const [options, message] of wrong) {
    await t.throwsAsync(bridgeMqtt(bus, url, options as never), {
      code: 'ERR_BUSBAR_INVALID_ARGUMENT',
      message,
    } as never);
  }
  await t.throwsAsync(bridgeMqtt(bus, 'tcp://x', { ...stinger, serve: [lab] }), {
    message: /broker is "tcp:\/\/x"; expected a URL/,
  });
});
