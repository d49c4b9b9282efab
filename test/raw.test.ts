// The raw box: an endpoint that receives messages of every type and sends messages of any, without
// knowing the types.
import { openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import {
  bytes,
  json,
  KernelObject,
  MemoryRegion,
  messageBox,
  messageType,
  multicast,
  type RawContent,
  raw,
  text,
} from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

const file = fileURLToPath(new URL('../package.json', import.meta.url));
const box = messageBox({ Note: text, Blob: bytes, Config: json('test.config') });
const plain = messageType('busbar.plain').id;
const textOf = (content: Uint8Array) => Buffer.from(content).toString();

/** Sends one message of each kind to 'recorder', then as many as it is told to. */
const sender: Source = async ({ busbar, bus, tell, told }) => {
  const { bytes, join, json, messageBox, messageType, struct, text } = busbar;
  const Pose = messageType('test.pose', { codec: struct({ x: 'f64', id: 'u32' }) });
  const box = messageBox({ Pose, Note: text, Blob: bytes, Config: json('test.config') });
  const typed = await join(bus, { messages: box });
  const untyped = await join(bus);
  typed.send('recorder', box.Pose({ x: 1.5, id: 7 }));
  typed.send('recorder', box.Note('größe'));
  typed.send('recorder', box.Blob(new Uint8Array(300_000).fill(9), { format: 40_000 }));
  typed.send('recorder', box.Config({ on: true }, { format: 3 }));
  await typed.drained();
  untyped.send('recorder', { any: 'value' });
  tell([Pose.id, typed.id, untyped.id]);
  await told();
  await Promise.all([typed.close(), untyped.close()]);
};

/** Answers each note with a note, and each blob with its bytes and format. */
const answering: Source = async ({ busbar, bus, tell }) => {
  const { bytes, join, messageBox, text } = busbar;
  const box = messageBox({ Note: text, Blob: bytes });
  const endpoint = await join(bus, { label: 'answering', messages: box });
  endpoint.on('unknown', ({ type }) => tell(`unknown ${type}`));
  endpoint.on('rejected', ({ type, error }) => tell(`rejected ${type} ${error.code}`));
  tell(endpoint.id);
  for await (const message of endpoint) {
    if (message.type === 'Note') message.reply(box.Note(`heard ${message.payload}`));
    else message.reply(box.Blob(message.payload, { format: message.format + 1 }));
  }
};

test('every type is received as it was sent, and none is unknown', async (t) => {
  const bus = newBus();
  const recorder = await joined(t, bus, { label: 'recorder', messages: raw });
  recorder.on('unknown', () => t.fail('a type is unknown'));
  recorder.on('rejected', () => t.fail('a message was rejected'));
  const program = inProcess(t, bus, sender);
  const [pose, typed, untyped] = await program.next<[string, number, number]>();
  const contents = new Map<string, RawContent>();
  for (let i = 0; i < 5; i++) {
    const message = await recorder.recv();
    t.is(message.type, message.payload.typeId);
    t.is(message.format, message.payload.format);
    t.is(message.from.id, message.type === plain ? untyped : typed);
    contents.set(message.type, message.payload);
  }
  const { bytes: struct } = contents.get(pose) ?? { bytes: new Uint8Array(16) };
  const view = new DataView(struct.buffer, struct.byteOffset);
  t.deepEqual([view.getFloat64(0, true), view.getUint32(8, true)], [1.5, 7]);
  t.is(textOf(contents.get(text.id)?.bytes ?? new Uint8Array()), 'größe');
  t.deepEqual(contents.get(bytes.id), {
    typeId: bytes.id,
    format: 40_000,
    bytes: new Uint8Array(300_000).fill(9),
  });
  const config = contents.get(messageType('test.config').id);
  t.is(config?.format, 3);
  t.deepEqual(JSON.parse(textOf(config?.bytes ?? new Uint8Array())), { on: true });
  t.true((contents.get(plain)?.bytes.length ?? 0) > 0);
  t.like(recorder.counters, { receivedMessages: 5, unknown: 0, rejected: 0 });
  program.say('leave');
});

test('messages of any type are sent, and answered', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, answering);
  const id = await program.next<number>();
  const tool = await joined(t, bus, { messages: raw });
  const said = Buffer.from('hello');
  t.is(tool.send('answering', raw.message({ typeId: text.id.toUpperCase(), bytes: said })), 1);
  const answer = await tool.recv();
  t.is(answer.from.id, id);
  t.is(answer.type, text.id);
  t.is(textOf(answer.payload.bytes), 'heard hello');
  t.is(typeof answer.replyTo, 'number');

  for (const length of [0, 1, 64, 5000, 300_000]) {
    const content = new Uint8Array(length).fill(length % 251);
    tool.send('answering', raw.message({ typeId: bytes.id, format: 8, bytes: content }));
    t.deepEqual((await tool.recv()).payload, { typeId: bytes.id, format: 9, bytes: content });
  }
  // Bytes that are not what the receiver's codec reads, and types that it does not know; those that
  // RFC 9562 does not know, too.
  tool.send('answering', raw.message({ typeId: text.id, bytes: Uint8Array.of(0xff) }));
  t.is(await program.next(), 'rejected Note ERR_BUSBAR_DECODE_FAILED');
  for (const typeId of [
    messageType('test.unheard').id,
    '00000000-0000-0000-0000-000000000000',
    '11111111-2222-f333-4444-555555555555',
  ]) {
    tool.send('answering', raw.message({ typeId, bytes: new Uint8Array() }));
    t.is(await program.next(), `unknown ${typeId}`);
  }
  tool.send('answering', raw.message({ typeId: text.id, bytes: said }));
  t.is(textOf((await tool.recv()).payload.bytes), 'heard hello');
});

