// A relay between a wire and a bus: what it passes on, and what those at the wire cannot reach.
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { join } from 'busbar';
import { defineInterface, memberTypeId, t as types } from 'busbar/interface';
import { type CallError, type ClientOf, type ServeOptions, serve } from 'busbar/rpc';
import { connectWire, type RelayOptions, serveWire, tcp } from 'busbar/wire';
import { keepAlive } from '../../support/keep-alive.js';
import { newBus } from '../../support/program.js';
import { turnsUntil } from '../../support/waiting.js';
import { Counter, counter, Other } from './support/interface.js';
import { LineReader, type TextLine } from './support/line-reader.js';

keepAlive(test);

const Device = defineInterface('com.example.device', '1.0', {
  methods: { grab: { returns: types.list(types.struct({ frame: types.region })) } },
  properties: { serial: { type: types.string } },
});

/** A bus with a relay to it that exposes {@link Counter} only. */
async function relayed(t: ExecutionContext, options: Partial<RelayOptions> = {}) {
  const bus = newBus();
  const listener = tcp.listen({ port: 0 });
  const relay = await serveWire(listener, bus, { expose: [Counter], ...options });
  t.teardown(() => relay.close({ linger: 0 }));
  const port = listener.port ?? 0;
  return { bus, relay, port };
}

/** A server of everything, exposed or not, with what it was called for. */
async function everything(t: ExecutionContext, bus: string, options: ServeOptions = {}) {
  const news: string[] = [];
  const hear = (each: string) => news.push(each);
  const device = {
    grab() {
      hear('grab');
      return [];
    },
  };
  const other = {
    secret() {
      hear('secret');
      return 'secret';
    },
  };
  const services = await serve(bus, [Counter, Other, Device], [counter(hear), other, device], {
    ...options,
    properties: { level: 1, serial: 'x' },
  });
  t.teardown(() => Promise.all(services.map((service) => service.close({ linger: 0 }))));
  const close = () => Promise.all(services.map((service) => service.close({ linger: 0 })));
  return { news, service: services[0], close };
}

async function clientAt(t: ExecutionContext, port: number): Promise<ClientOf<typeof Counter>> {
  const client = await connectWire(tcp({ port }), Counter);
  t.teardown(() => client.close());
  return client;
}

async function clientAtText(t: ExecutionContext, port: number): Promise<ClientOf<typeof Counter>> {
  const client = await connectWire(tcp({ port }), Counter, { framing: 'lines' });
  t.teardown(() => client.close());
  return client;
}

/** Somebody with nothing but a socket, at a relay that speaks text. */
function speaker(t: ExecutionContext, port: number) {
  const socket: Socket = connectSocket({ port, host: '127.0.0.1' });
  t.teardown(() => socket.destroy());
  const lines = new LineReader(socket);
  const say = (line: object) => socket.write(`${JSON.stringify(line)}\n`);
  const answer = async (line: { readonly id: number }) => {
    say(line);
    return lines.find((each) => each.re === line.id);
  };
  return { socket, lines, say, answer };
}

test('what is not exposed has no recipient, and is not called', async (t) => {
  const { bus, port } = await relayed(t);
  const { news } = await everything(t, bus);
  const address = tcp({ port });
  const [allowed, forbidden] = await connectWire(address, [Counter, Other]);
  t.teardown(() => Promise.all([allowed.close(), forbidden.close()]));
  t.is(await allowed.add({ a: 1, b: 2 }), 3);
  await t.throwsAsync(forbidden.secret({ timeout: 50 }), { code: 'NO_RECIPIENT' });
  t.deepEqual(news, []);
});

test('a name that was forged reaches nobody, whatever it is asked for', async (t) => {
  const { bus, port } = await relayed(t, { framing: 'lines' });
  const { news, service } = await everything(t, bus);
  const { answer } = speaker(t, port);
  const serial = memberTypeId({ name: Device.name, major: 1 }, 'serial');
  const forged = [
    { call: 'com.example.other/1.secret', id: 1, args: {} },
    { call: memberTypeId({ name: Other.name, major: 1 }, 'secret'), id: 2, args: {} },
    { call: 'com.example.counter/2.add', id: 3, args: { a: 1, b: 2 } },
    { call: 'com.example.counter/1.toString', id: 4, args: {} },
    { call: 'com.example.counter/1.constructor', id: 5, args: {} },
    { call: serial, id: 6, args: {} },
    { set: serial, id: 7, value: { value: 'y' } },
    { subscribe: serial, id: 8 },
    { call: 'com.example.device/1.grab', id: 9, args: {} },
  ];
  for (const each of forged) {
    const { error } = await answer(each);
    t.like(error, { code: 'UNKNOWN_METHOD' }, JSON.stringify(each));
  }
  // Members that are exposed, used as what they are not.
  const misused = [
    { call: 'com.example.counter/1.tick', id: 10, args: { n: 1 } },
    { set: 'com.example.counter/1.add', id: 11, value: { value: 1 } },
    { subscribe: 'com.example.counter/1.add', id: 12 },
  ];
  for (const each of misused) {
    t.like((await answer(each)).error, { code: 'UNKNOWN_METHOD' }, JSON.stringify(each));
  }
  t.deepEqual(news, []);
  t.is(service.level, 1);
  t.like(
    await answer({ call: 'com.example.counter/1.add', id: 13, args: { a: 1, b: 2 } } as never),
    {
      result: 3,
    },
  );
});

