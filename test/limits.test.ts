// Every resource of an endpoint or a bus has a limit, which is an option, and a typed error when it
// is exceeded.
import { openSync } from 'node:fs';
import test from 'ava';
import {
  join,
  KernelObject,
  LimitExceededError,
  multicast,
  QueueFullError,
  type UndeliveredEvent,
} from 'busbar';
import { box, fill, numbered, small } from './support/numbered.js';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

/** Joins with the label it gets, and does not read until ordered to. */
const sleeper: Source = async ({ busbar, bus, tell, told }) => {
  const box = busbar.messageBox({ Text: busbar.text, Raw: busbar.bytes });
  const label = (await told()) as string;
  const endpoint = await busbar.join(bus, {
    label: [label, 'sleeper'],
    messages: box,
    prefetch: 1,
  });
  tell(endpoint.id);
  await told();
  let count = 0;
  endpoint.on('message', (message) => {
    count += 1;
    for (const object of message.objects) object.close();
    if (message.type === 'Text') tell(count);
  });
};

/** Joins as many times as ordered, and reports how each attempt ended. */
const crowd: Source = async ({ busbar, bus, tell, told }) => {
  for (;;) {
    await told();
    await busbar.join(bus, { label: 'crowd' }).then(
      () => tell('in'),
      (error) => tell(error.code),
    );
  }
};

test('all queues together are bounded, whoever they are for', async (t) => {
  const bus = newBus();
  // Each of the two alone would have room for four times as much.
  const sender = await joined(t, bus, {
    ...small,
    queueBytes: 256 * 1024,
    totalQueueBytes: 64 * 1024,
  });
  const programs = [];
  for (const label of ['one', 'two', 'three']) {
    const program = inProcess(t, bus, sleeper);
    program.say(label);
    await program.next();
    programs.push(program);
  }
  const first = fill(t, sender, 'one');
  t.true(first * 1000 < 256 * 1024);
  // The second receiver has a ring of its own, but nothing may be queued for it.
  const second = fill(t, sender, 'two');
  t.true(second > 0 && second < first);
  const full = t.throws(() => sender.send('one', box.Raw(new Uint8Array(200_000))), {
    instanceOf: QueueFullError,
  });
  t.regex(full?.message ?? '', /totalQueueBytes/);
  t.throws(() => sender.send('nobody', numbered(0), { ttl: 60_000 }), {
    instanceOf: QueueFullError,
  });
  // No single receiver is the cause, and the third one has an empty ring.
  let disconnected = 0;
  sender.on('disconnected', () => {
    disconnected += 1;
  });
  t.throws(() => sender.send('two', numbered(0), { whenFull: 'disconnect' }), {
    instanceOf: QueueFullError,
  });
  t.is(disconnected, 0);
  t.is(sender.send('three', numbered(0), { key: 'state' }), 1);
  t.is(sender.send('two', numbered(0), { whenFull: 'drop' }), 0);

  // Waits for the second receiver, and continues when the first one makes room.
  const late = sender.sendWhenReady('two', box.Text('late'));
  programs[0]?.say('read');
  await sender.sendWhenReady('one', box.Text('end'));
  t.is(await programs[0]?.next<number>(), first + 1);
  programs[1]?.say('read');
  await late;
  t.is(await programs[1]?.next<number>(), second + 1);
  await sender.drained();
  t.is(sender.send('one', box.Raw(new Uint8Array(200_000))), 1);
});

test('a single message may exceed the total of all queues while nothing else is queued', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { ...small, totalQueueBytes: 1000 });
  const reader = await joined(t, bus, { label: 'reader', messages: box });
  t.is(sender.send('reader', box.Raw(new Uint8Array(2_000_000))), 1);
  t.throws(() => sender.send('reader', box.Raw(new Uint8Array(2_000_000))), {
    instanceOf: QueueFullError,
  });
  await reader.recv({ timeout: 10_000 });
  await sender.sendWhenReady('reader', box.Raw(new Uint8Array(2_000_000)), { timeout: 10_000 });
});

