// Membership: which endpoints are present, join and leave, and that all others can reach a new one.
import test from 'ava';
import { anyone, join, label, multicast, nobody, type PeerEvent, unicast } from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';
import { until, untilLeft } from './support/waiting.js';

test('peers are all the others, with their process and label', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus, { label: 'me' });
  t.deepEqual(endpoint.peers, []);
  const here = await joined(t, bus, { label: ['one', 'two'] });
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    const endpoint = await busbar.join(bus);
    tell({ id: endpoint.id, peers: endpoint.peers });
    endpoint.on('message', () => undefined);
  });
  const there = await program.next<{ id: number; peers: unknown[] }>();
  t.deepEqual(
    endpoint.peers.toSorted((a, b) => a.id - b.id),
    [
      { id: here.id, pid: process.pid, label: ['one', 'two'] },
      { id: there.id, pid: program.pid, label: [] },
    ].sort((a, b) => a.id - b.id),
  );
  t.is(there.peers.length, 2);
  t.is(endpoint.controller?.id, endpoint.id);
});

test('listeners hear of endpoints that join, leave or die', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus);
  const events: PeerEvent[] = [];
  endpoint.on('peer', (event) => events.push(event));
  const next = async (count: number) => {
    while (events.length < count) await nextEvent(endpoint as never, 'peer');
  };
  const guest = await join(bus, { label: 'guest' });
  await next(1);
  await guest.close();
  await next(2);
  const program = inProcess(t, bus, async ({ busbar, bus, tell }) => {
    tell((await busbar.join(bus, { label: 'victim' })).on('message', () => undefined).id);
  });
  const id = await program.next<number>();
  await next(3);
  await program.kill();
  await next(4);
  const guestPeer = { id: guest.id, pid: process.pid, label: ['guest'] };
  const victim = { id, pid: program.pid, label: ['victim'] };
  t.deepEqual(events, [
    { change: 'joined', peer: guestPeer },
    { change: 'left', peer: guestPeer },
    { change: 'joined', peer: victim },
    { change: 'left', peer: victim },
  ]);
});

test('ids are not given twice', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus);
  const ids = new Set([endpoint.id]);
  for (let i = 0; i < 50; i++) {
    const guest = await join(bus);
    ids.add(guest.id);
    await guest.close();
  }
  t.is(ids.size, 51);
});

test('waitFor resolves at once or when enough have come', async (t) => {
  const bus = newBus();
  const endpoint = await joined(t, bus, { label: ['me', 'all'] });
  t.deepEqual(await endpoint.waitFor('me'), [
    { id: endpoint.id, pid: process.pid, label: ['me', 'all'] },
  ]);
  const waiting = endpoint.waitFor(unicast('all & !me'), { count: 3 });
  const text = endpoint.waitFor(multicast(label('all').and(label('2'))));
  const ids = [];
  for (let i = 0; i < 3; i++) {
    ids.push((await joined(t, bus, { label: ['all', `${i}`] })).id);
    await joined(t, bus, { label: 'others' });
  }
  t.deepEqual((await waiting).map(({ id }) => id).sort(), ids.sort());
  t.deepEqual(
    (await text).map(({ label }) => label),
    [['all', '2']],
  );
  t.is((await endpoint.waitFor(multicast(anyone), { count: 7 })).length, 7);
});

test('waitFor ends by timeout or signal', async (t) => {
  const endpoint = await joined(t, newBus());
  await t.throwsAsync(endpoint.waitFor('godot', { timeout: 1 }), {
    code: 'ERR_BUSBAR_TIMEOUT',
    message: 'waitFor() took longer than 1 ms',
  });
  await t.throwsAsync(endpoint.waitFor('godot', { signal: AbortSignal.abort() }), {
    code: 'ERR_BUSBAR_ABORTED',
    name: 'AbortError',
  });
  const abort = new AbortController();
  const waiting = endpoint.waitFor('godot', { signal: abort.signal });
  abort.abort(new Error('enough'));
  const error = await t.throwsAsync(waiting, { code: 'ERR_BUSBAR_ABORTED' });
  t.is((error?.cause as Error | undefined)?.message, 'enough');
  await t.throwsAsync(endpoint.waitFor(unicast(nobody), { timeout: 0 }), {
    code: 'ERR_BUSBAR_TIMEOUT',
  });
});

test('waitFor refuses what makes no sense', async (t) => {
  const endpoint = await joined(t, newBus());
  const invalid = 'ERR_BUSBAR_INVALID_ARGUMENT';
  const wrong = [
    [{ count: 0 }, /count is 0; the smallest allowed is 1/],
    [{ count: 4097 }, /count is 4097; the largest allowed is 4096/],
    [{ coun: 1 }, /did you mean 'count'\?/],
    [{ timeout: Number.NaN }, /timeout is NaN/],
  ] as const;
  for (const [options, message] of wrong) {
    await t.throwsAsync(async () => endpoint.waitFor('a', options as object), {
      code: invalid,
      message,
    });
  }
});

/** Joins with each label it gets, reports that it has and then what it received, and leaves. */
const newcomer: Source = async ({ busbar, bus, tell, told }) => {
  for (;;) {
    const name = (await told()) as string;
    if (name === 'stop') break;
    const endpoint = await busbar.join(bus, { label: name });
    tell('joined');
    tell((await endpoint.recv()).payload);
    await endpoint.close();
  }
  process.exit();
};

/** Sends at once to each label it gets. */
const sender: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'sender' });
  tell('joined');
  for (;;) {
    const name = (await told()) as string;
    if (name === 'stop') break;
    endpoint.send(name, `hello ${name}`);
  }
  process.exit();
};

for (const controller of ['sender', 'newcomer', 'third']) {
  test(`whoever has joined can be sent to at once; first on the bus: ${controller}`, async (t) => {
    const bus = newBus();
    const third = controller === 'third' ? await joined(t, bus) : undefined;
    const joining = inProcess(t, bus, newcomer);
    if (controller === 'newcomer') {
      joining.say('first');
      await joining.next();
    }
    const sending = inProcess(t, bus, sender);
    await sending.next();
    if (controller === 'newcomer') {
      sending.say('first');
      await joining.next();
    }
    for (let i = 0; i < 100; i++) {
      const name = `newcomer${i}`;
      joining.say(name);
      t.is(await joining.next(), 'joined');
      // The name arrives outside the bus; a sender that does not see the newcomer would throw
      // NoRecipientError.
      sending.say(name);
      t.is(await joining.next(), `hello ${name}`);
    }
    joining.say('stop');
    sending.say('stop');
    t.deepEqual(await joining.ended, [0, null]);
    t.deepEqual(await sending.ended, [0, null]);
    if (third !== undefined) await until(third, 'peer', () => third.peers.length === 0);
  });
}

test('an endpoint without listeners sees the same as one with', async (t) => {
  const bus = newBus();
  const [deaf, listening] = [await joined(t, bus), await joined(t, bus)];
  for (let i = 0; i < 20; i++) {
    const guest = await join(bus);
    t.true(deaf.peers.some(({ id }) => id === guest.id));
    t.true(listening.peers.some(({ id }) => id === guest.id));
    await guest.close();
    await untilLeft(listening, guest.id);
    t.false(deaf.peers.some(({ id }) => id === guest.id));
  }
});
