// relabel(): an endpoint changes the strings that selectors match it by, and all others see it.
import { once } from 'node:events';
import test from 'ava';
import { join, multicast, type PeerEvent, unicast } from 'busbar';
import { inProcess, joined, newBus, type Source } from './support/program.js';
import { until } from './support/waiting.js';

/** Each starts processes; with more, by hand: BUSBAR_ROUNDS=100. */
const rounds = Number(process.env.BUSBAR_ROUNDS ?? 4);

/** Changes its label to what it is told to, and says when that is done. */
const worker: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: ['worker'] });
  endpoint.on('message', (message) => message.reply(message.payload));
  tell(endpoint.id);
  for (;;) {
    await endpoint.relabel((await told()) as string[]);
    tell(endpoint.label);
  }
};

test("README's own example: work goes to the renderer that is not busy", async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const one = await joined(t, bus, { label: ['renderer', 'codec'] });
  const other = await joined(t, bus, { label: ['renderer', 'codec', 'busy'] });
  const idle = 'renderer & codec & !busy';
  sender.send(idle, 1);
  t.is((await one.recv()).payload, 1);
  await one.relabel(['renderer', 'codec', 'busy']);
  t.throws(() => sender.send(idle, 2), { code: 'ERR_BUSBAR_NO_RECIPIENT' });
  await other.relabel(['renderer', 'codec']);
  sender.send(idle, 3);
  t.is((await other.recv()).payload, 3);
  t.deepEqual(one.label, ['renderer', 'codec', 'busy']);
  t.deepEqual(other.label, ['renderer', 'codec']);
});

test('all others see the label once relabel() has resolved, and peer tells of it', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus);
  const events: PeerEvent[] = [];
  const program = inProcess(t, bus, worker);
  const id = await program.next<number>();
  endpoint.on('peer', (event) => events.push(event));
  for (let i = 1; i <= 20; i++) {
    program.say(['worker', `${i}`]);
    t.deepEqual(await program.next(), ['worker', `${i}`]);
    t.deepEqual(endpoint.matches(`${i}`), [{ id, pid: program.pid, label: ['worker', `${i}`] }]);
    t.deepEqual(endpoint.matches(multicast(`"${i - 1}"`)), []);
    t.deepEqual(endpoint.peers, endpoint.matches('worker'));
  }
  await until(endpoint, 'peer', () => events.at(-1)?.peer.label[1] === '20');
  let before = ['worker'];
  for (const { change, peer, formerLabel } of events) {
    t.is(change, 'relabelled');
    t.is(peer.id, id);
    t.deepEqual(formerLabel, before);
    before = [...peer.label];
  }
  t.deepEqual(before, ['worker', '20']);
});

test('messages have their sender with the label of now, over the link that was there', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus, { label: 'endpoint' });
  const peer = await joined(t, bus, { label: 'first' });
  peer.send('endpoint', 0);
  t.deepEqual((await endpoint.recv()).from.label, ['first']);
  for (let i = 1; i <= 20; i++) {
    await peer.relabel([`label ${i}`]);
    peer.send('endpoint', i);
    const message = await endpoint.recv();
    t.is(message.payload, i);
    t.deepEqual(message.from.label, [`label ${i}`]);
  }
  t.is(endpoint.counters.inboundLinks, 1);
  t.is(peer.counters.outboundLinks, 1);
});

test('a message that waits goes to the endpoint that gets a matching label, in order', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'other' });
  for (let i = 0; i < 10; i++) t.is(sender.send('wanted', i, { ttl: 60_000 }), 0);
  const delivered = sender.deliver('wanted', 10, { ttl: 60_000 });
  await receiver.relabel('wanted');
  for (let i = 0; i <= 10; i++) t.is((await receiver.recv()).payload, i);
  t.is(await delivered, 1);
  // So does one whose sender has left.
  const leaver = await join(bus, { controllerAffinity: false });
  leaver.send('later', 'kept', { ttl: 60_000 });
  await leaver.close();
  await receiver.relabel(['later']);
  t.is((await receiver.recv()).payload, 'kept');
});

test('what was sent before reaches the endpoint under its new label', async (t) => {
  const bus = newBus();
  const sender = await joined(t, bus);
  const receiver = await joined(t, bus, { label: 'old' });
  for (let i = 0; i < 100; i++) sender.send('old', i);
  await receiver.relabel('new');
  for (let i = 0; i < 100; i++) t.is((await receiver.recv()).payload, i);
});

test('waitFor resolves for a label that an endpoint gets later, its own included', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus, { label: 'waiting' });
  const peer = await joined(t, bus);
  const waits = endpoint.waitFor('ready', { count: 2 });
  await peer.relabel(['ready']);
  await endpoint.relabel(['ready']);
  t.deepEqual((await waits).map(({ id }) => id).sort(), [endpoint.id, peer.id].sort());
});

test('calls of one endpoint take effect in their order', async (t) => {
  const bus = newBus();
  const watcher = await joined(t, bus);
  const endpoint = await joined(t, bus);
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      await endpoint.relabel([`${i}`]);
      order.push(i);
      // Nobody sees an older one.
      t.true(Number(watcher.peers[0]?.label[0]) >= i);
    }),
  );
  t.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  t.deepEqual(watcher.peers[0]?.label, ['49']);
  t.deepEqual(endpoint.label, ['49']);
});

