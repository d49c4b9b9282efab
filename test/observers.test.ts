// Observers: what they see of members in other processes, what they cannot see, and that what they
// lose is counted exactly.
import test, { type ExecutionContext } from 'ava';
import {
  type ControllerEvent,
  KernelObject,
  type LostObservation,
  label,
  MemoryRegion,
  messageBox,
  messageType,
  multicast,
  type Observation,
  type ObserveOptions,
  type Observer,
  observe,
  type SentObservation,
  text,
  type UndeliveredObservation,
} from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';
import { continueProcess, stopProcess } from './support/suspend.js';
import { until } from './support/waiting.js';

async function observing(
  t: ExecutionContext,
  bus: string,
  options?: ObserveOptions,
): Promise<Observer> {
  const observer = await observe(bus, options);
  t.teardown(() => observer.close());
  return observer;
}

/** The next `count` observations. */
async function seenBy(observer: Observer, count: number): Promise<Observation[]> {
  const seen: Observation[] = [];
  while (seen.length < count) seen.push(await observer.recv());
  return seen;
}

async function sentTo(observer: Observer): Promise<SentObservation> {
  const seen = await observer.recv();
  if (seen.kind !== 'sent') throw new Error(`it is ${seen.kind}`);
  return seen;
}

/** As many of each sender: those of one come in order, those of several in any. */
async function sentBy(observer: Observer, ids: readonly number[], count: number) {
  const seen = new Map(ids.map((id) => [id, [] as SentObservation[]]));
  for (let left = ids.length * count; left > 0; left--) {
    const one = await sentTo(observer);
    seen.get(one.from.id)?.push(one);
  }
  return ids.map((id) => seen.get(id) as SentObservation[]);
}

/** Joins with the label it gets; answers each message, and reports it. */
const answerer: Source = async ({ busbar, bus, tell, told }) => {
  const options = (await told()) as { label: string; observable?: boolean };
  const endpoint = await busbar.join(bus, options);
  endpoint.on('message', (message) => {
    message.reply({ answer: message.payload });
    tell(message.id);
  });
  tell(endpoint.id);
};

async function answering(
  t: ExecutionContext,
  bus: string,
  options: { label: string; observable?: boolean },
) {
  const program = inProcess(t, bus, answerer);
  program.say(options);
  return { program, id: await program.next<number>() };
}

/** Observes on order, counts until it has seen the 'end' of a sender, and reports the counts. */
const counter: Source = async ({ busbar, bus, tell, told }) => {
  const observer = await busbar.observe(bus, { types: [busbar.text], payloadBytes: 3 });
  tell(observer.id);
  await told();
  let sent = 0;
  let lost = 0;
  for await (const seen of observer) {
    if (seen.kind === 'lost') lost += seen.count;
    else if (Buffer.from(seen.payload).toString() === 'end') break;
    else sent++;
  }
  tell({ sent, lost });
};

test('sees a message, its reply and their metadata, but is no endpoint that anybody meets', async (t) => {
  const bus = newBus();
  const asker = await joined(t, bus, { label: 'asker' });
  const friend = await answering(t, bus, { label: 'friend' });
  const news: number[] = [];
  asker.on('peer', ({ peer }) => news.push(peer.id));
  const observer = await observing(t, bus, { payloadBytes: 1000, label: 'tap' });

  t.deepEqual(asker.observers, [{ id: observer.id, pid: process.pid, label: ['tap'] }]);
  t.deepEqual(
    asker.peers.map(({ id }) => id),
    [friend.id],
  );
  t.deepEqual(asker.matches('tap'), []);
  t.is(asker.matches(multicast(label('tap').not())).length, 2);
  t.throws(() => asker.send('tap', 1), { code: 'ERR_BUSBAR_NO_RECIPIENT' });
  t.deepEqual(observer.peers.map(({ id }) => id).sort(), [asker.id, friend.id].sort());

  const before = performance.timeOrigin + performance.now();
  const metadata = Uint8Array.of(1, 2, 3);
  const receipt = asker.sendWithReceipt('friend', { question: 7 }, { metadata });
  const answer = await asker.recv();
  const after = performance.timeOrigin + performance.now();

  const [[question], [reply]] = (await sentBy(observer, [asker.id, friend.id], 1)) as [
    [SentObservation],
    [SentObservation],
  ];
  t.like(question, {
    from: { id: asker.id, pid: process.pid, label: ['asker'] },
    to: [{ id: friend.id, pid: friend.program.pid, label: ['friend'] }],
    id: receipt.id,
    unicast: true,
    receivers: 1,
    again: false,
    replyTo: undefined,
    objects: 0,
    regions: 0,
  });
  t.is(question.bytes, question.payload.length);
  t.true(Buffer.from(question.payload).includes('question'));
  t.deepEqual(question.metadata, metadata);
  t.like(reply, { id: answer.id, replyTo: receipt.id, from: { id: friend.id } });
  t.is(reply.metadata, undefined);
  t.deepEqual(
    reply.to.map(({ id }) => id),
    [asker.id],
  );
  // Of this day's clock, which was read a while after the clock of the messages.
  for (const { time } of [question, reply]) t.true(before - 60_000 < time && time < after + 60_000);

  await observer.close();
  const late = await joined(t, bus, { label: 'late' });
  await until(asker, 'peer', () => news.length > 0);
  t.deepEqual(news, [late.id]);
});

