// The ways to send to a slow receiver without being refused: drop the message, keep only
// the latest, wait, or disconnect the receiver.
import type { EventEmitter } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { type Endpoint, MemoryRegistry, multicast, type UndeliveredEvent, unicast } from 'busbar';
import { box, fill, numbered, small } from './support/numbered.js';
import {
  inProcess,
  joined,
  newBus,
  nextEvent,
  type Program,
  type Source,
} from './support/program.js';
import { turnsUntil } from './support/waiting.js';

/**
 * Joins with the label it gets, keeps the numbers that it receives, and reports them at each 'end'.
 */
const keeper: Source = async ({ busbar, bus, tell, told }) => {
  const box = busbar.messageBox({ Text: busbar.text, Raw: busbar.bytes });
  const label = (await told()) as string;
  const endpoint = await busbar.join(bus, { label: [label, 'keeper'], messages: box });
  let numbers: number[] = [];
  endpoint.on('message', (message) => {
    for (const region of message.regions) region.release();
    if (message.type === 'Raw') {
      const { buffer, byteOffset } = message.payload;
      numbers.push(new DataView(buffer, byteOffset).getUint32(0));
    } else if (message.payload === 'end') {
      tell(numbers);
      numbers = [];
    }
  });
  tell(endpoint.id);
};

async function start(t: ExecutionContext, bus: string, label: string) {
  const program = inProcess(t, bus, keeper);
  program.say(label);
  return { program, id: await program.next<number>() };
}

/** The numbers received since the last time; requested once there is room. */
async function numbersOf(sender: Endpoint<typeof box>, label: string, program: Program) {
  await sender.sendWhenReady(label, box.Text('end'));
  return program.next<number[]>();
}

/**
 * The numbers that 'slow' received from a sender that is disconnected, once there are as many as
 * `count` says. Another sender asks, again and again: what it sends may overtake them.
 */
async function takenBy(t: ExecutionContext, bus: string, slow: Program, count: () => number) {
  const third = await joined(t, bus, { messages: box });
  const taken: number[] = [];
  do {
    taken.push(...(await numbersOf(third, 'slow', slow)));
  } while (taken.length < count());
  return taken;
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

test('drop: the others get everything, the slow one what it has room for, and every drop is reported', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { ...small, whenFull: 'drop' });
  const slow = await start(t, bus, 'slow');
  const quick = await start(t, bus, 'quick');
  let told = 0;
  sender.on('dropped', ({ peerId, messages }) => {
    t.is(peerId, slow.id);
    told += messages;
  });
  await slow.program.stopped();
  const rounds = 300;
  for (let number = 0; number < rounds; number++) {
    const receivers = sender.send(multicast('keeper'), numbered(number));
    t.true(receivers === 1 || receivers === 2);
    // The quick receiver must never be full.
    await sender.deliver('quick', box.Text('go on'), { whenFull: 'refuse' });
  }
  const { dropped, queueFull } = sender.counters;
  t.true(dropped > 0 && dropped < rounds);
  t.is(queueFull, 0);
  // Only the slow receiver is left: nothing is sent, and nothing is thrown.
  t.is(sender.send('slow', numbered(rounds)), 0);
  t.is(await sender.deliver('slow', numbered(rounds)), 0);
  t.deepEqual(await numbersOf(sender, 'quick', quick.program), upTo(rounds));
  slow.program.goOn();
  t.deepEqual(await numbersOf(sender, 'slow', slow.program), upTo(rounds - dropped));
  t.is(told, dropped + 2);
  t.is(sender.counters.dropped, told);
});

test('latest: a slow receiver gets the newest of each key, a quick one may get them all', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const slow = await start(t, bus, 'slow');
  await sender.deliver('slow', box.Text('hello'));
  await slow.program.stopped();
  const rounds = 10_000;
  for (let number = 0; number < rounds; number++) {
    sender.send('slow', numbered(number * 2), { key: 'even' });
    sender.send('slow', numbered(number * 2 + 1), { key: 'odd' });
  }
  t.is(sender.counters.superseded, 2 * (rounds - 2));
  slow.program.goOn();
  const last = rounds * 2;
  await sender.drained();
  t.deepEqual(await numbersOf(sender, 'slow', slow.program), [0, 1, last - 2, last - 1]);
  // One at a time, each is taken before the next is sent.
  for (let number = 0; number < 100; number++) {
    await sender.deliver('slow', numbered(number), { key: 'even' });
  }
  t.deepEqual(await numbersOf(sender, 'slow', slow.program), upTo(100));
});

test('latest: a superseded message rejects its delivery, and its regions are free', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const slow = await start(t, bus, 'slow');
  await sender.deliver('slow', box.Text('hello'));
  await slow.program.stopped();
  using registry = new MemoryRegistry();
  const deliveries: Promise<unknown>[] = [];
  for (let number = 0; number < 20; number++) {
    using region = registry.alloc(64 * 1024);
    const options = { key: 'frame', regions: [region] };
    const delivery = sender.deliver('slow', numbered(number), options);
    deliveries.push(delivery.catch((error) => error));
    await new Promise(setImmediate);
  }
  // One in flight, one that waits, and one for the next message.
  t.true(registry.stats.regions <= 3);
  for (const error of await Promise.all(deliveries.slice(1, -1))) {
    t.like(error, { code: 'ERR_BUSBAR_UNDELIVERED' });
    t.deepEqual((error as { failures: unknown }).failures, [
      { peerId: slow.id, reason: 'ERR_BUSBAR_SUPERSEDED' },
    ]);
  }
  slow.program.goOn();
  t.is(await deliveries[0], 1);
  t.is(await deliveries[19], 1);
  t.deepEqual(await numbersOf(sender, 'slow', slow.program), [0, 19]);
});

