// The diagnostics channels: what they publish, for every way to send and to receive, and that they
// change nothing for the program.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import test, { type ExecutionContext } from 'ava';
import {
  bytes,
  type CloseDiagnostics,
  type JoinDiagnostics,
  messageBox,
  multicast,
  type ReceiveDiagnostics,
  raw,
  type SendDiagnostics,
  text,
  type UndeliveredDiagnostics,
  unicast,
} from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

interface Shapes {
  'busbar:join': JoinDiagnostics;
  'busbar:send': SendDiagnostics;
  'busbar:receive': ReceiveDiagnostics;
  'busbar:undelivered': UndeliveredDiagnostics;
  'busbar:close': CloseDiagnostics;
}

const box = messageBox({ Note: text, Blob: bytes });

/** Everything that is published about one bus until the end of the test, in order. */
function published<Name extends keyof Shapes>(
  t: ExecutionContext,
  bus: string,
  name: Name,
): Shapes[Name][] {
  const seen: Shapes[Name][] = [];
  const take = (message: unknown) => {
    // Other tests use the same channels.
    if ((message as Shapes[Name]).bus === bus) seen.push(message as Shapes[Name]);
  };
  subscribe(name, take);
  t.teardown(() => unsubscribe(name, take));
  return seen;
}

/** Answers every message, in a process of its own that watches itself. */
const watched: Source = async ({ busbar, bus, tell }) => {
  const { subscribe } = await import('node:diagnostics_channel');
  const names = ['join', 'send', 'receive', 'undelivered', 'close'];
  for (const name of names) {
    subscribe(`busbar:${name}`, (published) => {
      // Only what can be sent to the test.
      const { message, to, error, ...rest } = published as Partial<SendDiagnostics> &
        Partial<ReceiveDiagnostics> &
        Partial<CloseDiagnostics>;
      const { type, payload, from, id } = message ?? {};
      tell([name, message === undefined ? rest : { ...rest, type, payload, from, id }]);
    });
  }
  const endpoint = await busbar.join(bus, { label: 'watched' });
  for await (const message of endpoint) {
    if (message.payload === 'leave') break;
    message.reply('answer');
  }
  await endpoint.close();
};

test('another process publishes its join, what it receives and answers, and its close', async (t) => {
  const bus = newBus();
  const me = await joined(t, bus, { label: 'me' });
  const program = inProcess(t, bus, watched);
  const [joins, { endpointId, ...join }] =
    await program.next<[string, { endpointId: number; bus: string; label: string[] }]>();
  t.is(joins, 'join');
  t.deepEqual(join, { bus, label: ['watched'] });
  t.deepEqual(
    me.matches('watched').map(({ id }) => id),
    [endpointId],
  );
  me.send('watched', 'question');
  const answer = await me.recv();
  const received = await program.next<[string, Record<string, unknown>]>();
  t.like(received, ['receive', { bus, endpointId, type: 'plain', payload: 'question' }]);
  t.is((received[1].from as { id: number }).id, me.id);
  t.is(received[1].id, answer.replyTo);
  const sent = await program.next<[string, Record<string, unknown>]>();
  t.like(sent, [
    'send',
    { bus, endpointId, type: 'plain', payload: 'answer', format: 0, receivers: 1 },
  ]);
  t.is(sent[1].replyTo, answer.replyTo);
  t.is(sent[1].typeId, 'cfcd8a31-b14a-5916-b6b7-4d4c21123408');
  me.send('watched', 'leave');
  t.like(await program.next(), ['receive', { payload: 'leave' }]);
  t.deepEqual(await program.next(), ['close', { bus, endpointId }]);
});