test('wrong arguments are refused by the relay, and do not reach the bus', async (t) => {
  const { bus, port } = await relayed(t, { framing: 'lines' });
  const { news, service } = await everything(t, bus);
  const { answer } = speaker(t, port);
  const wrong = [
    { call: 'com.example.counter/1.hold', id: 1, args: { key: 7 } },
    { call: 'com.example.counter/1.hold', id: 2, args: [] },
    { call: 'com.example.counter/1.hold', id: 3, args: { __proto__: null, KEY: 'a' } },
    { set: 'com.example.counter/1.level', id: 4, value: { value: -1 } },
    { set: 'com.example.counter/1.level', id: 5, value: 2 },
  ];
  for (const each of wrong) {
    t.like((await answer(each)).error, { code: 'INVALID_ARGUMENT' }, JSON.stringify(each));
  }
  const stale = { set: 'com.example.counter/1.level', id: 6, value: { value: 5, ifVersion: 'x' } };
  t.like((await answer(stale)).error, { code: 'CONFLICT' });
  t.deepEqual(news, []);
  t.is(service.level, 1);
});

test('describe and the offers list what is exposed, and nothing else', async (t) => {
  const { bus, port } = await relayed(t, { framing: 'lines' });
  await everything(t, bus);
  const { lines, answer } = speaker(t, port);
  const { result } = (await answer({ call: 'busbar.describe', id: 1 } as never)) as {
    result: { interfaces: { interface: string }[] };
  };
  t.deepEqual(
    result.interfaces.map((each) => each.interface),
    [Counter.name],
  );
  const offers = lines.seen.flatMap((line) => line.offers ?? []) as { name: string }[];
  t.deepEqual(
    offers.map(({ name }) => name),
    [Counter.name],
  );
  t.false(JSON.stringify(lines.seen).includes(Other.name));
  const { result: stats } = (await answer({ call: 'busbar.stats', id: 2 } as never)) as {
    result: { services: { interface: string }[] };
  };
  t.deepEqual(
    stats.services.map((each) => each.interface),
    [Counter.name],
  );
});

test('nobody can answer, cancel or credit the calls of another wire', async (t) => {
  const { bus, port } = await relayed(t, { framing: 'lines' });
  const { news } = await everything(t, bus);
  const [mine, theirs] = [speaker(t, port), speaker(t, port)];
  mine.say({ call: 'com.example.counter/1.hold', id: 1, args: { key: 'mine' } });
  await turnsUntil(() => news.includes('held mine'));
  for (let id = 1; id < 20; id++) theirs.say({ re: id, cancel: true });
  for (let id = 1; id < 20; id++) theirs.say({ re: id, result: 'forged' });
  t.like(
    await theirs.answer({
      call: 'com.example.counter/1.add',
      id: 50,
      args: { a: 1, b: 1 },
    } as never),
    { result: 2 },
  );
  t.deepEqual(news, ['held mine']);
  mine.say({ re: 1, cancel: true });
  await turnsUntil(() => news.includes('aborted mine'));
  t.deepEqual(news, ['held mine', 'aborted mine']);
});

test('the end of a wire aborts its calls behind the relay, and no others', async (t) => {
  const { bus, port } = await relayed(t, { framing: 'lines' });
  const { news } = await everything(t, bus);
  const [one, two] = [speaker(t, port), speaker(t, port)];
  one.say({ call: 'com.example.counter/1.hold', id: 1, args: { key: 'one' } });
  two.say({ call: 'com.example.counter/1.hold', id: 1, args: { key: 'two' } });
  await turnsUntil(() => news.length === 2);
  one.socket.destroy();
  await turnsUntil(() => news.length === 3);
  t.is(news[2], 'aborted one');
});