test('tells times by which no reply is earlier than what it answers', async (t) => {
  const bus = newBus();
  const asker = await joined(t, bus, { label: 'asker' });
  const friend = await answering(t, bus, { label: 'friend' });
  const observer = await observing(t, bus, { prefetch: 65_535 });
  const rounds = 500;
  for (let i = 0; i < rounds; i++) {
    asker.send('friend', i);
    await asker.recv();
  }
  const [questions, replies] = await sentBy(observer, [asker.id, friend.id], rounds);
  let last = 0;
  for (const [i, question] of (questions ?? []).entries()) {
    const reply = replies?.[i];
    t.is(reply?.replyTo, question.id);
    for (const { time } of [question, reply ?? question]) {
      if (time < last) t.fail(`round ${i}: ${time} after ${last}`);
      last = time;
    }
  }
});

test('chooses by type and by label, and names what a message carries', async (t) => {
  const bus = newBus();
  const Move = messageType<number>('com.example.move');
  const Stay = messageType<number>('com.example.stay');
  const box = messageBox({ Move, Stay, Text: text });
  const sender = await joined(t, bus, { label: ['sun', 'test'], messages: box });
  await joined(t, bus, { label: 'moon', messages: box });
  await joined(t, bus, { label: 'moon', messages: box });
  await joined(t, bus, { label: ['mars', 'test'], messages: box });
  const moves = await observing(t, bus, { types: [Move], match: 'moon' });
  const byName = await observing(t, bus, { types: ['com.example.stay', text], payloadBytes: 2 });
  const untested = await observing(t, bus, { match: label('test').not() });

  sender.send('mars', box.Move(1));
  const region = MemoryRegion.create(4096);
  using object = KernelObject.fromFd(0);
  sender.send(multicast('moon'), box.Move(2), { regions: [region, region], objects: [object] });
  sender.send('mars', box.Stay(300));
  sender.send('moon', box.Text('hello'));

  const move = await sentTo(moves);
  t.like(move, { typeId: Move.id, unicast: false, receivers: 2, objects: 1, regions: 2 });
  t.deepEqual(
    move.to.map((peer) => peer.label),
    [['moon'], ['moon']],
  );
  t.is(move.payload.length, 0);
  const [stay, hello] = (await seenBy(byName, 2)) as SentObservation[];
  t.is(stay?.typeId, Stay.id);
  t.is(Buffer.from(hello?.payload ?? []).toString(), 'he');
  t.is(hello?.bytes, 5);
  const [first, second] = (await seenBy(untested, 2)) as SentObservation[];
  t.is(first?.typeId, Move.id);
  t.is(second?.typeId, text.id);
  region.release();
});

test('sees large payloads from their beginning, and what nobody gets', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender' });
  await joined(t, bus, { label: 'taker' });
  const observer = await observing(t, bus, { payloadBytes: 49_152 });
  const large = new Uint8Array(3_000_000).fill(7);
  sender.send('taker', large);
  t.is(sender.send(multicast('nobody'), 1), 0);
  const seen = await sentTo(observer);
  t.true(seen.bytes > large.length);
  t.is(seen.payload.length, 49_152);
  t.true(seen.payload.subarray(100).every((byte) => byte === 7));
  t.like(await sentTo(observer), { receivers: 0, to: [], unicast: false });
});