test('a bridge passes messages on with all that belongs to them', async (t) => {
  const [here, there] = [newBus(), newBus()];
  const program = inProcess(t, there, answering);
  await program.next();
  const asking = await joined(t, here, { messages: box });
  const near = await joined(t, here, { label: 'answering', messages: raw });
  const far = await joined(t, there, { messages: raw });
  const witness = await joined(t, there, { label: 'witness', messages: box });

  near.on('message', async (message) => {
    const { payload, objects, regions } = message;
    const to = objects.length > 0 ? 'witness' : 'answering';
    far.send(to, raw.message(payload), { objects, regions });
    if (to === 'answering') message.reply(raw.message((await far.recv()).payload));
  });
  const question = box.Note('the question');
  asking.send('answering', question);
  const answer = await asking.recv();
  t.is(answer.payload, 'heard the question');
  t.is(answer.from.id, near.id);
  t.not(answer.replyTo, undefined);
  asking.send('answering', box.Blob(new Uint8Array(100_000).fill(3), { format: 1 }));
  t.like(await asking.recv(), { payload: new Uint8Array(100_000).fill(3), format: 2 });

  const region = MemoryRegion.create(4096);
  region.bytes.set([1, 2, 3]);
  using object = KernelObject.fromFd(openSync(file, 'r'), { takeOver: true });
  asking.send('answering', box.Config({ with: 'attachments' }), {
    objects: [object],
    regions: [region],
  });
  region.release();
  const arrived = await witness.recv();
  t.deepEqual(arrived.payload, { with: 'attachments' });
  t.deepEqual([...(arrived.regions[0]?.bytes.subarray(0, 3) ?? [])], [1, 2, 3]);
  t.is(readFileSync(arrived.objects[0]?.take() as number, 'utf8'), readFileSync(file, 'utf8'));
});

test('messages of other boxes are sent, too', async (t) => {
  const bus = newBus();
  const tool = await joined(t, bus, { messages: raw });
  const receiver = await joined(t, bus, { label: 'receiver', messages: box });
  tool.send('receiver', box.Note('from a box'));
  tool.send('receiver', box.Config([1, 2], { format: 5 }));
  tool.send('receiver', raw.message({ typeId: text.id, bytes: Buffer.from('raw') }));
  t.like(await receiver.recv(), { type: 'Note', payload: 'from a box' });
  t.like(await receiver.recv(), { type: 'Config', payload: [1, 2], format: 5 });
  t.like(await receiver.recv(), { type: 'Note', payload: 'raw' });
});

