// The attachments of a message are closed when its consumer is done with it, not by garbage
// collection.
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { KernelObject, type PlainBox, type Received } from 'busbar';
import { inProcessWithFewDescriptors, joined, newBus, type Source } from './support/program.js';

const null_ = () => KernelObject.fromFd(openSync('/dev/null', 'r'), { takeOver: true });

async function pair(t: Parameters<typeof joined>[0]) {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'receiver' });
  const send = (payload: unknown) => {
    using object = null_();
    sender.send('receiver', payload, { objects: [object] });
  };
  return { sender, receiver, send };
}

const closed = (message: Received<PlainBox> | undefined) => message?.objects[0]?.closed;

test('recv and for await: when the next message is asked for', async (t) => {
  const { receiver, send } = await pair(t);
  for (const payload of [1, 2, 3, 4]) send(payload);
  const first = await receiver.recv();
  t.false(closed(first));
  const second = (await receiver.recv()).keep();
  t.true(closed(first));
  let last: Received<PlainBox> | undefined;
  for await (const message of receiver) {
    t.is(closed(last), last === undefined ? undefined : true);
    t.false(closed(message));
    last = message;
    if (message.payload === 4) break;
  }
  t.true(closed(last));
  t.false(closed(second));
  second.close();
  t.true(closed(second));
});

test('a listener: when it has returned, and its promise has settled', async (t) => {
  const { receiver, send } = await pair(t);
  send('once');
  const [waited] = (await once(receiver, 'message')) as [Received<PlainBox>];
  t.false(closed(waited));
  await turn();
  t.true(closed(waited));
  let finish = (): void => undefined;
  const got: Received<PlainBox>[] = [];
  const came = new Promise<void>((resolve) => {
    receiver.on('message', (message) => {
      got.push(message);
      if (message.payload === 'kept') message.keep();
      if (message.payload !== 'slow') return undefined;
      resolve();
      return new Promise<void>((fulfil) => {
        finish = fulfil;
      });
    });
  });
  for (const payload of ['quick', 'kept', 'slow']) send(payload);
  await came;
  await turn();
  t.deepEqual(got.map(closed), [true, false, false]);
  finish();
  await turn();
  t.deepEqual(got.map(closed), [true, false, true]);
  got[1]?.close();
});

/** Ignores attachments, in a process with few descriptors. */
const careless: Source = async ({ busbar, bus, tell }) => {
  const endpoint = await busbar.join(bus, { label: 'careless' });
  tell('joined');
  let count = 0;
  endpoint.on('rejected', ({ error }) => tell(error.message));
  endpoint.on('message', () => {
    if (++count === 3000) tell(count);
  });
};

test('3,000 messages with a descriptor each, to a process with 256 that ignores them', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const program = inProcessWithFewDescriptors(t, bus, careless, { DESCRIPTORS: '256' });
  await program.next();
  using object = null_();
  for (let i = 0; i < 3000; i++) await sender.sendWhenReady('careless', i, { objects: [object] });
  t.is(await program.next(), 3000);
});
