// Slow receivers: what their sender learns, and that nothing is lost or reordered and other
// receivers are not affected.
import type { EventEmitter } from 'node:events';
import test from 'ava';
import { multicast } from 'busbar';
import { box, fill, numbered, small } from './support/numbered.js';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

/**
 * Joins with the label it gets; counts the numbered messages in order, and reports at each 'end'.
 */
const counter: Source = async ({ busbar, bus, tell, told }) => {
  const box = busbar.messageBox({ Text: busbar.text, Raw: busbar.bytes });
  const label = (await told()) as string;
  const endpoint = await busbar.join(bus, { label: [label, 'counter'], messages: box });
  let next = 0;
  endpoint.on('message', (message) => {
    if (message.type !== 'Raw') return tell({ next });
    const number = new DataView(message.payload.buffer, message.payload.byteOffset).getUint32(0);
    if (number !== next++) tell({ expected: next - 1, number });
  });
  tell(endpoint.id);
};

test('a full queue refuses, drained() resolves when there is room again, nothing is lost or reordered', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const program = inProcess(t, bus, counter);
  program.say('slow');
  const id = await program.next<number>();
  let sent = 0;
  for (let round = 0; round < 5; round++) {
    program.stop();
    sent = fill(t, sender, 'slow', sent);
    const error = t.throws(() => sender.send('slow', numbered(sent)), {
      code: 'ERR_BUSBAR_QUEUE_FULL',
      message: new RegExp(`endpoint ${id} `),
    });
    t.like(error, { peerId: id });
    program.goOn();
    await sender.drained();
  }
  t.true(sender.counters.queueFull >= 10);
  sender.send('slow', box.Text('end'));
  t.deepEqual(await program.next(), { next: sent });
});

test('the drain event comes when the queue is empty', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const program = inProcess(t, bus, counter);
  program.say('slow');
  await program.next();
  program.stop();
  const sent = fill(t, sender, 'slow');
  const drain = nextEvent(sender as unknown as EventEmitter, 'drain');
  program.goOn();
  await drain;
  t.is(sender.send('slow', box.Text('end')), 1);
  t.deepEqual(await program.next(), { next: sent });
});

test('drained() ends by timeout and signal, and at once if nothing waits', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  await sender.drained();
  const program = inProcess(t, bus, counter);
  program.say('slow');
  await program.next();
  program.stop();
  fill(t, sender, 'slow');
  await t.throwsAsync(sender.drained({ timeout: 1 }), { code: 'ERR_BUSBAR_TIMEOUT' });
  await t.throwsAsync(sender.drained({ signal: AbortSignal.timeout(1) }), { name: 'AbortError' });
  const pending = sender.drained();
  program.goOn();
  await pending;
});

test('a stopped receiver costs only those who send to it', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const stopped = inProcess(t, bus, counter);
  const running = inProcess(t, bus, counter);
  stopped.say('stopped');
  running.say('running');
  await Promise.all([stopped.next(), running.next()]);
  stopped.stop();
  const waiting = fill(t, sender, 'stopped');
  // More than its ring and queue could hold; each deliver() is a round trip, so the queue stays
  // empty.
  for (let number = 0; number < 300; number++) await sender.deliver('running', numbered(number));
  sender.send('running', box.Text('end'));
  t.deepEqual(await running.next(), { next: 300 });
  stopped.goOn();
  await sender.drained();
  sender.send('stopped', box.Text('end'));
  t.deepEqual(await stopped.next(), { next: waiting });
});

test('the bus goes on around a stopped receiver', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const stopped = inProcess(t, bus, counter);
  stopped.say('stopped');
  await stopped.next();
  stopped.stop();
  fill(t, sender, 'stopped');
  const newcomer = await joined(t, bus, { label: 'newcomer', messages: box });
  sender.send('newcomer', box.Text('welcome'));
  t.is((await newcomer.recv()).payload, 'welcome');
  stopped.goOn();
  await sender.drained();
});

test('a multicast that one receiver has no room for reaches no receiver', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const slow = inProcess(t, bus, counter);
  slow.say('slow');
  await slow.next();
  const quick = await joined(t, bus, { label: ['quick', 'counter'], messages: box });
  slow.stop();
  const sent = fill(t, sender, 'slow');
  for (let attempt = 0; attempt < 10; attempt++) {
    t.throws(() => sender.send(multicast('counter'), numbered(sent)), {
      code: 'ERR_BUSBAR_QUEUE_FULL',
    });
  }
  sender.send('quick', box.Text('the first one'));
  t.is((await quick.recv()).payload, 'the first one');
  slow.goOn();
  await sender.drained();
  t.is(sender.send(multicast('counter'), box.Text('end')), 2);
  t.is((await quick.recv()).payload, 'end');
  t.deepEqual(await slow.next(), { next: sent });
});

test('close() waits the linger time for queued messages', async (t) => {
  const bus = newBus();
  // Another member has to be there when the sender has left.
  await joined(t, bus);
  const sender = await joined(t, bus, small);
  const program = inProcess(t, bus, counter);
  program.say('slow');
  await program.next();
  program.stop();
  const sent = fill(t, sender, 'slow');
  const closed = sender.close({ linger: 60_000 });
  program.goOn();
  await closed;
  // Order is per sender: the first message of another sender may overtake unread ones.
  const other = await joined(t, bus, { messages: box });
  let counted: { readonly next: number };
  do {
    other.send('slow', box.Text('end'));
    counted = await program.next();
  } while (counted.next < sent);
  t.deepEqual(counted, { next: sent });
});

test('close() reports how many messages it gave up', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, small);
  const program = inProcess(t, bus, counter);
  program.say('slow');
  await program.next();
  program.stop();
  fill(t, sender, 'slow');
  await t.throwsAsync(sender.close({ linger: 1 }), {
    code: 'ERR_BUSBAR_UNDELIVERED',
    message: /closed with \d+ messages/,
  });
});