test('kernel objects in flight are bounded over all receivers', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { messages: box, maxQueuedObjects: 10 });
  const programs = [];
  for (const label of ['one', 'two']) {
    const program = inProcess(t, bus, sleeper);
    program.say(label);
    await program.next();
    programs.push(program);
  }
  using object = KernelObject.fromFd(openSync('/dev/null', 'r'), { takeOver: true });
  const objects = Array.from({ length: 5 }, () => object);
  for (const label of ['one', 'two']) {
    await programs[label === 'one' ? 0 : 1]?.stopped();
    sender.send(label, numbered(0), { objects });
  }
  // A multicast counts them once.
  t.throws(() => sender.send(multicast('sleeper'), numbered(1), { objects: [object] }), {
    instanceOf: QueueFullError,
  });
  t.is(sender.send(multicast('sleeper'), numbered(1)), 2);
  const late = sender.sendWhenReady('one', box.Text('end'), { objects, timeout: 10_000 });
  for (const program of programs) {
    program.goOn();
    program.say('read');
  }
  t.is(await late, 1);
  t.is(await programs[0]?.next<number>(), 3);
});

test('messages that wait by ttl are bounded in number', async (t) => {
  const sender = await joined(t, newBus(), { messages: box, maxParked: 3 });
  for (let i = 0; i < 3; i++) t.is(sender.send('nobody', numbered(i), { ttl: 60_000 }), 0);
  t.throws(() => sender.send('nobody', numbered(3), { ttl: 60_000 }), {
    instanceOf: QueueFullError,
  });
  t.is(sender.counters.parked, 3);
});

test('links are bounded at the sender, and at the receiver, whose sender gets undelivered', async (t) => {
  const bus = newBus();
  const receiver = await joined(t, bus, { label: 'receiver', messages: box, maxLinks: 1 });
  const sender = await joined(t, bus, { label: 'sender', messages: box, maxLinks: 1 });
  sender.send('receiver', box.Text('first'));
  t.is((await receiver.recv({ timeout: 10_000 })).payload, 'first');
  const refused = t.throws(() => sender.send('sender', box.Text('to myself')), {
    instanceOf: LimitExceededError,
  });
  t.regex(refused?.message ?? '', /maxLinks/);

  const third = await joined(t, bus, { messages: box });
  const undelivered = nextEvent(third, 'undelivered');
  third.send('receiver', box.Text('one too many'));
  const { reason, payload } = (await undelivered) as UndeliveredEvent;
  t.is(reason, 'ERR_BUSBAR_LIMIT_EXCEEDED');
  t.is(payload, 'one too many');
  // The others carry on.
  sender.send('receiver', box.Text('second'));
  t.is((await receiver.recv({ timeout: 10_000 })).payload, 'second');
});

test('a bus admits as many endpoints as its controller allows, and as many of one process', async (t) => {
  const bus = newBus();
  const limits = { maxEndpoints: 4, maxEndpointsPerProcess: 2 };
  const first = await joined(t, bus, { label: 'first', ...limits });
  const one = inProcess(t, bus, crowd);
  const other = inProcess(t, bus, crowd);
  const ends: unknown[] = [];
  for (const program of [one, one, one, other, other]) {
    program.say('join');
    ends.push(await program.next());
  }
  const refused = 'ERR_BUSBAR_LIMIT_EXCEEDED';
  t.deepEqual(ends, ['in', 'in', refused, 'in', refused]);
  const full = await t.throwsAsync(join(bus), { instanceOf: LimitExceededError });
  t.regex(full?.message ?? '', /maxEndpoints/);
  // A member that leaves makes room.
  await one.kill();
  await new Promise<void>((resolve) => {
    const look = () => (first.peers.length <= 2 ? resolve() : void first.once('peer', look));
    look();
  });
  other.say('join');
  t.is(await other.next(), 'in');
});

for (const [option, tooMuch] of [
  ['totalQueueBytes', 2 ** 41],
  ['maxQueuedObjects', 0],
  ['maxParked', 65_537],
  ['maxLinks', 4097],
  ['maxEndpoints', 0],
  ['maxEndpointsPerProcess', 1.5],
] as const) {
  test(`a limit beyond its limit is refused: ${option}`, async (t) => {
    const error = await t.throwsAsync(join(newBus(), { [option]: tooMuch }));
    t.like(error, { code: 'ERR_BUSBAR_INVALID_ARGUMENT', option });
  });
}
