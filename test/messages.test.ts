// Message types across a process boundary: every codec, boxes that differ, refused payloads.
import type { EventEmitter } from 'node:events';
import test from 'ava';
import {
  bytes,
  json,
  messageBox,
  messagePack,
  messageType,
  struct,
  structuredClone,
  text,
  type UnknownEvent,
} from 'busbar';
import { inProcess, inWorker, joined, newBus, nextEvent, type Source } from './support/program.js';

const Point = struct({ x: 'f64', y: 'f64', id: 'u32' });
const box = messageBox({
  Text: text,
  Raw: bytes,
  Json: json<unknown>('test.json'),
  Pack: messagePack<unknown>('test.pack'),
  Clone: structuredClone<unknown>('test.clone'),
  Point: messageType('test.point', { codec: Point }),
});

/** Has the types of the box above under other keys, and sends each message back unchanged. */
const echo: Source = async ({ busbar, bus, tell }) => {
  const point = busbar.struct({ x: 'f64', y: 'f64', id: 'u32' });
  const box = busbar.messageBox({
    P: busbar.messageType('test.point', { codec: point }),
    C: busbar.structuredClone<unknown>('test.clone'),
    M: busbar.messagePack<unknown>('test.pack'),
    J: busbar.json<unknown>('test.json'),
    B: busbar.bytes,
    T: busbar.text,
  });
  const endpoint = await busbar.join(bus, { label: 'echo', messages: box });
  tell('joined');
  for await (const message of endpoint) {
    if (message.type === 'T') message.reply(box.T(message.payload));
    if (message.type === 'B') message.reply(box.B(message.payload, { format: message.format + 1 }));
    if (message.type === 'J') message.reply(box.J(message.payload));
    if (message.type === 'M') message.reply(box.M(message.payload));
    if (message.type === 'C') message.reply(box.C(message.payload));
    if (message.type === 'P') {
      const { x, y, id } = message.payload;
      message.reply(box.P({ x: y, y: x, id: id + 1 }));
    }
  }
};

for (const [where, start] of [
  ['another process', inProcess],
  ['a worker thread', inWorker],
] as const) {
  test(`every codec goes to ${where} and back, under other keys`, async (t) => {
    const bus = newBus();
    const endpoint = await joined(t, bus, { messages: box });
    const program = start(t, bus, echo);
    await program.next();

    endpoint.send('echo', box.Text('ün\u0000ï \u{1f68c}'));
    t.like(await endpoint.recv(), { type: 'Text', payload: 'ün\u0000ï \u{1f68c}' });
    endpoint.send('echo', box.Raw(Uint8Array.of(1, 2, 255), { format: 0xfffe }));
    t.like(await endpoint.recv(), { type: 'Raw', format: 0xffff });
    const value = { a: [1, -2.5, 'three', null, true], nested: { deep: [[]] } };
    endpoint.send('echo', box.Json(value));
    t.like(await endpoint.recv(), { type: 'Json', payload: value });
    const rich = { ...value, bytes: Uint8Array.of(9), date: new Date(5), map: new Map([[1, 2]]) };
    endpoint.send('echo', box.Clone(rich));
    t.like(await endpoint.recv(), { type: 'Clone', payload: rich });
    endpoint.send('echo', box.Pack({ ...value, date: new Date(5) }));
    t.like(await endpoint.recv(), { type: 'Pack', payload: { ...value, date: new Date(5) } });
    endpoint.send('echo', box.Point({ x: 1.5, y: -2, id: 7 }));
    const message = await endpoint.recv();
    if (message.type !== 'Point') return t.fail(message.type);
    const { x, y, id } = message.payload;
    t.deepEqual({ x, y, id }, { x: -2, y: 1.5, id: 8 });
  });
}

test('without a box, any plain value goes', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus);
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'echo' });
    tell('joined');
    for await (const message of endpoint) message.reply(message.payload);
  });
  await program.next();
  for (const value of [
    0,
    -1,
    2 ** 40,
    1.5,
    '',
    'text',
    true,
    null,
    [],
    [1, [2]],
    {},
    { a: { b: 1 } },
  ]) {
    endpoint.send('echo', value);
    t.deepEqual((await endpoint.recv()).payload, value);
  }
});

test('an unknown type is emitted once per type and sender, counted, and costs no other message', async (t) => {
  const bus = newBus();
  const receiver = await joined(t, bus, {
    label: 'receiver',
    messages: messageBox({ Text: text }),
  });
  const senders = [
    await joined(t, bus, { messages: box }),
    await joined(t, bus, { messages: box }),
  ];
  const told: UnknownEvent[] = [];
  receiver.on('unknown', (event) => told.push(event));
  for (const sender of senders) {
    for (let i = 0; i < 10; i++) {
      sender.send('receiver', box.Json(i));
      sender.send('receiver', box.Pack(i));
    }
    sender.send('receiver', box.Text('known'));
    const message = await receiver.recv();
    t.like(message, { payload: 'known', from: { id: sender.id } });
  }
  t.is(receiver.counters.unknown, 40);
  const types = [json('test.json').id, messagePack('test.pack').id];
  t.deepEqual(
    told.map(({ type, from }) => [type, from.id]),
    senders.flatMap(({ id }) => types.map((type) => [type, id])),
  );
});

test('bytes that the codec cannot read emit rejected', async (t) => {
  const bus = newBus();
  const ours = messageBox({ Any: messageType('test.any', { codec: bytes.codec }), Text: text });
  const theirs = messageBox({ Json: json('test.any'), Text: text });
  const sender = await joined(t, bus, { messages: ours });
  const receiver = await joined(t, bus, { label: 'receiver', messages: theirs });
  const rejected = nextEvent(receiver as unknown as EventEmitter, 'rejected');
  const { id } = sender.sendWithReceipt('receiver', ours.Any(Buffer.from('{no json')), {
    replyTo: 7,
  });
  sender.send('receiver', ours.Text('fine'));
  t.is((await receiver.recv()).payload, 'fine');
  t.like(await rejected, {
    type: 'Json',
    from: { id: sender.id },
    id,
    replyTo: 7,
    error: { code: 'ERR_BUSBAR_DECODE_FAILED' },
  });
  t.is(receiver.counters.rejected, 1);
});

test('a message of a type that the own box lacks is refused at the call', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'me', messages: messageBox({ Text: text }) });
  t.throws(() => endpoint.send('me', box.Json(1) as never), { code: 'ERR_BUSBAR_UNKNOWN_TYPE' });
});

/** A handwritten schema: numbers above 0, doubled. */
const positive = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) =>
      typeof value === 'number' && value > 0
        ? { value: value * 2 }
        : { issues: [{ message: 'expected a positive number' }] },
    types: undefined as { readonly input: number; readonly output: number } | undefined,
  },
} as const;

test('a schema validates and transforms on receipt, and its refusal emits rejected', async (t) => {
  const bus = newBus();
  const open = messageBox({ Amount: messagePack<number>('test.amount') });
  const strict = messageBox({ Amount: messageType('test.amount', { schema: positive }) });
  const sender = await joined(t, bus, { messages: open });
  const receiver = await joined(t, bus, { label: 'receiver', messages: strict });
  const rejected = nextEvent(receiver as unknown as EventEmitter, 'rejected');
  sender.send('receiver', open.Amount(-1));
  sender.send('receiver', open.Amount(21));
  t.is((await receiver.recv()).payload, 42);
  t.like(await rejected, { type: 'Amount', error: { code: 'ERR_BUSBAR_SCHEMA_MISMATCH' } });
  t.is(receiver.counters.rejected, 1);
});