test('a method with regions is refused before it is executed', async (t) => {
  const { bus, port } = await relayed(t, { expose: [Counter, Device] });
  const { news } = await everything(t, bus);
  const device = await connectWire(tcp({ port }), Device);
  t.teardown(() => device.close());
  const error = await t.throwsAsync<CallError>(device.grab(), { code: 'UNSUPPORTED_ATTACHMENT' });
  t.is(error?.executed, 'no');
  t.is(await device.serial.get(), 'x');
  t.deepEqual(news, []);
});

test('`to` says which servers are exposed', async (t) => {
  const { bus, port } = await relayed(t, { to: 'kitchen' });
  const bath = await everything(t, bus, { label: 'bath' });
  const client = await clientAt(t, port);
  await t.throwsAsync(client.add({ a: 1, b: 1 }, { timeout: 50 }), { code: 'NO_RECIPIENT' });
  const kitchen = await everything(t, bus, { label: 'kitchen' });
  const stop = new AbortController();
  const held = client.hold({ key: 'a' }, { signal: stop.signal });
  await turnsUntil(() => kitchen.news.length === 1);
  stop.abort();
  await t.throwsAsync(held, { code: 'CANCELLED' });
  t.deepEqual(bath.news, []);
});

test('all who watch follow a property to the next server, whose versions may be lower', async (t) => {
  const { bus, port } = await relayed(t);
  const first = await everything(t, bus);
  const clients = [await clientAt(t, port), await clientAt(t, port)];
  const watches = clients.flatMap((client) => [client.level.watch(), client.level.watch()]);
  const next = async () => Promise.all(watches.map(async (watch) => (await watch.next()).value));
  const seen = (list: readonly unknown[]) =>
    list.map((each) => {
      const { value, stale } = each as { value: number; stale: boolean };
      return `${value}${stale ? ' stale' : ''}`;
    });
  const all = (text: string) => [text, text, text, text];
  t.deepEqual(seen(await next()), all('1'));
  first.service.level = 2;
  t.deepEqual(seen(await next()), all('2'));
  // One of many versions is lower than that before.
  for (let round = 0, of = first; round < 6; round++) {
    await of.close();
    t.deepEqual(seen(await next()), all('2 stale'));
    of = await everything(t, bus);
    t.deepEqual(seen(await next()), all('1'));
    of.service.level = 2;
    t.deepEqual(seen(await next()), all('2'));
  }
  const late = clients[0]?.level.watch();
  t.is((await late?.next())?.value?.value, 2);
  await Promise.all([...watches, late].map((watch) => watch?.return?.()));
});

test('a caller that reads nothing for a while gets the newest value, and all of its answers', async (t) => {
  const { bus, port } = await relayed(t, { framing: 'lines' });
  const { service } = await everything(t, bus);
  const { socket, lines, say, answer } = speaker(t, port);
  t.truthy((await answer({ id: 1, subscribe: 'com.example.counter/1.level' } as never)).item);
  socket.pause();
  // More than the wire keeps, so that answers wait in the relay.
  const calls = Array.from({ length: 24 }, (_, index) => index + 2);
  for (const id of calls) say({ call: 'com.example.counter/1.bytes', id, args: { size: 300_000 } });
  const other = await clientAtText(t, port);
  for (let level = 2; level <= 60; level++) {
    service.level = level;
    await other.add({ a: level, b: 0 });
  }
  const valueIn = (line: TextLine) => ((line.item ?? line.value) as { value?: number })?.value;
  lines.onLine = (line) => {
    if (line.emit !== undefined) say({ taken: line.emit });
  };
  socket.resume();
  await lines.find((line) => valueIn(line) === 60);
  for (const id of calls) {
    const { result, error } = await lines.find((line) => line.re === id);
    t.true(result !== undefined || (error as { code?: string }).code === 'OVERRUN', `${id}`);
  }
  const values = lines.seen.map(valueIn).filter((value) => value !== undefined);
  t.is(values.at(-1), 60);
  t.deepEqual(
    values,
    [...values].sort((a, b) => Number(a) - Number(b)),
  );
});

