// Metadata: bytes beside the payload, by every way to send, on every way that a message can take.
import type { EventEmitter } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import {
  bytes,
  type Endpoint,
  KernelObject,
  MemoryRegion,
  type MessageBox,
  messageBox,
  multicast,
  raw,
  text,
  type UndeliveredEvent,
  unicast,
} from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

const box = messageBox({ Text: text, Raw: bytes });

/** So many bytes that count up from `first`. */
function counted(length: number, first = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i);
}

/** Replies to each message with its metadata, as its program saw it and as metadata. */
const mirror: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'mirror' });
  tell(endpoint.id);
  for await (const message of endpoint) {
    const { metadata } = message;
    message.reply(metadata === undefined ? 'none' : [...metadata], { metadata, format: 7 });
  }
};

/** Tells of each message its payload's size, its metadata and its sender, once it is told to go. */
const teller: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'teller', messages: busbar.raw });
  tell(endpoint.id);
  await told();
  for await (const { payload, metadata, id, from, objects, regions } of endpoint) {
    tell({
      bytes: payload.bytes.length,
      metadata: metadata && [...metadata],
      id,
      from: from.id,
      objects: objects.length,
      regions: regions.length,
    });
  }
};

interface Told {
  readonly bytes: number;
  readonly metadata: readonly number[] | undefined;
  readonly id: number;
  readonly from: number;
  readonly objects: number;
  readonly regions: number;
}

function undelivered<B extends MessageBox>(endpoint: Endpoint<B>): Promise<UndeliveredEvent> {
  return nextEvent(endpoint as unknown as EventEmitter, 'undelivered') as Promise<UndeliveredEvent>;
}

test('every size up to 240 bytes arrives, between messages without any', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus);
  await inProcess(t, bus, mirror).next();
  for (let length = 0; length <= 240; length++) {
    const metadata = counted(length);
    me.send('mirror', 'with', { metadata });
    me.send('mirror', 'without');
    const answer = await me.recv();
    t.deepEqual(answer.payload, length === 0 ? 'none' : [...metadata]);
    t.deepEqual(answer.metadata, length === 0 ? undefined : metadata);
    t.is(answer.format, 7);
    t.is((await me.recv()).payload, 'none');
  }
});

test('beside payloads in the ring, in buffers of their own and in shared memory', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { messages: box });
  const program = inProcess(t, bus, teller);
  await program.next();
  program.say('go');
  for (const size of [0, 1, 8, 4000, 32_767, 32_768, 100_000, 300_000, 1_000_000]) {
    for (const length of [1, 7, 8, 239, 240]) {
      const metadata = counted(length);
      me.send('teller', box.Raw(new Uint8Array(size)), { metadata });
      t.like(await program.next<Told>(), { bytes: size, metadata: [...metadata] });
    }
    me.send('teller', box.Raw(new Uint8Array(size)));
    t.like(await program.next<Told>(), { bytes: size, metadata: undefined });
  }
});

test('by every method that sends, with everything else that a message can have', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { messages: box });
  const program = inProcess(t, bus, teller);
  const other = await joined(t, bus, { label: 'teller', messages: box });
  other.on('message', (message) => {
    message.reply(box.Text('reply'), { metadata: message.metadata });
  });
  await program.next();
  program.say('go');
  const [inOther, inProgram] = [`teller & #${other.id}`, `teller & !#${other.id}`];
  const metadata = counted(100);
  using region = MemoryRegion.create(4096);
  using object = KernelObject.fromFd(0);
  const all = { metadata, regions: [region, region], objects: [object] };
  const message = box.Raw(new Uint8Array(64));

  me.send(inProgram, message, { ...all, key: 'a key' });
  await me.sendWhenReady(inProgram, message, all);
  me.sendWithReceipt(inProgram, message, { ...all, whenFull: 'drop' });
  await me.sendWhenReadyWithReceipt(inProgram, message, { ...all, key: 'another key' });
  await me.deliver(inProgram, message, { ...all, acknowledge: 'handled' });
  me.send(inProgram, box.Raw(new Uint8Array(300_000)), all);
  for (let i = 0; i < 5; i++) {
    t.like(await program.next<Told>(), {
      bytes: 64,
      metadata: [...metadata],
      objects: 1,
      regions: 2,
    });
  }
  t.like(await program.next<Told>(), { bytes: 300_000, objects: 1, metadata: [...metadata] });

  t.is(me.send(multicast('teller'), message, { metadata }), 2);
  t.like(await program.next<Told>(), { bytes: 64, metadata: [...metadata] });
  t.deepEqual((await me.recv()).metadata, metadata);
  me.send(inOther, message, { metadata: metadata.subarray(50) });
  t.deepEqual((await me.recv()).metadata, metadata.slice(50));
});

