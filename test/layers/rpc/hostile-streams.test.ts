// Peers that break the rules of credit: only their own streams end.
import test from 'ava';
import { raw } from 'busbar';
import { defineInterface, memberTypeId, t as types } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';
import { newBus } from '../../support/program.js';
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

test('input beyond credit ends its call, and its method', async (t) => {
  const bus = newBus();
  let aborted = (_: unknown) => {};
  const ended = new Promise<unknown>((resolve) => {
    aborted = resolve;
  });
  const Endless = defineInterface('com.example.endless', '1.0', {
    methods: { take: { input: types.u32 }, name: { returns: types.string } },
  });
  const service = await serve(bus, Endless, {
    async take(_, call) {
      call.signal.addEventListener('abort', () => aborted(call.signal.reason));
      // Never reads.
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
    },
    name: () => 'there',
  });
  t.teardown(() => service.close({ linger: 0 }));
  const caller = await hostile(t, bus);
  const typeId = memberTypeId(Endless, 'take');
  const { id } = caller.sendWithReceipt(
    Endless.name,
    raw.message({ typeId, format: json, bytes: packed(null) }),
  );
  const item = { typeId: answers, format: kinds.item | json | fromCaller, bytes: packed(1) };
  for (let n = 0; n < 17; n++) caller.send(Endless.name, raw.message(item), { replyTo: id });
  t.like(await ended, { code: 'PROTOCOL' });
  t.regex(new TextDecoder().decode((await caller.recv()).payload.bytes), /INVALID_ARGUMENT/);
  const client = await connect(bus, Endless);
  t.is(await client.name(), 'there');
  await client.close();
});

test('a server that gives credit of 2^32 gets no more input than there is', async (t) => {
  const bus = newBus();
  const server = await hostile(t, bus, served);
  const metadata = new Uint8Array([1, 0, 2, 8, 255, 255, 255, 255, 255, 255, 255, 255]);
  let received = 0;
  server.on('message', (message) => {
    const kind = message.payload.format & 0xf;
    if (message.replyTo === undefined) {
      for (let n = 0; n < 10; n++) {
        const content = { typeId: answers, format: kinds.credit | json, bytes: packed(null) };
        message.reply(raw.message(content), { metadata });
      }
    } else if (kind === kinds.items) {
      received += (JSON.parse(new TextDecoder().decode(message.payload.bytes)) as unknown[]).length;
    } else if (kind === kinds.item) {
      received++;
    } else if (kind === kinds.end) {
      const content = { typeId: answers, format: kinds.result | json, bytes: packed(received) };
      server.send(`#${message.from.id}`, raw.message(content), { replyTo: message.replyTo });
    }
  });
  const client = await connect(bus, Conformance, { codec: 'json' });
  t.teardown(() => client.close());
  const numbers = Array.from({ length: 20_000 }, (_, n) => n);
  t.is(await client.sum(numbers), 20_000);
});
