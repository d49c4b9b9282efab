// Messages that wait for a receiver: with their sender, and with the controller when the sender
// leaves first.
import type { EventEmitter } from 'node:events';
import test from 'ava';
import { bytes, messageBox, multicast, unicast } from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

/** Joins as controller and stays. */
const keeper: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'keeper' });
  endpoint.on('message', () => undefined);
  tell(endpoint.id);
};

test('a message waits until somebody matches, and several keep their order', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender' });
  for (let i = 0; i < 5; i++) t.is(sender.send('late', i, { ttl: 60_000 }), 0);
  t.is(sender.counters.parked, 5);
  const late = await joined(t, bus, { label: 'late' });
  for (let i = 0; i < 5; i++) t.is((await late.recv()).payload, i);
  t.is(sender.counters.parked, 0);
});

test('a multicast that waits goes to the first that comes', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  t.is(sender.send(multicast('late'), 'news', { ttl: 60_000 }), 0);
  const late = await joined(t, bus, { label: 'late' });
  t.is((await late.recv()).payload, 'news');
});

test('a message whose time is over emits undelivered', async (t) => {
  const sender = await joined(t, newBus());
  const told = nextEvent(sender as unknown as EventEmitter, 'undelivered');
  sender.send(unicast('nobody'), { some: 'thing' }, { ttl: 1 });
  t.like(await told, {
    payload: { some: 'thing' },
    peerId: undefined,
    reason: 'ERR_BUSBAR_NO_RECIPIENT',
  });
  t.is(sender.counters.expired, 1);
});

test('the controller keeps what a leaving sender leaves behind, in its name', async (t) => {
  const bus = newBus();
  const controller = inProcess(t, bus, keeper);
  await controller.next();
  const sender = await joined(t, bus, { label: ['sender', 'gone'] });
  sender.send('late', 'still for you', { ttl: 60_000 });
  const { id } = sender;
  await sender.close();
  const late = await joined(t, bus, { label: 'late' });
  const message = await late.recv();
  t.is(message.payload, 'still for you');
  t.deepEqual(message.from, { id, pid: process.pid, label: ['sender', 'gone'] });
});

test('a message of any size that the controller keeps names its sender', async (t) => {
  const bus = newBus();
  const controller = inProcess(t, bus, keeper);
  await controller.next();
  const messages = messageBox({ Raw: bytes });
  const sizes = [100, 32_767, 32_768, 40_000, 400_000];
  const sender = await joined(t, bus, { label: ['sender', 'gone'], messages });
  for (const size of sizes)
    sender.send('late', messages.Raw(new Uint8Array(size)), { ttl: 60_000 });
  const from = { id: sender.id, pid: process.pid, label: ['sender', 'gone'] };
  await sender.close();
  const late = await joined(t, bus, { label: 'late', messages });
  for (const size of sizes) {
    const message = await late.recv();
    t.is(message.payload.byteLength, size);
    t.deepEqual(message.from, from);
  }
});

test('a leaving controller hands its own waiting messages to the next one', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'first' });
  t.true(sender.isController);
  const successor = inProcess(t, bus, keeper);
  await successor.next();
  sender.send('late', 'from the old controller', { ttl: 60_000 });
  const { id } = sender;
  await sender.close();
  const late = await joined(t, bus, { label: 'late' });
  const message = await late.recv();
  t.is(message.payload, 'from the old controller');
  t.is(message.from.id, id);
});

test('more than can be handed over at a time goes in portions', async (t) => {
  const bus = newBus();
  const controller = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'keeper', queueBytes: 2 ** 27 });
    endpoint.on('message', () => undefined);
    tell(endpoint.id);
  });
  await controller.next();
  const messages = messageBox({ Raw: bytes });
  const sender = await joined(t, bus, { label: 'sender', messages, queueBytes: 2 ** 27 });
  const payloads = [1, 2, 3].map((value) => new Uint8Array(30 * 2 ** 20).fill(value));
  for (const payload of payloads) sender.send('late', messages.Raw(payload), { ttl: 60_000 });
  await sender.close();
  const late = await joined(t, bus, { label: 'late', messages });
  for (const payload of payloads) {
    const got = (await late.recv()).payload;
    t.is(Buffer.compare(got, payload), 0);
  }
});

test('close() reports messages that no controller could take over', async (t) => {
  const bus = newBus();
  const controller = inProcess(t, bus, keeper);
  await controller.next();
  const messages = messageBox({ Raw: bytes });
  const sender = await joined(t, bus, { messages });
  sender.send('late', messages.Raw(new Uint8Array(65 * 2 ** 20)), { ttl: 60_000 });
  await t.throwsAsync(sender.close(), { code: 'ERR_BUSBAR_UNDELIVERED', message: /1 message/ });
});

test('at the descriptor limit a controller keeps nothing, and close() of the leaver reports it', async (t) => {
  const bus = newBus();
  const controller = inProcess(t, bus, async ({ busbar, bus, tell, told }) => {
    const { openSync } = await import('node:fs');
    const endpoint = await busbar.join(bus, { label: 'keeper' });
    endpoint.on('message', () => undefined);
    tell('joined');
    await told();
    try {
      for (;;) openSync('/dev/null', 'r');
    } catch (error) {
      tell((error as NodeJS.ErrnoException).code);
    }
  });
  await controller.next();
  const sender = await joined(t, bus);
  sender.send('late', 'for later', { ttl: 60_000 });
  controller.say('exhaust');
  t.is(await controller.next(), 'EMFILE');
  await t.throwsAsync(sender.close(), { code: 'ERR_BUSBAR_UNDELIVERED', message: /1 message/ });
});

test('the last one to leave says that it had to give messages up', async (t) => {
  const sender = await joined(t, newBus());
  sender.send('nobody', 1, { ttl: 60_000 });
  await t.throwsAsync(sender.close(), { code: 'ERR_BUSBAR_UNDELIVERED', message: /1 message/ });
  t.true(sender.closed);
});