test('the array is copied: it may be reused at once, also by calls that wait', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { messages: box, ringBytes: 16 * 1024, queueBytes: 8 * 1024 });
  const program = inProcess(t, bus, teller);
  await program.next();
  const reused = Buffer.alloc(1);
  const message = box.Raw(new Uint8Array(3000));
  const sent: Promise<unknown>[] = [];
  for (let number = 0; number < 100; number++) {
    reused[0] = number;
    const send = number % 2 === 0 ? 'sendWhenReady' : 'sendWhenReadyWithReceipt';
    sent.push(me[send]('teller', message, { metadata: reused }));
  }
  reused[0] = 200;
  program.say('go');
  for (let number = 0; number < 100; number++) {
    t.deepEqual((await program.next<Told>()).metadata, [number]);
  }
  await Promise.all(sent);
});

test('an array that was received is the program’s own', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: 'me', prefetch: 1000 });
  const kept: (readonly [number, Uint8Array | undefined])[] = [];
  me.on('message', ({ payload, metadata }) => kept.push([payload as number, metadata]));
  for (let number = 0; number < 2000; number++) {
    const metadata = counted((number % 240) + 1, number % 200);
    await me.deliver('me', number, { metadata });
  }
  for (const [number, metadata] of kept) {
    t.deepEqual(metadata, counted((number % 240) + 1, number % 200));
    metadata?.fill(0);
  }
  t.is(kept.length, 2000);
});

test('a sender without options gets messages without metadata', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: 'me' });
  me.send('me', 'x');
  const message = await me.recv();
  t.true('metadata' in message);
  t.is(message.metadata, undefined);
  me.send('me', 'x', { metadata: new Uint8Array(0) });
  t.is((await me.recv()).metadata, undefined);
});

test('the raw box receives it, and passes it on with the message', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: 'me' });
  const relay = await joined(t, bus, { label: 'relay', messages: raw });
  relay.on('message', ({ payload, metadata }) => {
    relay.send('target', raw.message(payload), { metadata });
  });
  const target = await joined(t, bus, { label: 'target' });
  me.send('relay', { any: 'value' }, { metadata: counted(33) });
  const message = await target.recv();
  t.deepEqual(message.payload, { any: 'value' });
  t.deepEqual(message.metadata, counted(33));
});

test('what queues behind a full ring keeps it, and its order', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { messages: box, ringBytes: 16 * 1024 });
  const program = inProcess(t, bus, teller);
  await program.next();
  const sizes = Array.from({ length: 300 }, (_, i) => (i % 20 === 3 ? 50_000 : 1000) + i);
  sizes.forEach((size, i) => {
    const options = i % 3 === 0 ? {} : { metadata: counted(i % 241, i % 10) };
    me.send('teller', box.Raw(new Uint8Array(size)), options);
  });
  program.say('go');
  for (const [i, size] of sizes.entries()) {
    const metadata = i % 3 === 0 || i % 241 === 0 ? undefined : [...counted(i % 241, i % 10)];
    t.like(await program.next<Told>(), { bytes: size, metadata });
  }
});

test('what waits for a receiver keeps it', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus);
  for (const size of [1, 500_000]) {
    const metadata = counted(240);
    const id = me.sendWithReceipt('late', 'x'.repeat(size), { metadata, ttl: 60_000 }).id;
    metadata.fill(0);
    const late = await joined(t, bus, { label: 'late' });
    const message = await late.recv();
    t.deepEqual(message.metadata, counted(240));
    t.is((message.payload as string).length, size);
    t.is(message.id, id);
    await late.close();
  }
});

/** Joins as controller and stays. */
const keeper: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'keeper' });
  endpoint.on('message', () => undefined);
  tell(endpoint.id);
};

