// Receiving: recv(), for await and on('message').
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { bytes, messageBox, text } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';

const box = messageBox({ Text: text, Raw: bytes });

test('recv gives one message each, in order, also to those who waited before', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  const waiting = [receiver.recv(), receiver.recv(), receiver.recv()];
  for (let i = 0; i < 6; i++) sender.send('receiver', i);
  t.deepEqual(
    (await Promise.all(waiting)).map(({ payload }) => payload),
    [0, 1, 2],
  );
  for (let i = 3; i < 6; i++) t.is((await receiver.recv()).payload, i);
});

test('a recv that ends by timeout or signal loses nothing', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  await t.throwsAsync(receiver.recv({ timeout: 1 }), {
    code: 'ERR_BUSBAR_TIMEOUT',
    message: /1 ms/,
  });
  await t.throwsAsync(receiver.recv({ signal: AbortSignal.timeout(1) }), { name: 'AbortError' });
  sender.send('receiver', 'kept');
  t.is((await receiver.recv()).payload, 'kept');
});

test('for await ends when the endpoint is closed', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  for (let i = 0; i < 1000; i++) sender.send('receiver', i);
  let next = 0;
  for await (const { payload } of receiver) {
    t.is(payload, next++);
    if (next === 1000) void receiver.close();
  }
  t.is(next, 1000);
});

test('unread messages beyond prefetch stay with their sender', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver', prefetch: 10 });
  for (let i = 0; i < 100; i++) sender.send('receiver', i);
  t.is((await receiver.recv()).payload, 0);
  t.true(receiver.counters.receivedMessages <= 11);
  for (let i = 1; i < 100; i++) t.is((await receiver.recv()).payload, i);
});

test('a listener that throws costs no other message', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus, { label: 'receiver' });
    process.on('uncaughtException', (error) => tell(error.message));
    endpoint.on('message', ({ payload }) => {
      if (payload === 1) throw new Error('one is too much');
      tell(payload);
    });
    tell('joined');
  });
  const sender = await joined(t, bus);
  t.is(await program.next(), 'joined');
  for (let i = 0; i < 3; i++) sender.send('receiver', i);
  // The exception is reported in a turn of its own, before the last message or after it.
  const got = [await program.next(), await program.next(), await program.next()];
  t.deepEqual(got.map(String).sort(), ['0', '2', 'one is too much']);
});

test('a listener added late gets what waited', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  for (let i = 0; i < 20; i++) sender.send('receiver', i);
  t.is((await receiver.recv()).payload, 0);
  const got: unknown[] = [];
  await new Promise<void>((resolve) => {
    receiver.on('message', ({ payload }) => {
      got.push(payload);
      if (got.length === 19) resolve();
    });
  });
  t.deepEqual(
    got,
    Array.from({ length: 19 }, (_, i) => i + 1),
  );
});

test('once takes one message; those behind it wait', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(alive));
  for (let i = 0; i < 100; i++) sender.send('receiver', i);
  const got: unknown[] = [];
  // Some calls find messages in the ring, some in the inbox, and some have to wait.
  for (let i = 0; i < 50; i++) got.push((await once(receiver, 'message'))[0].payload);
  await new Promise<void>((resolve) => {
    const listener = ({ payload }: { readonly payload: unknown }) => {
      got.push(payload);
      if (got.length !== 60) return;
      receiver.off('message', listener);
      resolve();
    };
    receiver.on('message', listener);
  });
  for (let i = 60; i < 99; i++) got.push((await receiver.recv()).payload);
  const last = once(receiver, 'message');
  got.push((await last)[0].payload);
  const late = once(receiver, 'message');
  sender.send('receiver', 100);
  got.push((await late)[0].payload);
  t.deepEqual(
    got,
    Array.from({ length: 101 }, (_, i) => i),
  );
});

test('a listener added after removeAllListeners is called', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  for (const remove of [
    () => receiver.removeAllListeners(),
    () => receiver.removeAllListeners('message'),
    () => receiver.removeAllListeners('newListener').removeAllListeners('removeListener'),
  ]) {
    receiver.on('message', () => t.fail());
    remove();
    receiver.removeAllListeners('message');
    const got = new Promise((resolve) => receiver.on('message', ({ payload }) => resolve(payload)));
    sender.send('receiver', 'heard');
    t.is(await got, 'heard');
    receiver.removeAllListeners();
  }
  // No earlier call takes the message away from the next one.
  sender.send('receiver', 'kept');
  t.is((await receiver.recv()).payload, 'kept');
});

test('an iterator that is given up while it waits takes nothing with it', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  const iterator = receiver[Symbol.asyncIterator]();
  const pending = [iterator.next(), iterator.next()];
  t.deepEqual(await iterator.return?.(), { done: true, value: undefined });
  const over = { done: true, value: undefined } as const;
  t.deepEqual(await Promise.all([...pending, iterator.next()]), [over, over, over]);
  const thrown = receiver[Symbol.asyncIterator]();
  const waiting = thrown.next();
  await t.throwsAsync(async () => thrown.throw?.(new Error('enough')), { message: 'enough' });
  t.deepEqual(await waiting, over);
  const stream = Readable.from(receiver);
  stream.resume();
  await turn();
  stream.destroy();
  await once(stream, 'close');
  sender.send('receiver', 'kept');
  t.is((await receiver.recv()).payload, 'kept');
});

test('what a loop took is handled when that loop asks for more, whatever others do', async (t) => {
  const bus = newBus();
  const slowJob = await joined(t, bus);
  const quickJobs = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  const slow = receiver[Symbol.asyncIterator]();
  const quick = receiver[Symbol.asyncIterator]();
  let handled = false;
  const delivered = slowJob.deliver('receiver', 'slow', { acknowledge: 'handled' });
  void delivered.then(() => {
    handled = true;
  });
  t.is((await slow.next()).value?.payload, 'slow');
  for (let i = 0; i < 10; i++) {
    const done = quickJobs.deliver('receiver', i, { acknowledge: 'handled' });
    t.is((await quick.next()).value?.payload, i);
    const next = quick.next();
    t.is(await done, 1);
    t.false(handled);
    quickJobs.send('receiver', 'go on');
    await next;
  }
  void slow.next();
  t.is(await delivered, 1);
});

/** Sends for ever, as fast as it can. */
const flood: Source = async ({ busbar, bus, tell }) => {
  const box = busbar.messageBox({ Text: busbar.text, Raw: busbar.bytes });
  const endpoint = await busbar.join(bus, { label: 'flood', messages: box });
  tell('joined');
  const payload = box.Raw(new Uint8Array(64));
  await endpoint.waitFor('receiver');
  for (;;) {
    try {
      endpoint.send('receiver', payload);
    } catch {
      await endpoint.drained();
    }
  }
};

test('under a flood, timers run, and every sender is heard', async (t) => {
  const bus = newBus();
  const programs = [1, 2, 3, 4].map(() => inProcess(t, bus, flood));
  for (const program of programs) await program.next();
  const receiver = await joined(t, bus, { label: 'receiver', messages: box });
  const heard = new Map<number, number>();
  receiver.on('message', ({ from }) => heard.set(from.id, (heard.get(from.id) ?? 0) + 1));
  let ticks = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      ticks++;
      const least = Math.min(...heard.values());
      if (ticks < 50 || heard.size < 4 || least < 1000) return;
      clearInterval(timer);
      resolve();
    }, 2);
  });
  t.is(heard.size, 4);
  for (const program of programs) await program.kill();
});