test('there may be any number of types', async (t) => {
  const bus = newBus();
  const tool = await joined(t, bus, { messages: raw });
  const other = await joined(t, bus, { label: 'other', messages: raw });
  const types = Array.from({ length: 3000 }, (_, i) => messageType(`test.${i % 2000}`).id);
  const received = (async () => {
    const seen: string[] = [];
    for await (const { payload } of other) {
      t.is(payload.bytes[0], seen.length % 256);
      if (seen.push(payload.typeId) === types.length) return seen;
    }
    return seen;
  })();
  for (const [i, typeId] of types.entries()) {
    await tool.sendWhenReady('other', raw.message({ typeId, bytes: Uint8Array.of(i % 256) }));
  }
  t.deepEqual(await received, types);
});

test('acknowledgements, ttl and multicasts are as with any box', async (t) => {
  const bus = newBus();
  const tool = await joined(t, bus, { messages: raw });
  const early = raw.message({ typeId: text.id, bytes: Buffer.from('early') });
  t.is(tool.send('late', early, { ttl: 60_000 }), 0);
  const late = await joined(t, bus, { label: ['late', 'two'], messages: raw });
  t.is(textOf((await late.recv()).payload.bytes), 'early');
  const second = await joined(t, bus, { label: 'two', messages: raw });
  late.on('message', () => undefined);
  second.on('message', () => undefined);
  t.is(await tool.deliver(multicast('two'), early, { acknowledge: 'handled' }), 2);
});

test('what comes back undelivered can be sent again', async (t) => {
  const bus = newBus();
  const tool = await joined(t, bus, { messages: raw });
  const undelivered = nextEvent(tool as never, 'undelivered');
  const content = { typeId: messageType('test.lost').id, format: 77, bytes: Uint8Array.of(4, 5) };
  tool.send('nobody', raw.message(content), { ttl: 1 });
  const event = (await undelivered) as { type: string; payload: RawContent; reason: string };
  t.is(event.type, content.typeId);
  t.is(event.reason, 'ERR_BUSBAR_NO_RECIPIENT');
  t.deepEqual(event.payload, content);
  const heir = await joined(t, bus, { label: 'heir', messages: raw });
  tool.send('heir', raw.message(event.payload));
  t.deepEqual((await heir.recv()).payload, content);
});

test('what is no message is refused', async (t) => {
  const invalid = { code: 'ERR_BUSBAR_INVALID_ARGUMENT' };
  const content = { typeId: text.id, bytes: new Uint8Array() };
  for (const typeId of ['', 'com.example.move', text.id.slice(1), `${text.id}0`, 7, undefined]) {
    t.throws(() => raw.message({ ...content, typeId: typeId as string }), {
      ...invalid,
      message: /^typeId is/,
    });
  }
  for (const format of [-1, 65_536, 1.5, '1']) {
    t.throws(() => raw.message({ ...content, format: format as number }), {
      ...invalid,
      message: /^format is/,
    });
  }
  for (const bytes of [undefined, 'text', [1], new Uint16Array(1)]) {
    t.throws(() => raw.message({ ...content, bytes: bytes as never }), {
      ...invalid,
      message: /^bytes is/,
    });
  }
  t.throws(() => raw.message({ ...content, fromat: 1 } as never), { message: /mean 'format'/ });
  const tool = await joined(t, newBus(), { label: 'me', messages: raw });
  t.throws(() => tool.send('me', 'text' as never), { ...invalid, message: /raw\.message\(…\)/ });
  t.throws(() => tool.send('me', content as never), { ...invalid, message: /is an object/ });
});

test('large payloads do not share memory with other messages', async (t) => {
  const bus = newBus();
  const tool = await joined(t, bus, { label: 'me', messages: raw });
  const content = new Uint8Array(400_000).fill(1);
  tool.send('me', raw.message({ typeId: bytes.id, bytes: content }));
  const { payload } = await tool.recv();
  t.is(Object.getPrototypeOf(payload.bytes), Uint8Array.prototype);
  t.is(payload.bytes.buffer.byteLength, content.length);
});
