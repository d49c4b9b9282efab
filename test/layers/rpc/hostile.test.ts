// Peers that break the protocol of calls, as servers and as callers: only their own calls suffer.
import test from 'ava';
import { MemoryRegion, messageType, raw, unicast } from 'busbar';
import { memberTypeId } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';
import fc from 'fast-check';
import { newBus } from '../../support/program.js';
import { Held, implementation, type Place } from '../conformance/implementation.js';
import { Conformance } from '../conformance/interface.js';
import {
  answer,
  answers,
  clientOf,
  fromCaller,
  goodServer,
  hostile,
  json,
  kinds,
  packed,
  served,
} from './hostile-peer.js';

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

test('a caller whose frames have an unusual codec gets answers in MessagePack', async (t) => {
  const bus = newBus();
  const service = await goodServer(t, bus);
  const caller = await hostile(t, bus);
  const typeId = memberTypeId(Conformance, 'level');
  for (let codec = 2; codec < 16; codec++) {
    for (const kind of [3, 0]) {
      const bytes = Uint8Array.of();
      caller.send('good', raw.message({ typeId, format: kind | (codec << 4), bytes }));
      const { payload } = await caller.recv();
      t.is(payload.typeId, answers);
      t.is((payload.format >> 4) & 0xf, 0);
    }
  }
  await service.close();
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

test('metadata that must be understood is refused in answers, input and credit, too', async (t) => {
  const bus = newBus();
  await goodServer(t, bus);
  const critical = new Uint8Array([1, 0, 128, 1, 7]);
  const server = await hostile(t, bus, [...served, 'bad']);
  const client = await clientOf(t, bus);
  for (const kind of [kinds.result, kinds.error, kinds.busy, kinds.item, kinds.credit]) {
    const call = client.add({ a: 1, b: 2 }, { to: 'bad' });
    let message = await server.recv();
    // Cancellations of the calls before.
    while (message.replyTo !== undefined) message = await server.recv();
    const content = { typeId: answers, format: kind | json, bytes: packed(3) };
    message.reply(raw.message(content), { metadata: critical });
    await t.throwsAsync(call, { code: 'PROTOCOL' });
  }
  const caller = await hostile(t, bus);
  const ask = (member: string, body: unknown) => {
    const typeId = memberTypeId(Conformance, member);
    return caller.sendWithReceipt(
      'good',
      raw.message({ typeId, format: json, bytes: packed(body) }),
    ).id;
  };
  for (const kind of [kinds.item, kinds.end, kinds.credit, kinds.cancel]) {
    const id = ask('sum', null);
    const content = { typeId: answers, format: kind | json | fromCaller, bytes: packed(1) };
    caller.send('good', raw.message(content), { replyTo: id, metadata: critical });
    let answer = await caller.recv();
    while ((answer.payload.format & 0xf) !== kinds.error) answer = await caller.recv();
    t.regex(new TextDecoder().decode(answer.payload.bytes), /INVALID_ARGUMENT.*metadata/);
  }
  t.is(await client.add({ a: 1, b: 2 }, { to: 'good' }), 3);
});

test('endless nesting in MessagePack is refused', async (t) => {
  const bus = newBus();
  await goodServer(t, bus);
  const caller = await hostile(t, bus);
  const typeId = memberTypeId(Conformance, 'echo');
  // { value: [[[… }: lists of one member, more than the reader, and then more than `any` takes.
  for (const depth of [1_000_000, 500]) {
    const bytes = new Uint8Array(7 + depth + 1).fill(0x91);
    bytes.set([0x81, 0xa5, ...new TextEncoder().encode('value')]);
    bytes[bytes.length - 1] = 0x90;
    caller.send('good', raw.message({ typeId, format: 0, bytes }));
    const { payload } = await caller.recv();
    t.is(payload.format & 0xf, kinds.error);
    t.regex(new TextDecoder().decode(payload.bytes), /INVALID_ARGUMENT/);
  }
});

test('what comes with regions that nobody expects is closed', async (t) => {
  const bus = newBus();
  const server = await hostile(t, bus, served);
  const region = MemoryRegion.create(4096);
  t.teardown(() => region.release());
  const client = await clientOf(t, bus);
  for (const kind of [...Object.values(kinds), 9]) {
    const call = client.add({ a: 1, b: 2 });
    let message = await server.recv();
    while (message.replyTo !== undefined) message = await server.recv();
    const content = { typeId: answers, format: kind | json, bytes: packed(3) };
    for (let n = 0; n < 3; n++) message.reply(raw.message(content), { regions: [region] });
    const end = { typeId: answers, format: kinds.result | json, bytes: packed(3) };
    message.reply(raw.message(end));
    await call.catch(() => undefined);
  }
  while (region.refCount > 1) await new Promise((resolve) => setImmediate(resolve));
  t.is(region.refCount, 1);
});

test('any frames from a peer leave services and clients working', async (t) => {
  const bus = newBus();
  await goodServer(t, bus);
  const peer = await hostile(t, bus, served);
  peer.on('message', () => undefined);
  const client = await connect(bus, Conformance, { to: 'good' });
  t.teardown(() => client.close());
  const { id } = peer.matches('good')[0] as { id: number };
  const members = [...Object.keys(Conformance.methods), 'level', 'title', 'tick'];
  const anyType = fc.constantFrom(
    answers,
    ...members.map((member) => memberTypeId(Conformance, member)),
    messageType('busbar.stats').id,
  );
  const payload = fc.oneof(
    fc.jsonValue().map(packed),
    fc.uint8Array({ maxLength: 60 }),
    fc.constant(packed({ count: 3, size: 3, a: 1, b: 2, key: 'a', how: 'declared' })),
  );
  const tags = fc
    .array(fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 12 })), { maxLength: 4 })
    .map((all) =>
      Uint8Array.from([1, 0, ...all.flatMap(([tag, value]) => [tag, value.length, ...value])]),
    );
  const frame = fc.record({
    typeId: anyType,
    format: fc.oneof(
      fc.nat(0xffff),
      fc.nat(15).map((kind) => kind | json),
    ),
    bytes: payload,
    metadata: fc.option(fc.oneof(tags, fc.uint8Array({ maxLength: 40 })), { nil: undefined }),
    replyTo: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 30 }), async (frames) => {
      for (const { metadata, replyTo, ...content } of frames) {
        await peer.sendWhenReady(unicast({ id }), raw.message(content), { metadata, replyTo });
      }
      t.is(await client.add({ a: 1, b: 2 }), 3);
    }),
    { numRuns: 300 },
  );
});