test('every way to send is published once, with what was sent', async (t) => {
  const bus = newBus();
  const sent = published(t, bus, 'busbar:send');
  const a = await joined(t, bus, { label: 'a', messages: box });
  const b = await joined(t, bus, { label: 'b', messages: box });
  b.on('message', () => undefined);
  const note = box.Note('größe', { format: 3 });
  a.send('b', note);
  await a.sendWhenReady(unicast('b'), note);
  await a.deliver(multicast('a | b', { excludeSelf: true }), note);
  a.send(multicast('nobody'), note);
  a.send('late', note, { ttl: 60_000 });
  const common = {
    bus,
    endpointId: a.id,
    type: 'Note',
    typeId: text.id,
    format: 3,
    payload: 'größe',
    bytes: 7,
    replyTo: undefined,
    metadata: undefined,
  };
  const toOne = { ...common, to: unicast('b'), receivers: 1, peerId: b.id };
  const nobody = { ...common, receivers: 0, peerId: undefined };
  const others = multicast('a | b', { excludeSelf: true });
  t.deepEqual(sent, [
    { ...toOne, id: 1 },
    { ...toOne, id: 2 },
    { ...common, to: others, id: 3, receivers: 1, peerId: undefined },
    { ...nobody, to: multicast('nobody'), id: 0 },
    { ...nobody, to: unicast('late'), id: 4 },
  ]);
});

test('a subscriber that sends in turn does not change what its own call returns', async (t) => {
  const bus = newBus();
  const a = await joined(t, bus, { label: 'a' });
  const b = await joined(t, bus, { label: 'b' });
  let depth = 0;
  const take = (message: unknown) => {
    if ((message as SendDiagnostics).bus !== bus || depth++ > 0) return;
    a.send(multicast('b'), 'from the subscriber');
  };
  subscribe('busbar:send', take);
  t.teardown(() => unsubscribe('busbar:send', take));
  const metadata = new Uint8Array([1]);
  t.deepEqual(a.sendWithReceipt('b', 'first', { metadata }), { id: 1, receivers: 1, peerId: b.id });
  t.is((await b.recv()).id, 1);
  t.is((await b.recv()).id, 2);
  depth = 0;
  // Its delivery is not that of the subscriber's message, which has none.
  const delivered = a.deliver('b', 'awaited');
  t.is((await b.recv()).payload, 'awaited');
  t.is(await delivered, 1);
});

