// deliver(): what the sender learns about the outcome of its message.
import type { EventEmitter } from 'node:events';
import test from 'ava';
import { multicast } from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

/** Joins and takes nothing. */
const deaf: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'receiver' });
  tell(endpoint.id);
  await told();
};

/** Takes messages on order, and reports their payloads. */
const asked: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'receiver' });
  tell(endpoint.id);
  for (;;) {
    await told();
    tell((await endpoint.recv()).payload);
  }
};

test('resolves when every receiver has taken the message', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const programs = [inProcess(t, bus, asked), inProcess(t, bus, asked)];
  for (const program of programs) await program.next();
  let settled = false;
  const delivery = sender.deliver(multicast('receiver'), 'x').finally(() => {
    settled = true;
  });
  programs[0]?.say('take');
  t.is(await programs[0]?.next(), 'x');
  t.false(settled);
  programs[1]?.say('take');
  t.is(await delivery, 2);
});

test('handled: resolves when the receiver asks for the next one', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  const order: string[] = [];
  const delivery = sender
    .deliver('receiver', 'x', { acknowledge: 'handled' })
    .then(() => order.push('handled'));
  t.is((await receiver.recv()).payload, 'x');
  // After a round trip, an acknowledgement would have arrived.
  sender.send('receiver', 'again');
  order.push('asked');
  t.is((await receiver.recv()).payload, 'again');
  await delivery;
  t.deepEqual(order, ['asked', 'handled']);
});

test('handled: resolves when the listener has returned', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  receiver.on('message', () => undefined);
  t.is(await sender.deliver('receiver', 'x', { acknowledge: 'handled' }), 1);
});

test('ends with a timeout, and with its signal', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  await joined(t, bus, { label: 'receiver' });
  await t.throwsAsync(sender.deliver('receiver', 1, { timeout: 1 }), {
    code: 'ERR_BUSBAR_TIMEOUT',
  });
  const aborted = sender.deliver('receiver', 2, { signal: AbortSignal.timeout(1) });
  await t.throwsAsync(aborted, { code: 'ERR_BUSBAR_ABORTED', name: 'AbortError' });
  await t.throwsAsync(sender.deliver('receiver', 3, { signal: AbortSignal.abort() }), {
    code: 'ERR_BUSBAR_ABORTED',
  });
});

test('rejects with the name of a receiver that died before it took the message', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const program = inProcess(t, bus, deaf);
  const id = await program.next<number>();
  const back = nextEvent(sender as unknown as EventEmitter, 'undelivered');
  const delivery = sender.deliver('receiver', 'lost');
  await program.kill();
  const error = await t.throwsAsync(delivery, { code: 'ERR_BUSBAR_UNDELIVERED' });
  t.deepEqual((error as { failures?: unknown }).failures, [
    { peerId: id, reason: 'ERR_BUSBAR_PEER_GONE' },
  ]);
  t.like(await back, { payload: 'lost', peerId: id });
});

test('a multicast that one of two receivers could not take names that receiver', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const program = inProcess(t, bus, deaf);
  const id = await program.next<number>();
  const receiver = await joined(t, bus, { label: 'receiver' });
  const delivery = sender.deliver(multicast('receiver'), 'x');
  await receiver.recv();
  await program.kill();
  const error = await t.throwsAsync(delivery, { message: /taken by 1 .* not by 1/ });
  t.like(error, { failures: [{ peerId: id }] });
});

test('what a dead receiver had not taken goes to another match, once and in order', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const program = inProcess(t, bus, deaf);
  await program.next();
  const deliveries = [];
  for (let i = 0; i < 1000; i++) deliveries.push(sender.deliver('receiver', i));
  const heir = await joined(t, bus, { label: 'receiver' });
  await program.kill();
  for (let i = 0; i < 1000; i++) t.is((await heir.recv()).payload, i);
  t.deepEqual(await Promise.all(deliveries), Array(1000).fill(1));
  t.is(sender.counters.rerouted, 1000);
});

test('what a dead receiver had not taken waits for its time to live', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const program = inProcess(t, bus, deaf);
  await program.next();
  const delivery = sender.deliver('receiver', 'patient', { ttl: 60_000 });
  await program.kill();
  const heir = await joined(t, bus, { label: 'receiver' });
  t.is((await heir.recv()).payload, 'patient');
  t.is(await delivery, 1);
});

test('a receiver that leaves politely gives back what it has not taken', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const leaving = await joined(t, bus, { label: 'receiver' });
  const staying = await joined(t, bus, { label: 'other' });
  const back = nextEvent(sender as unknown as EventEmitter, 'undelivered');
  sender.send('receiver', 'x');
  await leaving.close();
  t.like(await back, { payload: 'x', peerId: leaving.id, reason: 'ERR_BUSBAR_PEER_GONE' });
  t.is(staying.counters.receivedMessages, 0);
});
