// What a wire refuses, and how it says so.
import { connect as connectSocket, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type ClientOf, describe } from 'busbar/rpc';
import {
  type ConnectWireOptions,
  connectWire,
  type ServeWireOptions,
  serveWire,
  tcp,
  type WireEvent,
} from 'busbar/wire';
import { keepAlive } from '../../support/keep-alive.js';
import { Line } from './support/duplex-pair.js';
import { Counter, counter, Other, values } from './support/interface.js';

keepAlive(test);

interface Pair {
  readonly client: ClientOf<typeof Counter>;
  readonly news: readonly string[];
  readonly line: Line;
}

/** A client and a server in this process. */
async function pair(
  t: ExecutionContext,
  serving: ServeWireOptions = {},
  connecting: ConnectWireOptions = {},
): Promise<Pair> {
  const line = new Line();
  const [here, there] = line.ends;
  const news: string[] = [];
  const implementation = counter((each) => news.push(each));
  const service = await serveWire(there, Counter, implementation, { ...values, ...serving });
  t.teardown(() => service.close({ linger: 0 }));
  const client = await connectWire(here, Counter, connecting);
  t.teardown(() => client.close());
  return { client, news, line };
}

/** A server that listens, what it reports, and a plain socket to it. */
async function listening(t: ExecutionContext, options: ServeWireOptions = {}) {
  const listener = tcp.listen({ port: 0 });
  const events: WireEvent[] = [];
  let look: () => void = () => undefined;
  const onWire = (event: WireEvent) => {
    events.push(event);
    look();
  };
  const service = await serveWire(listener, Counter, counter(), { ...values, ...options, onWire });
  t.teardown(() => service.close({ linger: 0 }));
  const port = listener.port ?? 0;
  const heard = (change: WireEvent['change']) =>
    new Promise<WireEvent>((resolve) => {
      look = () => {
        const found = events.find((each) => each.change === change);
        if (found !== undefined) resolve(found);
      };
      look();
    });
  const socket = () => {
    const made: Socket = connectSocket({ port, host: '127.0.0.1' });
    t.teardown(() => made.destroy());
    return made;
  };
  return { port, heard, socket, events };
}

test('calls beyond the limit are BUSY, not executed, and the others go on', async (t) => {
  const { client, news } = await pair(t, { limits: { calls: 2 } });
  const stop = new AbortController();
  const held = ['a', 'b'].map((key) =>
    t.throwsAsync(client.hold({ key }, { signal: stop.signal }), { code: 'CANCELLED' }),
  );
  const error = await t.throwsAsync(client.hold({ key: 'c' }), { code: 'BUSY' });
  t.is((error as { executed?: string }).executed, 'no');
  t.is((error as { load?: number }).load, 2);
  stop.abort();
  await Promise.all(held);
  t.is(await client.add({ a: 1, b: 2 }), 3);
  t.false(news.includes('held c'));
});

test('bytes of calls beyond the limit are BUSY', async (t) => {
  const { client } = await pair(t, { limits: { bytes: 1000 } });
  await t.throwsAsync(client.echo({ value: 'x'.repeat(1000) }), { code: 'BUSY' });
  t.is(await client.echo({ value: 'x'.repeat(900) }), 'x'.repeat(900));
  t.is(await client.echo({ value: 'y'.repeat(900) }), 'y'.repeat(900));
});

test('streams beyond the limit are BUSY', async (t) => {
  const { client } = await pair(t, { limits: { streams: 1 } });
  const first = client.drip()[Symbol.asyncIterator]();
  t.deepEqual(await first.next(), { value: 1, done: false });
  const refused = client.count({ to: 3 })[Symbol.asyncIterator]();
  await t.throwsAsync(refused.next(), { code: 'BUSY' });
  t.is(await client.add({ a: 1, b: 2 }), 3);
  await first.return?.();
  const items: number[] = [];
  for await (const n of client.count({ to: 3 })) items.push(n);
  t.deepEqual(items, [0, 1, 2]);
});

const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
};

for (const codec of ['messagepack', 'json'] as const) {
  test(`arguments nested too deep are INVALID_ARGUMENT (${codec})`, async (t) => {
    const { client } = await pair(t, { limits: { depth: 20 } }, { codec });
    // One level is the map of the arguments.
    t.deepEqual(await client.echo({ value: nested(19) }), nested(19));
    const error = await t.throwsAsync(client.echo({ value: nested(20) }), {
      code: 'INVALID_ARGUMENT',
    });
    t.regex(error.message, /nested more than 20 deep/);
    t.is(await client.add({ a: 1, b: 2 }), 3);
  });

  test(`a result nested too deep is INVALID_RESULT (${codec})`, async (t) => {
    const { client } = await pair(t, {}, { codec, limits: { depth: 5 } });
    const error = await t.throwsAsync(client.echo({ value: nested(8) }), {
      code: 'INVALID_RESULT',
    });
    t.regex(error.message, /nested more than 5 deep/);
    t.is(await client.add({ a: 1, b: 2 }), 3);
  });
}

test('a frame larger than the other side takes is refused where it is sent', async (t) => {
  const { client } = await pair(t, { limits: { frameBytes: 2000 } });
  await t.throwsAsync(client.echo({ value: 'x'.repeat(2000) }), { code: 'FRAME_TOO_LARGE' });
  t.is(await client.add({ a: 1, b: 2 }), 3);
  t.is((await client.bytes({ size: 100_000 })).length, 100_000);
});

test('a result larger than the other side takes is INVALID_RESULT', async (t) => {
  const { client } = await pair(t, {}, { limits: { frameBytes: 2000 } });
  await t.throwsAsync(client.bytes({ size: 2000 }), { code: 'INVALID_RESULT' });
  t.is((await client.bytes({ size: 1000 })).length, 1000);
});

