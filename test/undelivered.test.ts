// Loss is reported: messages left over by a receiver's death or a time to live come back with
// payload and reason.
import type { EventEmitter } from 'node:events';
import test from 'ava';
import {
  bytes,
  type Endpoint,
  type MessageBox,
  messageBox,
  multicast,
  text,
  type UndeliveredEvent,
  unicast,
} from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';

const box = messageBox({ Text: text, Raw: bytes });

/** Joins, takes nothing and reports its id. */
const deaf: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'receiver' });
  tell(endpoint.id);
  await told();
};

/** Resolves with the next `count` undelivered events. */
function undelivered<B extends MessageBox>(endpoint: Endpoint<B>, count: number) {
  const events: UndeliveredEvent[] = [];
  const alive = setInterval(() => undefined, 1000);
  return new Promise<UndeliveredEvent[]>((resolve) => {
    endpoint.on('undelivered', (event) => {
      events.push(event);
      if (events.length < count) return;
      clearInterval(alive);
      resolve(events);
    });
  });
}

test('what a killed receiver had not taken comes back in order, from ring, queue and shared memory', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { messages: box, ringBytes: 16 * 1024 });
  const program = inProcess(t, bus, deaf);
  const id = await program.next<number>();
  const sizes = Array.from({ length: 200 }, (_, i) => (i % 10 === 5 ? 100_000 : 1000) + i);
  for (const size of sizes) sender.send('receiver', box.Raw(new Uint8Array(size), { format: 3 }));
  const back = undelivered(sender, sizes.length);
  await program.kill();
  const events = await back;
  t.deepEqual(
    events.map(({ payload }) => (payload as Uint8Array).length),
    sizes,
  );
  for (const event of events) {
    t.like(event, { type: 'Raw', peerId: id, reason: 'ERR_BUSBAR_PEER_GONE' });
  }
  t.is(sender.counters.undelivered, sizes.length);
});

test('a multicast comes back for the receiver it missed, and is not sent to others again', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { messages: box });
  const program = inProcess(t, bus, deaf);
  const id = await program.next<number>();
  const receiver = await joined(t, bus, { label: 'receiver', messages: box });
  t.is(sender.send(multicast('receiver'), box.Text('for all')), 2);
  const back = nextEvent(sender as unknown as EventEmitter, 'undelivered');
  await program.kill();
  t.like(await back, { type: 'Text', payload: 'for all', peerId: id });
  t.is((await receiver.recv()).payload, 'for all');
  sender.send('receiver', box.Text('next'));
  t.is((await receiver.recv()).payload, 'next');
});

test('a message for one peer is not given to another one with its label', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const program = inProcess(t, bus, deaf);
  const id = await program.next<number>();
  const heir = await joined(t, bus, { label: 'receiver' });
  const peer = sender.peers.find((candidate) => candidate.id === id);
  if (peer === undefined) return t.fail('the peer is not listed');
  sender.send(unicast(peer), 'personal');
  const back = nextEvent(sender as unknown as EventEmitter, 'undelivered');
  await program.kill();
  t.like(await back, { payload: 'personal', peerId: id });
  sender.send('receiver', 'next');
  t.is((await heir.recv()).payload, 'next');
});

test('a message of a dead receiver, without another match, is reported when its time is over', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const program = inProcess(t, bus, deaf);
  await program.next();
  sender.send('receiver', 'patient', { ttl: 1 });
  const back = nextEvent(sender as unknown as EventEmitter, 'undelivered');
  await program.kill();
  t.like(await back, { payload: 'patient' });
});

test('without a listener the loss is counted', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const program = inProcess(t, bus, deaf);
  await program.next();
  const delivery = sender.deliver('receiver', 'x');
  sender.send('receiver', 'y');
  await program.kill();
  await t.throwsAsync(delivery, { code: 'ERR_BUSBAR_UNDELIVERED' });
  const next = await joined(t, bus, { label: 'receiver' });
  sender.send('receiver', 'z');
  t.is((await next.recv()).payload, 'z');
  t.is(sender.counters.undelivered, 2);
});

test('each of several messages that wait in vain is reported', async (t) => {
  const sender = await joined(t, newBus());
  const back = undelivered(sender, 3);
  for (const ttl of [30, 1, 15]) sender.send('nobody', ttl, { ttl });
  const events = await back;
  const payloads = events.map(({ payload }) => payload as number);
  t.deepEqual(
    payloads.sort((a, b) => a - b),
    [1, 15, 30],
  );
  for (const event of events) {
    t.like(event, { peerId: undefined, reason: 'ERR_BUSBAR_NO_RECIPIENT' });
  }
});