test('signals go on with the next server, and end with their listeners', async (t) => {
  const { bus, port } = await relayed(t);
  const first = await everything(t, bus);
  const client = await clientAt(t, port);
  const heard: number[] = [];
  const listening = [1, 2].map(() => client.on('tick', ({ n }) => heard.push(n)));
  await Promise.all(listening.map(({ ready }) => ready));
  first.service.emit.tick({ n: 1 });
  await turnsUntil(() => heard.length === 2);
  await first.close();
  const second = await everything(t, bus);
  for (let n = 2; heard.length < 4; n++) {
    second.service.emit.tick({ n });
    await client.add({ a: 0, b: 0 });
  }
  const subscribers = async () => {
    const { emit } = second.service;
    const before = heard.length;
    emit.tick({ n: 99 });
    await client.add({ a: 0, b: 0 });
    return heard.length - before;
  };
  listening[0]?.close();
  t.is(await subscribers(), 1);
  listening[1]?.close();
  t.is(await subscribers(), 0);
});

test('only a relay may say that a server is gone or that nobody is there', async (t) => {
  for (const isRelay of [false, true]) {
    for (const [code, honest] of [
      ['PEER_GONE', 'PEER_GONE'],
      ['NO_RECIPIENT', 'NO_RECIPIENT'],
      ['PROTOCOL', 'PROTOCOL'],
      ['CLOSED', 'HANDLER_FAILED'],
      ['BUSY', 'HANDLER_FAILED'],
    ] as const) {
      const server = createServer((socket) => {
        const lines = new LineReader(socket);
        const offer = { name: Counter.name, version: '1.0', hash: 'x', relayed: isRelay };
        socket.write(`${JSON.stringify({ busbar: 1, offers: [offer] })}\n`);
        void lines
          .find((each) => each.call !== undefined)
          .then(({ id }) => {
            const error = { code, message: 'it is said' };
            socket.write(`${JSON.stringify({ re: id, error })}\n`);
          });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      t.teardown(() => server.close());
      const { port } = server.address() as { port: number };
      const client = await connectWire(tcp({ port }), Counter, { framing: 'lines' });
      const expected = isRelay ? honest : 'HANDLER_FAILED';
      await t.throwsAsync(client.add({ a: 1, b: 1 }), { code: expected, message: 'it is said' });
      await client.close();
    }
  }
});

test('limits of the relay hold for each wire', async (t) => {
  const { bus, port } = await relayed(t, { perCaller: 2 });
  const { news } = await everything(t, bus);
  const [one, two] = [await clientAt(t, port), await clientAt(t, port)];
  const held = ['a', 'b'].map((key) => t.throwsAsync(one.hold({ key })));
  await turnsUntil(() => news.length === 2);
  await t.throwsAsync(one.hold({ key: 'c' }), { code: 'BUSY' });
  t.is(await two.add({ a: 1, b: 1 }), 2);
  await one.close();
  await Promise.all(held);
});

test('nothing is exposed by default, and wrong options are refused before anything is joined', async (t) => {
  const bus = newBus();
  const listen = (options: object) =>
    serveWire(tcp.listen({ port: 0 }), bus, options as RelayOptions);
  await t.throwsAsync(listen({}), { code: 'WIRE_OPTION', message: /nothing is exposed/ });
  await t.throwsAsync(listen({ expose: [] }), { code: 'WIRE_OPTION', message: /empty/ });
  await t.throwsAsync(listen({ expose: [Counter, Counter] }), { message: /twice/ });
  await t.throwsAsync(listen({ expose: [{}] }), { code: 'ERR_BUSBAR_INVALID_INTERFACE' });
  await t.throwsAsync(listen({ expose: [Counter], exposed: [] }), { message: /exposed/ });
  await t.throwsAsync(listen({ expose: [Counter], perCaller: 0 }), { message: /perCaller/ });
  await t.throwsAsync(listen({ expose: [Counter], linger: -1 }), { message: /linger/ });
  await t.throwsAsync(listen({ expose: [Counter], errorMessages: 'x' }), { message: /errorM/ });
  await t.throwsAsync(listen({ expose: [Counter], limits: { calls: -1 } }), { message: /calls/ });
});

test('a relay that is closed has left its bus, and its wires are over', async (t) => {
  const { bus, relay, port } = await relayed(t);
  await everything(t, bus);
  const client = await clientAt(t, port);
  t.is(await client.add({ a: 1, b: 1 }), 2);
  const stop = client.hold({ key: 'a' }).catch(({ code }: CallError) => code);
  await client.add({ a: 0, b: 0 });
  await relay.close({ linger: 0 });
  t.true(['CANCELLED', 'PEER_GONE'].includes(await stop));
  await t.throwsAsync(client.add({ a: 1, b: 1 }), { code: 'CLOSED' });
  const endpoint = await join(bus);
  t.teardown(() => endpoint.close());
  t.is(endpoint.peers.filter(({ label }) => label.length === 0).length, 0);
});