test('a send that fails publishes nothing', async (t) => {
  const bus = newBus();
  const sent = published(t, bus, 'busbar:send');
  const me = await joined(t, bus, { label: 'me', messages: box, maxMessageBytes: 10 });
  t.throws(() => me.send('nobody', box.Note('')), { code: 'ERR_BUSBAR_NO_RECIPIENT' });
  t.throws(() => me.send('me', box.Note('x'.repeat(11))), { code: 'ERR_BUSBAR_TOO_LARGE' });
  t.throws(() => me.send('me', box.Note(7 as never)), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' });
  t.deepEqual(sent, []);
});

test('every way to receive is published once, before the consumer has the message', async (t) => {
  const bus = newBus();
  const received = published(t, bus, 'busbar:receive');
  const a = await joined(t, bus, { label: 'a' });
  const b = await joined(t, bus, { label: 'b', prefetch: 1 });
  a.send('b', 'one');
  const one = await b.recv();
  t.deepEqual(received, [{ bus, endpointId: b.id, message: one as never }]);
  a.send('b', 'two');
  for await (const two of b) {
    t.is(received[1]?.message, two as never);
    break;
  }
  const waiting = b.recv();
  a.send('b', 'three');
  t.is(received[2]?.message, undefined);
  t.is((await waiting).payload, 'three');
  t.is(received[2]?.message.payload, 'three');
  const heard = nextEvent(b as never, 'message');
  a.send('b', 'four');
  t.is(received.length, 3);
  t.is(await heard, received[3]?.message);
  t.deepEqual(
    received.map(({ message }) => message.payload),
    ['one', 'two', 'three', 'four'],
  );
});

test('undelivered messages are published without a listener, as of the subscription', async (t) => {
  const bus = newBus();
  const a = await joined(t, bus, { label: 'a' });
  a.send('nobody', 'before', { ttl: 60_000 });
  const news = deferred();
  const take = (message: unknown) => {
    if ((message as UndeliveredDiagnostics).bus === bus) news.resolve(message);
  };
  subscribe('busbar:undelivered', take);
  a.send('nobody', { since: 'then' }, { ttl: 1 });
  t.deepEqual(await news.promise, {
    bus,
    endpointId: a.id,
    type: 'plain',
    payload: { since: 'then' },
    id: 2,
    metadata: undefined,
    peerId: undefined,
    reason: 'ERR_BUSBAR_NO_RECIPIENT',
  });
  unsubscribe('busbar:undelivered', take);
  // A listener of the endpoint goes on, and comes and goes without the channel.
  const event = nextEvent(a as never, 'undelivered');
  a.send('nobody', 'after', { ttl: 1 });
  t.like(await event, { payload: 'after' });
});

test('a message that dies with its receiver is published, too', async (t) => {
  const bus = newBus();
  const undelivered = published(t, bus, 'busbar:undelivered');
  const a = await joined(t, bus);
  const program = inProcess(t, bus, async ({ busbar, bus, tell, told }) => {
    tell((await busbar.join(bus, { label: 'victim' })).id);
    await told();
  });
  const peerId = await program.next<number>();
  const failed = a.deliver('victim', 'last words');
  await program.kill();
  await t.throwsAsync(failed, { code: 'ERR_BUSBAR_UNDELIVERED' });
  while (undelivered.length === 0) await new Promise((resolve) => setImmediate(resolve));
  t.like(undelivered, [{ endpointId: a.id, payload: 'last words', peerId }]);
});

test('close is published with its reason, and join for each endpoint', async (t) => {
  const bus = newBus();
  const [joins, closes] = [published(t, bus, 'busbar:join'), published(t, bus, 'busbar:close')];
  const a = await joined(t, bus, { label: ['a', 'b'] });
  const b = await joined(t, bus);
  await t.throwsAsync(joined(t, bus, { token: 'wrong' }), { code: 'ERR_BUSBAR_TOKEN_MISMATCH' });
  t.deepEqual(joins, [
    { bus, endpointId: a.id, label: ['a', 'b'] },
    { bus, endpointId: b.id, label: [] },
  ]);
  await b.close();
  await a.close();
  t.deepEqual(closes, [
    { bus, endpointId: b.id, error: undefined },
    { bus, endpointId: a.id, error: undefined },
  ]);
});

test('the raw box names the type by its UUID', async (t) => {
  const bus = newBus();
  const sent = published(t, bus, 'busbar:send');
  const received = published(t, bus, 'busbar:receive');
  const me = await joined(t, bus, { label: 'me', messages: raw });
  const content = { typeId: text.id, format: 5, bytes: Uint8Array.of(65) };
  me.send('me', raw.message(content));
  await me.recv();
  t.like(sent, [{ type: text.id, typeId: text.id, format: 5, bytes: 1, payload: content }]);
  t.is(received[0]?.message.type, text.id);
});

test('a subscriber that throws harms neither sender nor receiver', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const { subscribe } = await import('node:diagnostics_channel');
    let caught = 0;
    process.on('uncaughtException', () => caught++);
    for (const name of ['join', 'send', 'receive', 'close']) {
      subscribe(`busbar:${name}`, () => {
        throw new Error('a faulty tool');
      });
    }
    const endpoint = await busbar.join(bus, { label: 'me' });
    const sent = endpoint.send('me', 'hello');
    const { payload } = await endpoint.recv();
    await endpoint.close();
    setImmediate(() => tell({ sent, payload, caught }));
  });
  t.deepEqual(await program.next(), { sent: 1, payload: 'hello', caught: 4 });
});

function deferred() {
  let resolve: (value: unknown) => void = () => undefined;
  const promise = new Promise<unknown>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
