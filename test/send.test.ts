// Sending: which endpoints get a message, the count that send() returns, and the order in which
// messages arrive.
import test from 'ava';
import { anyone, bytes, label, messageBox, multicast, TooLargeError, text, unicast } from 'busbar';
import { inProcess, inWorker, joined, newBus, type Source } from './support/program.js';

const box = messageBox({ Text: text, Raw: bytes });

/** Joins with the label it gets, and reports what it receives. */
const listener: Source = async ({ busbar, bus, tell, told }) => {
  const box = busbar.messageBox({ Text: busbar.text, Raw: busbar.bytes });
  const name = (await told()) as string;
  const endpoint = await busbar.join(bus, { label: [name, 'listener'], messages: box });
  tell('joined');
  endpoint.on('message', (message) => tell(message.payload));
};

test('a unicast reaches one process, a multicast all that match', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender', messages: box });
  const programs = ['a', 'b', 'c'].map((name, index) => {
    const program = index === 2 ? inWorker(t, bus, listener) : inProcess(t, bus, listener);
    program.say(name);
    return program;
  });
  await Promise.all(programs.map((program) => program.next()));

  t.is(sender.send(unicast('b'), box.Text('to b')), 1);
  t.is(await programs[1]?.next(), 'to b');
  t.is(sender.send(multicast('listener'), box.Text('to all')), 3);
  for (const program of programs) t.is(await program.next(), 'to all');
  t.is(sender.send(multicast('listener & !a'), box.Text('not a')), 2);
  t.is(await programs[2]?.next(), 'not a');
  t.is(sender.send('c', box.Text('text is unicast')), 1);
  t.is(await programs[2]?.next(), 'text is unicast');
});

test('with nobody matching, a unicast throws and a multicast returns 0', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'alone' });
  t.throws(() => endpoint.send(unicast('nobody'), 1), {
    code: 'ERR_BUSBAR_NO_RECIPIENT',
    message: /nobody/,
  });
  t.is(endpoint.send(multicast('nobody'), 1), 0);
});

test('a multicast reaches the sender, too, unless it excludes itself', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'me' });
  t.is(endpoint.send(multicast(anyone), 'to me'), 1);
  t.is((await endpoint.recv()).payload, 'to me');
  t.is(endpoint.send(multicast(anyone, { excludeSelf: true }), 'to others'), 0);
});

test('a selector of a peer reaches that endpoint and no other', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender' });
  const twins = [await joined(t, bus, { label: 'twin' }), await joined(t, bus, { label: 'twin' })];
  for (const twin of twins) {
    const peer = sender.peers.find(({ id }) => id === twin.id);
    t.truthy(peer);
    if (peer !== undefined) sender.send(unicast(peer), twin.id);
    t.is((await twin.recv()).payload, twin.id);
  }
});

test('a unicast goes to the receiver with the fewest unread bytes, round-robin on ties', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender' });
  const workers = [];
  for (let i = 0; i < 3; i++) workers.push(await joined(t, bus, { label: 'worker' }));
  // None of them reads, so each message makes its receiver the one with the most unread bytes.
  for (let i = 0; i < 30; i++) sender.send('worker', i);
  for (const worker of workers) {
    for (let i = 0; i < 10; i++) await worker.recv();
    await t.throwsAsync(worker.recv({ timeout: 0 }), { code: 'ERR_BUSBAR_TIMEOUT' });
  }
});

test('a hundred thousand messages come in order, through ring and queue', async (t) => {
  const bus = newBus();
  const count = 100_000;
  const counter = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const box = busbar.messageBox({ Text: busbar.text, Raw: busbar.bytes });
    const endpoint = await busbar.join(bus, { label: 'counter', messages: box });
    tell('joined');
    let next = 0;
    endpoint.on('message', (message) => {
      if (message.type !== 'Raw') return tell({ next });
      const number = new DataView(message.payload.buffer, message.payload.byteOffset).getUint32(0);
      if (number !== next++) tell({ expected: next - 1, number });
    });
  });
  const sender = await joined(t, bus, { messages: box, ringBytes: 16 * 1024, queueBytes: 1 << 16 });
  await counter.next();
  const payload = new Uint8Array(64);
  let full = 0;
  for (let i = 0; i < count; i++) {
    new DataView(payload.buffer).setUint32(0, i);
    for (;;) {
      try {
        sender.send('counter', box.Raw(payload));
        break;
      } catch (error) {
        t.is((error as { code?: string }).code, 'ERR_BUSBAR_QUEUE_FULL');
        full++;
        await sender.drained();
      }
    }
  }
  await sender.drained();
  sender.send('counter', box.Text('end'));
  t.deepEqual(await counter.next(), { next: count });
  t.true(full > 0, 'the queue was never full');
});

test('expressions select by label', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus, { label: 'sender' });
  const fast = await joined(t, bus, { label: ['worker', 'fast'] });
  const slow = await joined(t, bus, { label: ['worker', 'slow'] });
  t.is(sender.send(multicast(label('worker').and(label('fast').not())), 'slow ones'), 1);
  t.is((await slow.recv()).payload, 'slow ones');
  t.is(sender.send(multicast(label('fast').or('slow')), 'both'), 2);
  t.is((await fast.recv()).payload, 'both');
  t.is((await slow.recv()).payload, 'both');
});

test('bad input is refused at the call', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'me', messages: box, maxMessageBytes: 1000 });
  t.throws(() => endpoint.send('a &', box.Text('x')), { code: 'ERR_BUSBAR_INVALID_SELECTOR' });
  t.throws(() => endpoint.send('me', 'no message of the box' as never), {
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
  });
  t.throws(() => endpoint.send('me', box.Text('x'), { ttl: null as never }), {
    message: /ttl is null/,
  });
  // The rest of a deadline that has passed.
  t.throws(() => endpoint.send('nobody', box.Text('x'), { ttl: -1 }), {
    code: 'ERR_BUSBAR_NO_RECIPIENT',
  });
  t.throws(() => endpoint.send('me', box.Text('x'), { tll: 1 } as never), {
    message: /mean 'ttl'/,
  });
  const tooLarge = t.throws(() => endpoint.send('me', box.Raw(new Uint8Array(1001))), {
    instanceOf: TooLargeError,
    message: /1001 bytes.*\(1000\)/,
  });
  t.is(tooLarge.limit, 1000);
});

test('a payload over the limit is refused on a link that is open, too', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'me', messages: box, maxMessageBytes: 1000 });
  for (let i = 0; i < 3; i++) {
    endpoint.send('me', box.Raw(new Uint8Array(1000)));
    await endpoint.recv();
    t.throws(() => endpoint.send('me', box.Raw(new Uint8Array(1001))), {
      code: 'ERR_BUSBAR_TOO_LARGE',
    });
  }
});
