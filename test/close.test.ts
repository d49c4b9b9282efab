// Closing: what it ends, keeps and gives up, and what the other members see of it.
import test from 'ava';
import { join, multicast, unicast } from 'busbar';
import { inProcess, joined, newBus, nextEvent, type Source } from './support/program.js';
import { untilLeft } from './support/waiting.js';

const closed = {
  code: 'ERR_BUSBAR_CLOSED',
  message: /endpoint \d+ of bus '.*' is closed/,
} as const;

test('closing twice is closing once', async (t) => {
  const endpoint = await join(newBus());
  let events = 0;
  endpoint.on('close', (error) => {
    t.is(error, undefined);
    events++;
  });
  const closing = endpoint.close();
  t.true(endpoint.closed);
  t.is(endpoint.close({ linger: 5 }), closing);
  t.is(endpoint[Symbol.asyncDispose](), closing);
  await closing;
  await endpoint.close();
  t.is(events, 1);
  t.true(endpoint.closed);
  t.false(endpoint.isController);
});

test('await using closes', async (t) => {
  const bus = newBus();
  const witness = await joined(t, bus);
  let id: number;
  {
    await using endpoint = await join(bus);
    id = endpoint.id;
    t.is(witness.peers[0]?.id, id);
  }
  await untilLeft(witness, id);
  t.pass();
});

test('pending calls reject, and a loop over the messages ends', async (t) => {
  const bus = newBus();
  const endpoint = await join(bus, { label: 'closing', ringBytes: 16_384 });
  // It takes nothing: messages to it stay in its ring and in the sender's queue.
  await joined(t, bus, { label: 'deaf', prefetch: 1 });
  for (let i = 0; i < 100; i++) endpoint.send('deaf', 'x'.repeat(1000));
  const loop = (async () => {
    for await (const _ of endpoint) t.fail('nobody sends');
  })();
  const pending = {
    recv: endpoint.recv(),
    waitFor: endpoint.waitFor('nobody'),
    deliver: endpoint.deliver('deaf', 'never taken'),
    drained: endpoint.drained(),
    parked: endpoint.deliver('nobody', 'parked', { ttl: 60_000 }),
  };
  const rejections = Object.entries(pending).map(([name, promise]) =>
    t.throwsAsync<Error>(promise as Promise<unknown>, { code: closed.code }, name),
  );
  await t.throwsAsync(endpoint.close({ linger: 0 }), { code: 'ERR_BUSBAR_UNDELIVERED' });
  await Promise.all(rejections);
  await loop;
});

test('calls after close are refused', async (t) => {
  const endpoint = await join(newBus(), { label: 'me' });
  await endpoint.close();
  t.throws(() => endpoint.send('me', 1), closed);
  t.throws(() => endpoint.send(multicast('me'), 1), closed);
  await t.throwsAsync(endpoint.deliver('me', 1), closed);
  await t.throwsAsync(endpoint.recv(), closed);
  await t.throwsAsync(endpoint.waitFor('me'), closed);
  await t.throwsAsync(endpoint.drained(), closed);
  for await (const _ of endpoint) t.fail('nothing comes any more');
});

test('every call on a closed endpoint is harmless', async (t) => {
  const endpoint = await join(newBus(), { label: 'me' });
  const { id, counters } = endpoint;
  await endpoint.close();
  t.is(endpoint.id, id);
  t.deepEqual(endpoint.peers, []);
  t.is(endpoint.controller, undefined);
  t.is(typeof endpoint.generation, 'number');
  t.deepEqual(Object.keys(endpoint.counters), Object.keys(counters));
  endpoint.ref().unref().ref();
  const listener = () => t.fail('nothing happens any more');
  for (const event of ['message', 'peer', 'undelivered'] as const) {
    endpoint.on(event, listener).off(event, listener);
  }
});

test('bad options are refused, and the endpoint stays open', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'me' });
  const invalid = 'ERR_BUSBAR_INVALID_ARGUMENT';
  await t.throwsAsync(endpoint.close({ lingr: 5 } as object), {
    code: invalid,
    message: /unknown option 'lingr' of close\(\); did you mean 'linger'\?/,
  });
  const noNumber = /linger is null; expected a number of milliseconds/;
  await t.throwsAsync(endpoint.close({ linger: null as never }), {
    code: invalid,
    message: noNumber,
  });
  await t.throwsAsync(endpoint.close({ linger: 2 ** 31 }), { code: invalid, message: /Infinity/ });
  t.false(endpoint.closed);
  endpoint.send('me', 1);
  t.is((await endpoint.recv()).payload, 1);
});

test('the others see it leave, and can no longer send to it', async (t) => {
  const bus = newBus();
  const witness = await joined(t, bus);
  const leaver = await join(bus, { label: ['leaver', 'second name'] });
  const [peer] = await witness.waitFor('leaver');
  t.is(witness.send('leaver', 1), 1);
  t.is((await leaver.recv()).payload, 1);
  const heard = nextEvent(witness as never, 'peer');
  await leaver.close();
  t.deepEqual(await heard, { change: 'left', peer });
  t.deepEqual(witness.peers, []);
  t.throws(() => witness.send('leaver', 2), { code: 'ERR_BUSBAR_NO_RECIPIENT' });
});

/**
 * Takes nothing until ordered to; then reports its payloads, up to the one that it was given.
 */
const lateReader: Source = async ({ busbar, bus, tell, told }) => {
  const endpoint = await busbar.join(bus, { label: 'late', prefetch: 1 });
  tell('joined');
  const last = await told();
  const payloads = [];
  for await (const { payload } of endpoint) {
    payloads.push((payload as string).length);
    if (payload === last || payloads.length === last) break;
  }
  tell(payloads);
  await endpoint.close();
  process.exit();
};

test('close waits for queued messages', async (t) => {
  const bus = newBus();
  const reader = inProcess(t, bus, lateReader);
  await reader.next();
  const sender = await join(bus, { ringBytes: 16_384 });
  for (let i = 1; i <= 500; i++) sender.send('late', 'x'.repeat(i));
  const closing = sender.close({ linger: 2 ** 31 - 1 });
  // Far more than the ring holds: closing has to wait for the reader.
  reader.say('x'.repeat(500));
  await closing;
  t.deepEqual(
    await reader.next(),
    Array.from({ length: 500 }, (_, i) => i + 1),
  );
  t.deepEqual(await reader.ended, [0, null]);
});

test('close counts abandoned messages, and published ones are read', async (t) => {
  const bus = newBus();
  const reader = inProcess(t, bus, lateReader);
  await reader.next();
  const sender = await join(bus, { ringBytes: 16_384 });
  for (let i = 1; i <= 500; i++) sender.send(unicast('late'), 'x'.repeat(i));
  const error = await t.throwsAsync(sender.close({ linger: 0 }), {
    code: 'ERR_BUSBAR_UNDELIVERED',
    message: /closed with \d+ messages that no receiver had taken/,
  });
  t.true(sender.closed);
  const lost = (error as unknown as { value: number }).value;
  t.true(lost > 0 && lost < 500);
  reader.say(500 - lost);
  t.deepEqual(
    await reader.next(),
    Array.from({ length: 500 - lost }, (_, i) => i + 1),
  );
});