test('a peer that sends a larger frame nevertheless ends its wire', async (t) => {
  const { heard, socket } = await listening(t, { limits: { frameBytes: 2000 } });
  const made = socket();
  const { length, magic } = hello();
  made.write(Buffer.concat([length, magic]));
  await heard('opened');
  made.write(Buffer.from([0xff, 0xff, 0, 0]));
  const { error } = await heard('closed');
  t.is(error?.code, 'FRAME_TOO_LARGE');
});

function hello(content: object = { limits: { frameBytes: 65_536 }, offers: [] }) {
  const json = Buffer.from(JSON.stringify(content));
  const magic = Buffer.concat([Buffer.from([4]), Buffer.from('BBWR'), Buffer.from([1]), json]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(magic.length);
  return { length, magic };
}

test('who does not end the handshake in time is let go', async (t) => {
  const { heard, socket } = await listening(t, { limits: { handshake: 50 } });
  socket().write(Buffer.from([1, 2]));
  t.is((await heard('refused')).error?.code, 'HANDSHAKE_TIMEOUT');
  const line = new Line();
  await t.throwsAsync(connectWire(line.ends[0], Counter, { limits: { handshake: 50 } }), {
    code: 'HANDSHAKE_TIMEOUT',
  });
});

test('who speaks something else is told so in vain, and let go', async (t) => {
  const { heard, socket } = await listening(t);
  const made = socket();
  made.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  t.is((await heard('refused')).error?.code, 'NOT_A_WIRE');
  made.resume();
  await new Promise((resolve) => made.once('close', resolve));
});

test('a version that is too old is WIRE_VERSION, on both sides', async (t) => {
  const { heard, socket } = await listening(t);
  const made = socket();
  const { length, magic } = hello();
  magic[5] = 0;
  made.write(Buffer.concat([length, magic]));
  t.is((await heard('refused')).error?.code, 'WIRE_VERSION');
  const answer = await new Promise<Buffer>((resolve) => made.once('data', resolve));
  t.regex(answer.toString('latin1'), /WIRE_VERSION/);
});

test('another token is WIRE_TOKEN, on both sides, and the right one is not', async (t) => {
  const { port, heard, events } = await listening(t, { token: 'right' });
  const address = () => tcp({ port });
  for (const options of [{}, { token: 'wrong' }, { token: 'right ' }]) {
    await t.throwsAsync(connectWire(address(), Counter, options), { code: 'WIRE_TOKEN' });
  }
  t.is((await heard('refused')).error?.code, 'WIRE_TOKEN');
  t.is(events.filter(({ change }) => change === 'opened').length, 0);
  const client = await connectWire(address(), Counter, { token: 'right' });
  t.is(await client.add({ a: 1, b: 2 }), 3);
  await client.close();
});

test('a listener takes as many wires as it says', async (t) => {
  const { port } = await listening(t, { maxWires: 1 });
  const first = await connectWire(tcp({ port }), Counter);
  await t.throwsAsync(connectWire(tcp({ port }), Counter), { code: 'TOO_MANY_WIRES' });
  t.is(await first.add({ a: 1, b: 2 }), 3);
  await first.close();
});

test('nothing but what is served can be called, or is told', async (t) => {
  const line = new Line();
  const service = await serveWire(line.ends[1], Counter, counter(), values);
  t.teardown(() => service.close({ linger: 0 }));
  const [client, other] = await connectWire(line.ends[0], [Counter, Other]);
  await t.throwsAsync(other.secret({ timeout: 50 }), { code: 'NO_RECIPIENT' });
  const models = await describe(client);
  t.deepEqual(
    models.map((model) => (model as { interface?: string }).interface),
    ['com.example.counter'],
  );
  await client.close();
  await other.close();
});

test('nobody listens: CANNOT_CONNECT; the port is taken: CANNOT_LISTEN', async (t) => {
  const { port } = await listening(t);
  await t.throwsAsync(serveWire(tcp.listen({ port }), Counter, counter(), values), {
    code: 'CANNOT_LISTEN',
  });
  const free = tcp.listen({ port: 0 });
  const service = await serveWire(free, Counter, counter(), values);
  const closed = free.port ?? 0;
  await service.close();
  await t.throwsAsync(connectWire(tcp({ port: closed }), Counter), { code: 'CANNOT_CONNECT' });
});

test('wrong options are refused before anything is opened', async (t) => {
  const [here] = new Line().ends;
  const refused = (options: object, message: RegExp) =>
    t.throwsAsync(connectWire(here, Counter, options), { code: 'WIRE_OPTION', message });
  await refused({ limits: { calls: -1 } }, /limits.calls is -1/);
  await refused({ limits: { call: 1 } }, /unknown limit 'call'/);
  await refused({ token: '' }, /token/);
  await refused({ framing: 'cbos' }, /framing is cbos/);
  await refused({ keepAlive: 1.5 }, /keepAlive/);
  await refused({ turn: -1 }, /turn/);
  await refused({ reconnect: true }, /address/);
  await refused({ answerOnly: 1 }, /answerOnly/);
  await refused({ onWire: 1 }, /onWire/);
  await t.throwsAsync(connectWire({} as never, Counter), { code: 'WIRE_OPTION' });
  t.throws(() => tcp({ port: 0 }), { code: 'WIRE_OPTION' });
  t.throws(() => tcp.listen({ port: 65_536 }), { code: 'WIRE_OPTION' });
  const unknown = { timeOut: 1 } as object;
  await t.throwsAsync(connectWire(tcp({ port: 1 }), Counter, unknown), { code: 'CANNOT_CONNECT' });
});
