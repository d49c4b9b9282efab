// Endpoints that close with messages that their program has not got: the messages go back to their
// senders, once and in order, with all attachments.
import { openSync } from 'node:fs';
import test from 'ava';
import { KernelObject, MemoryRegion, multicast } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';

const count = 100;
const numbers = (from: number) => Array.from({ length: count - from }, (_, i) => i + from);

/** Sends 0 to 99 to the only worker, then has another one join. */
async function crew(t: Parameters<typeof joined>[0]) {
  const bus = newBus();
  const sender = await joined(t, bus);
  const leaving = await joined(t, bus, { label: 'worker' });
  for (let i = 0; i < count; i++) sender.send('worker', i);
  const staying = await joined(t, bus, { label: 'worker' });
  return { sender, leaving, staying };
}

test('what a worker has not received when it closes goes to another one', async (t) => {
  const { sender, leaving, staying } = await crew(t);
  t.is((await leaving.recv()).payload, 0);
  await leaving.close();
  for (const i of numbers(1)) t.is((await staying.recv()).payload, i);
  t.is(sender.counters.rerouted, count - 1);
  await t.throwsAsync(leaving.recv(), { code: 'ERR_BUSBAR_CLOSED' });
});

test('a listener that closes in the middle of a batch gets no more, and the rest is not lost', async (t) => {
  const { leaving, staying } = await crew(t);
  const got: unknown[] = [];
  await new Promise<void>((resolve) => {
    leaving.on('message', ({ payload }) => {
      got.push(payload);
      if (payload === 2) void leaving.close().then(resolve);
    });
  });
  t.deepEqual(got, [0, 1, 2]);
  for (const i of numbers(3)) t.is((await staying.recv()).payload, i);
});

test('without another match, each message is reported once', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const leaving = await joined(t, bus, { label: 'worker' });
  const told: unknown[] = [];
  const all = new Promise<void>((resolve) => {
    sender.on('undelivered', ({ payload }) => {
      if (told.push(payload) === count - 1) resolve();
    });
  });
  const deliveries = numbers(0).map((i) => sender.deliver('worker', i));
  t.is((await leaving.recv()).payload, 0);
  const outcomes = Promise.allSettled(deliveries);
  await leaving.close();
  t.deepEqual(
    (await outcomes).map(({ status }) => status),
    numbers(0).map((i) => (i === 0 ? 'fulfilled' : 'rejected')),
  );
  await all;
  t.deepEqual(told, numbers(1));
});

test('a multicast is reported undelivered for the endpoint that left', async (t) => {
  const { sender, leaving, staying } = await crew(t);
  t.is((await leaving.recv()).payload, 0);
  const delivery = sender.deliver(multicast('worker'), 'all');
  delivery.catch(() => undefined);
  await leaving.close();
  // It was in the ring before the others arrived there.
  t.is((await staying.recv()).payload, 'all');
  for (const i of numbers(1)) t.is((await staying.recv()).payload, i);
  const error = await t.throwsAsync(delivery, { code: 'ERR_BUSBAR_UNDELIVERED' });
  t.like(error, { failures: [{ peerId: leaving.id, reason: 'ERR_BUSBAR_PEER_GONE' }] });
});

test('objects and regions go along', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const leaving = await joined(t, bus, { label: 'worker' });
  using region = MemoryRegion.create(4096);
  region.write(Buffer.from('frame'));
  using object = KernelObject.fromFd(openSync('/dev/null', 'r'), { takeOver: true });
  sender.send('worker', 'first');
  sender.send('worker', 'second', { objects: [object], regions: [region] });
  t.is((await leaving.recv()).payload, 'first');
  const staying = await joined(t, bus, { label: 'worker' });
  await leaving.close();
  const message = (await staying.recv()).keep();
  t.is(message.payload, 'second');
  const frame = Buffer.alloc(5);
  message.regions[0]?.read(frame);
  t.is(frame.toString(), 'frame');
  t.true((message.objects[0]?.fd ?? -1) >= 0);
  message.close();
  // Only its maker still holds it.
  while (region.refCount > 1) await new Promise((resolve) => setImmediate(resolve));
  t.is(region.refCount, 1);
});

/** Gets one job, and ends in the middle of a batch without closing. */
const exiting: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'worker' });
  tell(endpoint.id);
  endpoint.on('message', ({ payload }) => {
    if (payload === 5) process.exit(0);
  });
};

test('a process that exits gives back what its listener has not got', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const program = inProcess(t, bus, exiting);
  await program.next();
  // The process may be gone before another one has joined.
  for (const i of numbers(0)) sender.send('worker', i, { ttl: 60_000 });
  const staying = await joined(t, bus, { label: 'worker' });
  for (const i of numbers(6)) t.is((await staying.recv()).payload, i);
  t.deepEqual(await program.ended, [0, null]);
});