test('sees what becomes of messages to an endpoint that is killed', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender' });
  const sleeper: Source = async ({ busbar, bus, tell }) => {
    // Takes nothing.
    const endpoint = await busbar.join(bus, { label: 'sleeper' });
    tell(endpoint.id);
    setInterval(() => undefined, 60_000);
  };
  const program = inProcess(t, bus, sleeper);
  const id = await program.next<number>();
  const observer = await observing(t, bus, { match: 'sleeper', payloadBytes: 100 });
  const sent = sender.sendWithReceipt('sleeper', 'lost');
  t.is((await sentTo(observer)).id, sent.id);
  program.child?.kill('SIGKILL');
  const gone = (await observer.recv()) as UndeliveredObservation;
  t.like(gone, { kind: 'undelivered', id: sent.id, reason: 'ERR_BUSBAR_PEER_GONE' });
  t.like(gone.to, { id, label: ['sleeper'] });
  t.true(Buffer.from(gone.payload).includes('lost'));

  sender.send('never', 1, { ttl: 1 });
  const everything = await observing(t, bus);
  sender.send('neither', 1, { ttl: 1 });
  const expired = (await everything.recv()) as UndeliveredObservation;
  t.like(expired, { kind: 'undelivered', to: undefined, reason: 'ERR_BUSBAR_NO_RECIPIENT' });
});

test('sees nothing of a member that is not observable', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender' });
  const secret = await answering(t, bus, { label: 'secret', observable: false });
  const open = await answering(t, bus, { label: 'open' });
  const observer = await observing(t, bus);
  sender.send('secret', 1);
  await sender.recv();
  sender.send(multicast('secret | open'), 2);
  await sender.recv();
  await sender.recv();
  sender.send('open', 3);
  await sender.recv();
  // The replies of `open`, and none of `secret`.
  const [sent, replies] = await sentBy(observer, [sender.id, open.id], 2);
  t.deepEqual(
    sent?.map(({ receivers, to }) => [receivers, ...to.map(({ id }) => id)]),
    [
      [2, open.id],
      [1, open.id],
    ],
  );
  t.is(replies?.length, 2);
  t.not(secret.id, open.id);
});

test('that is stopped loses what is counted, for each sender', async (t) => {
  const bus = newBus();
  const box = messageBox({ Text: text });
  const receiver = await joined(t, bus, { label: 'receiver', messages: box });
  receiver.on('message', () => undefined);
  const sender = await joined(t, bus, { label: 'sender', messages: box });
  const program = inProcess(t, bus, counter);
  await program.next();
  const { child } = program;
  if (child === undefined) throw new Error('it runs in a process');
  stopProcess(child);
  const count = 20_000;
  for (let i = 0; i < count; i++) await sender.sendWhenReady('receiver', box.Text('message'));
  continueProcess(child);
  program.say('go');
  // Until it has read half of the ring, also the end would be lost.
  let ended = false;
  let ends = 0;
  const counted = program.next<{ sent: number; lost: number }>().finally(() => {
    ended = true;
  });
  while (!ended) {
    sender.send('receiver', box.Text('end'));
    ends++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { sent, lost } = await counted;
  t.true(lost > 0);
  // Of the ends it has seen one, and lost others.
  t.true(sent + lost >= count && sent + lost < count + ends, `${sent} + ${lost}`);
});

test('learns the number of lost observations though nothing more is sent', async (t) => {
  const bus = newBus();
  const receiver = await joined(t, bus, { label: 'receiver' });
  receiver.on('message', () => undefined);
  const sender = await joined(t, bus, { label: 'sender', ringBytes: 16_384 });
  const observer = await observing(t, bus, { prefetch: 1 });
  const count = 1000;
  for (let i = 0; i < count; i++) await sender.sendWhenReady('receiver', i);
  let seen = 0;
  let lost = 0;
  while (seen + lost < count) {
    const next: Observation = await observer.recv();
    if (next.kind === 'lost') lost += (next satisfies LostObservation).count;
    else seen++;
  }
  t.true(lost > 0);
  t.is(seen + lost, count);
});

test('joins while traffic is under way, and outlives the controller', async (t) => {
  const bus = newBus();
  const source: Source = async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'controller' });
    // Keeps the process alive.
    endpoint.on('message', () => undefined);
    tell(endpoint.id);
  };
  const controller = inProcess(t, bus, source);
  await controller.next();
  const receiver = await joined(t, bus, { label: 'receiver' });
  receiver.on('message', () => undefined);
  const sender = await joined(t, bus, { label: 'sender' });
  let next = 0;
  const ids: number[] = [];
  const send = () => ids.push(sender.sendWithReceipt('receiver', next++).id);
  const sending = setInterval(send, 1);
  t.teardown(() => clearInterval(sending));
  const observer = await observing(t, bus);
  const first = await sentTo(observer);
  const from = ids.indexOf(first.id);
  const rest: number[] = [];
  controller.child?.kill('SIGKILL');
  t.is(observer.controller?.label[0], 'controller');
  const before = observer.generation;
  const told = nextEvent(observer, 'controller') as Promise<ControllerEvent>;
  await new Promise((resolve) => receiver.once('controller', resolve));
  for (let i = 0; i < 100; i++) rest.push((await sentTo(observer)).id);
  clearInterval(sending);
  t.deepEqual(rest, ids.slice(from + 1, from + 101));
  t.is(sender.observers.length, 1);
  t.true(observer.generation > before);
  t.is(observer.controller?.id, sender.controller?.id);
  const { generation, peer, self } = await told;
  t.deepEqual([generation, peer?.id, self], [observer.generation, sender.controller?.id, false]);
});