test('latest: a message that waits for a dead receiver goes to another one', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const slow = await start(t, bus, 'slow');
  await sender.deliver('keeper', box.Text('hello'));
  await slow.program.stopped();
  for (let number = 0; number < 5; number++) {
    sender.send('keeper', numbered(number), { key: 'k', ttl: 60_000 });
  }
  const other = await start(t, bus, 'other');
  await slow.program.kill();
  await turnsUntil(() => sender.counters.rerouted === 2);
  t.deepEqual(await numbersOf(sender, 'other', other.program), [0, 4]);
});

test('wait: goes on when there is room, in order, and ends by timeout, signal and close', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const slow = await start(t, bus, 'slow');
  // Full as well, and it never continues: that must not affect the others.
  const stuck = await start(t, bus, 'stuck');
  await Promise.all([slow.program.stopped(), stuck.program.stopped()]);
  fill(t, sender, 'stuck');
  const sent = fill(t, sender, 'slow');
  const late = sender.sendWhenReady('slow', numbered(0), { timeout: 1 });
  await t.throwsAsync(late, { code: 'ERR_BUSBAR_TIMEOUT' });
  const aborted = sender.sendWhenReady('slow', numbered(0), { signal: AbortSignal.timeout(1) });
  await t.throwsAsync(aborted, { name: 'AbortError' });
  const waiting = Array.from({ length: 200 }, (_, index) =>
    sender.sendWhenReady('slow', numbered(sent + index)),
  );
  slow.program.goOn();
  t.deepEqual(await Promise.all(waiting), Array(200).fill(1));
  t.deepEqual(await numbersOf(sender, 'slow', slow.program), upTo(sent + 200));

  const dying = sender.sendWhenReady('stuck', numbered(0));
  await stuck.program.kill();
  await t.throwsAsync(dying, { code: 'ERR_BUSBAR_NO_RECIPIENT' });
  await slow.program.stopped();
  fill(t, sender, 'slow');
  const closing = t.throwsAsync(sender.sendWhenReady('slow', numbered(0)), {
    code: 'ERR_BUSBAR_CLOSED',
  });
  await t.throwsAsync(sender.close({ linger: 0 }), { code: 'ERR_BUSBAR_UNDELIVERED' });
  await closing;
});

test('disconnect: the slow receiver reads what was published, the rest goes to another one', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { ...small, whenFull: 'disconnect' });
  const slow = await start(t, bus, 'slow');
  await slow.program.stopped();
  const gone = nextEvent(sender as unknown as EventEmitter, 'disconnected');
  // Until another one joins, no other endpoint matches.
  let sent = 0;
  while (sender.counters.queueFull + sent < 40) sender.send('keeper', numbered(sent++));
  const other = await start(t, bus, 'other');
  await sender.waitFor(multicast('keeper'), { count: 2 });
  while (sender.counters.disconnected === 0)
    sender.send(unicast('slow | nobody'), numbered(sent++), { ttl: 60_000 });
  const { peerId, messages } = (await gone) as { peerId: number; messages: number };
  t.is(peerId, slow.id);
  t.true(messages > 0);
  t.throws(() => sender.send('slow', numbered(0)), { code: 'ERR_BUSBAR_NO_RECIPIENT' });
  slow.program.goOn();
  // It is still listed: others can send to it.
  t.true(sender.peers.some(({ id }) => id === slow.id));
  const rerouted = await numbersOf(sender, 'other', other.program);
  // In order, none twice; messages to 'slow' alone still wait for an endpoint with that label.
  t.true(rerouted.every((number, index) => index === 0 || number > (rerouted[index - 1] ?? 0)));
  const taken = await takenBy(t, bus, slow.program, () => rerouted[0] ?? 0);
  t.deepEqual(taken, upTo(taken.length));
  t.is(rerouted[0], taken.length);
});

test('disconnect: messages without another match are reported', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const slow = await start(t, bus, 'slow');
  await slow.program.stopped();
  const told: number[] = [];
  sender.on('undelivered', ({ payload, peerId, reason }: UndeliveredEvent) => {
    t.is(peerId, slow.id);
    t.is(reason, 'ERR_BUSBAR_TOO_SLOW');
    const { buffer, byteOffset } = payload as Uint8Array;
    told.push(new DataView(buffer, byteOffset).getUint32(0));
  });
  const sent = fill(t, sender, 'slow');
  const first = sender.deliver('slow', numbered(sent), { whenFull: 'disconnect' });
  await t.throwsAsync(first, { code: 'ERR_BUSBAR_NO_RECIPIENT' });
  await new Promise(setImmediate);
  slow.program.goOn();
  const taken = await takenBy(t, bus, slow.program, () => sent - told.length);
  t.deepEqual([...taken, ...told], upTo(sent));
});

test('bad policies are refused', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const invalid = { code: 'ERR_BUSBAR_INVALID_ARGUMENT' };
  const send = (options: object) => () => sender.send('x', box.Text(''), options);
  t.throws(send({ whenFull: 'wait' }), { ...invalid, message: /'refuse', 'drop', 'disconnect'/ });
  t.throws(send({ key: '' }), invalid);
  t.throws(send({ key: 'x'.repeat(129) }), invalid);
  t.throws(send({ key: 7 }), invalid);
  const wait = sender.sendWhenReady('x', box.Text(''), { whenFull: 'drop' } as object);
  await t.throwsAsync(wait, { ...invalid, message: /whenFull/ });
  const { join } = await import('busbar');
  await t.throwsAsync(join(bus, { whenFull: 'never' as 'drop' }), invalid);
});