test('what a leaving sender leaves with the controller keeps it, and its number', async (t) => {
  const bus = newBus();
  await inProcess(t, bus, keeper).next();
  const sender = await joined(t, bus, { label: 'sender' });
  const sizes = [1, 2, 40_000, 500_000];
  sender.send('keeper', 'so that numbers differ');
  const ids = sizes.map((size, i) => {
    const metadata = counted(i * 80);
    return sender.sendWithReceipt('late', 'x'.repeat(size), { ttl: 60_000, metadata }).id;
  });
  await sender.close();
  const late = await joined(t, bus, { label: 'late' });
  for (const [i, size] of sizes.entries()) {
    const message = await late.recv();
    t.is((message.payload as string).length, size);
    t.deepEqual(message.metadata, i === 0 ? undefined : counted(i * 80));
    t.is(message.id, ids[i] ?? 0);
    t.is(message.from.id, sender.id);
  }
});

test('what a killed receiver had not taken comes to another one with it', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { messages: box, ringBytes: 16 * 1024 });
  const victim = inProcess(t, bus, teller);
  await victim.next();
  const sizes = Array.from({ length: 60 }, (_, i) => (i % 10 === 5 ? 100_000 : 1000) + i);
  const receipts = sizes.map((size, i) =>
    me.sendWithReceipt('teller | heir', box.Raw(new Uint8Array(size)), { metadata: counted(i) }),
  );
  const heir = await joined(t, bus, { label: 'heir', messages: box });
  await victim.kill();
  for (const [i, size] of sizes.entries()) {
    const message = await heir.recv();
    t.is(message.payload.length, size);
    t.deepEqual(message.metadata, i === 0 ? undefined : counted(i));
    t.is(message.id, receipts[i]?.id ?? 0);
  }
});

test('undelivered events have it', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { messages: box });
  const program = inProcess(t, bus, teller);
  await program.next();
  const metadata = counted(240);
  for (const size of [10, 500_000]) {
    const expired = undelivered(me);
    me.send('nobody', box.Raw(new Uint8Array(size)), { metadata, ttl: 1 });
    t.deepEqual((await expired).metadata, metadata);
  }
  const lost = undelivered(me);
  me.send('teller', box.Raw(new Uint8Array(10)), { metadata });
  await program.kill();
  t.deepEqual((await lost).metadata, metadata);
  const bare = undelivered(me);
  me.send('nobody', box.Raw(new Uint8Array(1)), { ttl: 1 });
  const event = await bare;
  t.true('metadata' in event);
  t.is(event.metadata, undefined);
});

test('views, buffers and shared memory are accepted', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: 'me' });
  const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 4);
  shared.set([1, 2, 3, 4]);
  for (const metadata of [shared, Buffer.from([1, 2, 3, 4]), counted(10).subarray(0, 4)]) {
    me.send('me', 'x', { metadata });
    const received = (await me.recv()).metadata;
    t.deepEqual(received, counted(4));
    t.false(Buffer.isBuffer(received));
  }
});

function refuses(
  t: ExecutionContext,
  endpoint: Endpoint<MessageBox>,
  metadata: unknown,
  limit?: number,
) {
  const options = { metadata: metadata as Uint8Array };
  const expected = { code: 'ERR_BUSBAR_INVALID_ARGUMENT', message: /metadata/ };
  const to = unicast('me');
  const message = 'x' as never;
  for (const send of ['send', 'sendWithReceipt'] as const) {
    const error = t.throws(() => endpoint[send](to, message, options), expected);
    t.like(error, { option: 'metadata', limit });
  }
  return Promise.all(
    (['sendWhenReady', 'sendWhenReadyWithReceipt', 'deliver'] as const).map(async (send) => {
      const error = await t.throwsAsync(endpoint[send](to, message, options), expected);
      t.like(error, { option: 'metadata', limit });
    }),
  );
}

test('anything else is refused at the call, and nothing is sent', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: 'me' });
  const transferred = counted(4);
  structuredClone(transferred, { transfer: [transferred.buffer as ArrayBuffer] });
  for (const wrong of ['text', 7, null, [1, 2], new Uint16Array(2), new ArrayBuffer(4)]) {
    await refuses(t, me as unknown as Endpoint<MessageBox>, wrong);
  }
  await refuses(t, me as unknown as Endpoint<MessageBox>, transferred);
  await refuses(t, me as unknown as Endpoint<MessageBox>, new Uint8Array(241), 240);
  me.send('me', 'the first', { metadata: new Uint8Array(240) });
  const message = await me.recv();
  t.is(message.payload, 'the first');
  t.throws(() => message.reply('x', { metadata: new Uint8Array(241) }), {
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
  });
  t.throws(() => me.send('me', 'x', { metaData: counted(1) } as never), {
    message: /did you mean 'metadata'/,
  });
});