test('ends by close(), by leaving a loop and by its signal', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender' });
  await joined(t, bus, { label: 'taker' });
  const abort = new AbortController();
  const observer = await observing(t, bus, { signal: abort.signal });
  sender.send('taker', 1);
  sender.send('taker', 2);
  for await (const seen of observer) {
    t.is(seen.kind, 'sent');
    break;
  }
  await t.throwsAsync(observer.recv({ timeout: -1 }), { code: 'ERR_BUSBAR_TIMEOUT' });
  t.is((await observer.recv()).kind, 'sent');
  const waiting = t.throwsAsync(observer.recv(), { code: 'ERR_BUSBAR_CLOSED' });
  const looped = (async () => {
    let count = 0;
    for await (const _ of observer) count++;
    return count;
  })();
  const closed = new Promise((resolve) => observer.once('close', resolve));
  abort.abort();
  await waiting;
  t.is(await looped, 0);
  t.is(await closed, undefined);
  t.true(observer.closed);
  await observer.close();
  await t.throwsAsync(observer.recv(), { code: 'ERR_BUSBAR_CLOSED' });
  t.deepEqual(sender.observers, []);
});

test('founds no bus, and at most 16 are on one', async (t) => {
  await t.throwsAsync(observe(newBus(), { timeout: 50 }), {
    code: 'ERR_BUSBAR_TIMEOUT',
    message: /an observer founds none/,
  });
  const bus = newBus();
  const member = await joined(t, bus);
  await Promise.all(Array.from({ length: 16 }, () => observing(t, bus)));
  await t.throwsAsync(observe(bus), { code: 'ERR_BUSBAR_LIMIT_EXCEEDED' });
  t.is(member.observers.length, 16);
  t.is((await joined(t, bus)).isController, false);
  await t.throwsAsync(observe(bus, { token: 'other' }), { code: 'ERR_BUSBAR_TOKEN_MISMATCH' });
});

test('refuses what it cannot do', async (t) => {
  const bus = newBus();
  const refused = { code: 'ERR_BUSBAR_INVALID_ARGUMENT' };
  await t.throwsAsync(observe(bus, { payloadBytes: 49_153 }), refused);
  await t.throwsAsync(observe(bus, { payloadBytes: -1 }), refused);
  await t.throwsAsync(observe(bus, { types: [] }), refused);
  await t.throwsAsync(observe(bus, { types: [3 as unknown as string] }), refused);
  await t.throwsAsync(observe(bus, { types: Array(65).fill(text) }), refused);
  await t.throwsAsync(observe(bus, { match: 7 as unknown as string }), refused);
  await t.throwsAsync(observe(bus, { payloadByte: 1 } as unknown as ObserveOptions), {
    ...refused,
    message: /did you mean 'payloadBytes'/,
  });
  await t.throwsAsync(observe(bus, { match: 'a &' }), { code: 'ERR_BUSBAR_INVALID_SELECTOR' });
  const long = Array.from({ length: 5 }, (_, i) => `${i}${'x'.repeat(250)}`).join(' | ');
  await t.throwsAsync(observe(bus, { match: long }), { ...refused, message: /1024/ });
  await t.throwsAsync(observe(bus, { signal: AbortSignal.abort() }), {
    code: 'ERR_BUSBAR_ABORTED',
  });
});