test('wrong labels and options are refused, and change nothing', async (t) => {
  const bus = newBus();
  const watcher = await joined(t, bus);
  const endpoint = await joined(t, bus, { label: 'as it was' });
  const wrong: [unknown, RegExp][] = [
    [[''], /label is empty/],
    [['x', 'x'], /same string twice/],
    [['x'.repeat(256)], /256 bytes long; the limit is 255/],
    [Array.from({ length: 33 }, (_, i) => `${i}`), /33 strings; the limit is 32/],
    [Array.from({ length: 5 }, (_, i) => `${i}`.repeat(250)), /the limit is 1024/],
    [['\ud800'], /lone surrogate/],
    [[7], /label is 7; expected a string/],
    [undefined, /label is undefined/],
  ];
  for (const [label, message] of wrong) {
    await t.throwsAsync(endpoint.relabel(label as string[]), {
      code: 'ERR_BUSBAR_INVALID_LABEL',
      message,
    });
  }
  await t.throwsAsync(endpoint.relabel([], { tiemout: 1 } as never), {
    code: 'ERR_BUSBAR_INVALID_ARGUMENT',
    message: /did you mean 'timeout'\?/,
  });
  await t.throwsAsync(endpoint.relabel(['x'], { timeout: -1 }), { code: 'ERR_BUSBAR_TIMEOUT' });
  await t.throwsAsync(endpoint.relabel(['x'], { signal: AbortSignal.abort() }), {
    code: 'ERR_BUSBAR_ABORTED',
  });
  t.deepEqual(endpoint.label, ['as it was']);
  t.deepEqual(watcher.peers[0]?.label, ['as it was']);
  const longest = Array.from({ length: 4 }, (_, i) => `${i}`.repeat(255));
  await endpoint.relabel(longest);
  t.deepEqual(watcher.peers[0]?.label, longest);
  await endpoint.relabel([]);
  t.deepEqual(watcher.peers[0]?.label, []);
});

test('an endpoint that is closed or closing refuses, and ends calls that wait', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, worker);
  await program.next();
  const endpoint = await join(bus, { controllerAffinity: false });
  await program.stopped();
  const waits = endpoint.relabel(['x']);
  const closed = endpoint.close({ linger: 0 });
  await t.throwsAsync(waits, { code: 'ERR_BUSBAR_CLOSED' });
  await t.throwsAsync(endpoint.relabel(['y']), { code: 'ERR_BUSBAR_CLOSED' });
  program.goOn();
  await closed;
  await t.throwsAsync(endpoint.relabel(['y']), { code: 'ERR_BUSBAR_CLOSED' });
});

test('relabel ends by timeout or signal, and the label may change nevertheless', async (t) => {
  const bus = newBus();
  const program = inProcess(t, bus, worker);
  await program.next();
  // It deposes no controller, so it waits for the one that is stopped.
  const endpoint = await joined(t, bus, { controllerAffinity: false });
  await program.stopped();
  await t.throwsAsync(endpoint.relabel(['x'], { timeout: 1 }), {
    code: 'ERR_BUSBAR_TIMEOUT',
    message: 'relabel() took longer than 1 ms',
  });
  const abort = new AbortController();
  const waits = endpoint.relabel(['y'], { signal: abort.signal });
  abort.abort();
  await t.throwsAsync(waits, { code: 'ERR_BUSBAR_ABORTED' });
  t.deepEqual(endpoint.label, []);
  program.goOn();
  await endpoint.relabel(['z']);
  t.deepEqual(endpoint.label, ['z']);
});

test('a controller that is killed in the middle costs no label', async (t) => {
  for (let round = 0; round < rounds; round++) {
    const bus = newBus();
    const controller = inProcess(t, bus, worker);
    await controller.next();
    const endpoint = await joined(t, bus, { label: 'old' });
    const witness = inProcess(t, bus, async ({ busbar, bus, tell, told }) => {
      const endpoint = await busbar.join(bus);
      for (;;) {
        tell(['old', 'new'].map((label) => endpoint.matches(label).length));
        await told();
      }
    });
    t.deepEqual(await witness.next(), [1, 0]);
    const relabelled = endpoint.relabel('new');
    if (round % 2 === 0) await new Promise(setImmediate);
    const killed = controller.kill();
    await relabelled;
    witness.say('look');
    t.deepEqual(await witness.next(), [0, 1]);
    await killed;
    await witness.kill();
  }
});

test('an endpoint that is killed in the middle leaves the bus whole', async (t) => {
  const bus = newBus();
  const watcher = await joined(t, bus);
  for (let round = 0; round < rounds; round++) {
    const program = inProcess(t, bus, worker);
    const id = await program.next<number>();
    for (let i = 0; i < 10; i++) program.say(['worker', `${i}`]);
    if (round % 2 === 0) await program.next();
    await program.kill();
    await until(watcher, 'peer', () => !watcher.peers.some((peer) => peer.id === id));
  }
  const other = await joined(t, bus);
  await other.relabel('still works');
  t.is(watcher.matches('"still works"').length, 1);
});

test('the controller itself changes its label, and members of its process', async (t) => {
  const bus = newBus();
  const controller = await joined(t, bus, { label: 'first' });
  const member = await joined(t, bus, { label: 'second' });
  t.true(controller.isController);
  const event = once(member, 'peer');
  await controller.relabel(['third']);
  const [told] = (await event) as [PeerEvent];
  t.deepEqual(told, {
    change: 'relabelled',
    peer: { id: controller.id, pid: process.pid, label: ['third'] },
    formerLabel: ['first'],
  });
  t.is(member.send(unicast('third'), 'x'), 1);
  t.deepEqual(member.controller?.label, ['third']);
  // Not of itself.
  member.on('peer', () => t.fail('it hears of its own label'));
  await member.relabel('fourth');
});
