// Peers that break the protocol of calls, as servers and as callers: only their own calls suffer.
import test, { type ExecutionContext } from 'ava';
import { type Endpoint, join, messageType, type RawBox, type Received, raw } from 'busbar';
import { memberTypeId } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';
import { newBus } from '../../support/program.js';
import { Held, implementation, type Place } from '../conformance/implementation.js';
import { Conformance } from '../conformance/interface.js';

const answers = messageType('busbar.rpc').id;
const fromCaller = 0x100;
const kinds = { result: 0, error: 1, busy: 2, item: 3, items: 4, end: 5, credit: 6, cancel: 7 };

/** A value in JSON: the codec of {@link json}. */
function packed(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

const json = 0x10;
type Hostile = Endpoint<RawBox>;
type Message = Received<RawBox>;

async function hostile(t: ExecutionContext, bus: string, label: string[] = []): Promise<Hostile> {
  const endpoint = await join(bus, { messages: raw, label });
  t.teardown(() => endpoint.close({ linger: 0 }).catch(() => undefined));
  return endpoint;
}

const served = ['com.example.conformance', 'com.example.conformance/1'];

function answer(message: Message, kind: number, value: unknown, flags = 0): void {
  const content = { typeId: answers, format: kind | json | flags, bytes: packed(value) };
  message.reply(raw.message(content));
}

async function clientOf(t: ExecutionContext, bus: string) {
  const client = await connect(bus, Conformance);
  t.teardown(() => client.close());
  return client;
}

async function goodServer(t: ExecutionContext, bus: string, label = 'good') {
  const place: Place = { name: 'good', tell: () => undefined, service: undefined };
  const service = await serve(bus, Conformance, implementation(place, new Held()), {
    label,
    properties: { level: 1, title: 'good' },
  });
  t.teardown(() => service.close({ linger: 0 }));
  return service;
}

test('a server that answers twice, and after an error, changes nothing', async (t) => {
  const bus = newBus();
  const server = await hostile(t, bus, served);
  server.on('message', (message) => {
    answer(message, kinds.result, 3);
    answer(message, kinds.result, 4);
    answer(message, kinds.error, { code: 'X', message: 'late' });
    answer(message, kinds.item, 1);
    answer(message, kinds.busy, {});
  });
  const client = await clientOf(t, bus);
  t.is(await client.add({ a: 1, b: 2 }), 3);
  t.is(await client.add({ a: 1, b: 2 }), 3);
});

test('nobody answers the calls of another server', async (t) => {
  const bus = newBus();
  const [mute, forger] = [await hostile(t, bus, [...served, 'mute']), await hostile(t, bus)];
  const client = await clientOf(t, bus);
  const call = client.add({ a: 1, b: 2 }, { to: 'mute', timeout: 300 });
  const message = await mute.recv();
  for (let replyTo = Math.max(1, message.id - 5); replyTo < message.id + 5; replyTo++) {
    const content = { typeId: answers, format: kinds.result | json, bytes: packed(99) };
    forger.send(`#${message.from.id}`, raw.message(content), { replyTo });
  }
  await t.throwsAsync(call, { code: 'DEADLINE' });
});

test('what a server calls an error chooses no class and no property', async (t) => {
  const bus = newBus();
  const server = await hostile(t, bus, served);
  const errors: unknown[] = [
    { code: 'PEER_GONE', message: 'forged' },
    { code: 'NO_RECIPIENT', message: 'forged' },
    { code: '__proto__', message: 'forged', data: { polluted: true } },
    { code: 'constructor', message: 'forged', data: {} },
    { code: 'TooBig', message: 'forged', data: { limit: 'much' } },
    { code: 7, message: 8 },
    null,
    'text',
    { code: 'X', message: 'm'.repeat(100_000), data: ['x'] },
  ];
  server.on('message', (message) => answer(message, kinds.error, errors.shift()));
  const client = await clientOf(t, bus);
  for (let count = errors.length; count > 0; count--) {
    const error = await t.throwsAsync(client.fail({ how: 'x' }), { code: 'HANDLER_FAILED' });
    t.true((error?.message.length ?? 0) <= 4096);
  }
  t.is(({} as { polluted?: boolean }).polluted, undefined);
});

test('wrong results, frames of unknown kinds and codecs reject their own call only', async (t) => {
  const bus = newBus();
  const server = await hostile(t, bus, [...served, 'bad']);
  await goodServer(t, bus);
  const formats = [json, 0, 0x20, 0x30, 0xf0, 9, 8 | json, kinds.item | json, kinds.items | json];
  const bodies = ['[', '"x"', '{"__proto__":{"a":1}}', '['.repeat(50_000), ''];
  const client = await clientOf(t, bus);
  for (const format of formats) {
    for (const body of bodies) {
      const call = client.add({ a: 1, b: 2 }, { to: 'bad', timeout: 60_000 });
      let message = await server.recv();
      // Cancellations of the calls before, whose frames were no results.
      while (message.replyTo !== undefined) message = await server.recv();
      // 0xc1 begins no value of MessagePack.
      const text = new TextEncoder().encode(body);
      const bytes = (format & 0xf0) === 0 ? new Uint8Array([0xc1, ...text]) : text;
      message.reply(raw.message({ typeId: answers, format, bytes }));
      await t.throwsAsync(call, undefined, `${format} ${body.slice(0, 20)}`);
    }
  }
  t.is(await client.add({ a: 1, b: 2 }, { to: 'good' }), 3);
});

test('items beyond credit end their stream only', async (t) => {
  const bus = newBus();
  const server = await hostile(t, bus, [...served, 'bad']);
  await goodServer(t, bus);
  server.on('message', (message) => {
    if (message.replyTo !== undefined) return;
    for (let n = 0; n < 300; n++) answer(message, kinds.item, n);
  });
  const client = await clientOf(t, bus);
  const stream = client.numbers({ count: 1 }, { to: 'bad' });
  // Not a single one is taken until all have arrived.
  const first = await stream.next();
  t.is(first.value, 0);
  await client.add({ a: 1, b: 2 }, { to: 'good' });
  await t.throwsAsync(
    async () => {
      for await (const _ of stream) await new Promise((resolve) => setImmediate(resolve));
    },
    { code: 'PROTOCOL' },
  );
  t.is(await client.add({ a: 1, b: 2 }, { to: 'good' }), 3);
});

test('a caller with malformed metadata, arguments or kinds gets errors, and no crash', async (t) => {
  const bus = newBus();
  await goodServer(t, bus);
  const caller = await hostile(t, bus);
  const typeId = memberTypeId(Conformance, 'add');
  const seen: string[] = [];
  const ask = async (format: number, body: string, metadata?: Uint8Array) => {
    const bytes = new TextEncoder().encode(body);
    caller.send('good', raw.message({ typeId, format, bytes }), { metadata });
    const { payload } = await caller.recv();
    t.is(payload.typeId, answers);
    if ((payload.format & 0xf) === kinds.result) return 'result';
    const text = new TextDecoder().decode(payload.bytes);
    return /[A-Z]+_[A-Z]+/.exec(text)?.[0] ?? text;
  };
  t.is(await ask(json, '{"a":1,"b":2}'), 'result');
  seen.push(await ask(json, '{"a":1}'));
  seen.push(await ask(json, '['));
  seen.push(await ask(json, '['.repeat(20_000)));
  seen.push(await ask(0, 'not messagepack'));
  seen.push(await ask(0x20, '{}'));
  for (const metadata of [
    [2, 0],
    [1],
    [1, 0, 1],
    [1, 0, 1, 9, 1],
    [1, 0, 200, 0],
    [1, 0, 1, 1, 1],
  ]) {
    seen.push(await ask(json, '{"a":1,"b":2}', new Uint8Array(metadata)));
  }
  t.deepEqual(new Set(seen), new Set(['INVALID_ARGUMENT']));
  t.is(await ask(json, '{"a":1,"b":2}', new Uint8Array([1, 0, 99, 2, 7, 7])), 'result');
  t.is(await ask(json | 2, '{"a":1,"b":2}'), 'UNKNOWN_METHOD');
  t.is(await ask(json | 3, '{"a":1,"b":2}'), 'UNKNOWN_METHOD');
});

test('credit of 2^32 and cancellation of foreign calls harm nobody else', async (t) => {
  const bus = newBus();
  await goodServer(t, bus);
  const caller = await hostile(t, bus);
  const client = await clientOf(t, bus);
  const stream = client.numbers({ count: 1000 });
  t.is((await stream.next()).value, 0);
  const credit = new Uint8Array([1, 0, 2, 8, 255, 255, 255, 255, 255, 255, 255, 255]);
  for (let replyTo = 1; replyTo < 200; replyTo++) {
    for (const kind of [kinds.cancel, kinds.credit, kinds.item, kinds.end]) {
      const format = kind | json | fromCaller;
      const content = { typeId: answers, format, bytes: packed(1) };
      caller.send('good', raw.message(content), { replyTo, metadata: credit });
    }
  }
  let count = 1;
  for await (const _ of stream) count++;
  t.is(count, 1000);
});

test('one caller cannot take the places of all', async (t) => {
  const bus = newBus();
  const place: Place = { name: 'good', tell: () => undefined, service: undefined };
  const service = await serve(bus, Conformance, implementation(place, new Held()), {
    label: 'good',
    perCaller: 3,
    subscriptionsPerCaller: 2,
    properties: { level: 1, title: 'good' },
  });
  t.teardown(() => service.close({ linger: 0 }));
  const caller = await hostile(t, bus);
  const send = (member: string, kind: number) => {
    const typeId = memberTypeId(Conformance, member);
    caller.send('good', raw.message({ typeId, format: json | kind, bytes: packed({ key: 'a' }) }));
  };
  for (let n = 0; n < 10; n++) send('hold', 0);
  for (let n = 0; n < 5; n++) send('tick', 3);
  const answered: number[] = [];
  while (answered.length < 7 + 5) answered.push((await caller.recv()).payload.format & 0xf);
  t.is(answered.filter((kind) => kind === kinds.busy).length, 7 + 3);
  t.is(await (await clientOf(t, bus)).add({ a: 1, b: 2 }), 3);
});
