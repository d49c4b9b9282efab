// Joining: what is refused, what ends the wait, and which endpoints meet.
import test from 'ava';
import { type JoinOptions, join, multicast } from 'busbar';
import { inWorker, joined, newBus, nextEvent } from './support/program.js';
import { until } from './support/waiting.js';

const invalid = 'ERR_BUSBAR_INVALID_ARGUMENT';

const badIdentifiers: readonly [identifier: unknown, message: RegExp][] = [
  ['', /0 bytes long; allowed are 1 to 128/],
  ['x'.repeat(129), /129 bytes long; allowed are 1 to 128/],
  ['界'.repeat(43), /129 bytes long/],
  ['a\nb', /control character at index 1/],
  ['a\u0000', /control character at index 1/],
  ['\ud800', /expected a string/],
  [5, /identifier is 5; expected a string/],
  [undefined, /expected a string/],
];

test('bad identifiers are refused with the limit', async (t) => {
  for (const [identifier, message] of badIdentifiers) {
    await t.throwsAsync(
      join(identifier as string),
      { code: 'ERR_BUSBAR_INVALID_IDENTIFIER', message },
      String(identifier),
    );
  }
});

const badLabels: readonly [label: unknown, message: RegExp][] = [
  ['', /1 to 255|empty/],
  ['x'.repeat(256), /255/],
  ['é'.repeat(128), /255/],
  [Array.from({ length: 33 }, (_, i) => `l${i}`), /33 strings; the limit is 32/],
  [Array.from({ length: 5 }, (_, i) => `${i}`.repeat(210)), /1055 bytes; the limit is 1024/],
  [['twin', 'twin'], /twice/],
  [['fine', 7], /7/],
];

test('bad labels are refused with the limit', async (t) => {
  for (const [label, message] of badLabels) {
    await t.throwsAsync(
      join(newBus(), { label: label as string }),
      { code: 'ERR_BUSBAR_INVALID_LABEL', message },
      String(label),
    );
  }
});

const badOptions: readonly [options: object, message: RegExp][] = [
  [{ token: 'x'.repeat(1025) }, /token is 1025 bytes long; the limit is 1024/],
  [{ token: 5 }, /token is 5; expected a string/],
  [{ tokn: 'x' }, /unknown option 'tokn' of join\(\); did you mean 'token'\?/],
  [{ controlerAffinity: true }, /did you mean 'controllerAffinity'\?/],
  [{ zebra: 1 }, /unknown option 'zebra' of join\(\); known: 'timeout', 'signal', 'label'/],
  [{ messages: {} }, /messages is an object; expected a messageBox/],
  [{ controllerAffinity: 1 }, /controllerAffinity is 1; expected true or false/],
  [{ timeout: null }, /timeout is null; expected a number of milliseconds/],
  [{ timeout: '5' }, /timeout is "5"; expected a number of milliseconds/],
  [{ signal: {} }, /signal is an object; expected an AbortSignal/],
  [{ maxMessageBytes: 0 }, /maxMessageBytes is 0 bytes; the smallest allowed is 1/],
  [{ maxMessageBytes: 2 ** 32 }, /the largest allowed is 4294967295/],
  [{ queueBytes: 0 }, /queueBytes is 0 bytes; the smallest allowed is 1/],
  [{ ringBytes: 20_000 }, /ringBytes is 20000; expected a power of two/],
  [{ ringBytes: 8192 }, /ringBytes is 8192 bytes; the smallest allowed is 16384/],
  [{ ringBytes: 2 ** 27 }, /the largest allowed is 67108864/],
  [{ prefetch: 0 }, /prefetch is 0 messages; the smallest allowed is 1/],
  [{ linger: Number.NaN }, /linger is NaN; expected a number of milliseconds/],
  [{ spin: 1001 }, /spin is 1001 microseconds; the largest allowed is 1000/],
  [{ drainBudget: 0 }, /drainBudget is 0; allowed are 0.05 to 1000 milliseconds/],
];

test('bad options are refused with the limit or a guess', async (t) => {
  for (const [options, message] of badOptions) {
    const joining = join(newBus(), options as JoinOptions);
    await t.throwsAsync(joining, { code: invalid, message }, JSON.stringify(options));
  }
  await t.throwsAsync(join(newBus(), 'text' as JoinOptions), { code: invalid });
});

test('a wrong token makes join reject, and the bus is unharmed', async (t) => {
  const bus = newBus();
  const first = await joined(t, bus, { label: 'first', token: 'right' });
  for (const token of ['wrong', '', 'right ']) {
    await t.throwsAsync(join(bus, { token }), {
      code: 'ERR_BUSBAR_TOKEN_MISMATCH',
      message: new RegExp(`cannot join bus '${bus}'`),
    });
  }
  t.deepEqual(first.peers, []);
  t.true(first.isController);
  const second = await joined(t, bus, { label: 'second', token: 'right' });
  t.is(first.send('second', 'hello'), 1);
  t.is((await second.recv()).payload, 'hello');
});

test('a join that nobody answers ends by timeout or signal and leaves no trace', async (t) => {
  const bus = newBus();
  const lonely = { controllerAffinity: false } as const;
  for (const timeout of [-5, 0, 0.5]) {
    await t.throwsAsync(join(bus, { ...lonely, timeout }), { code: 'ERR_BUSBAR_TIMEOUT' });
  }
  await t.throwsAsync(join(bus, { ...lonely, timeout: 20 }), {
    code: 'ERR_BUSBAR_TIMEOUT',
    message: /controllerAffinity: false.* 20 ms/,
  });

  const reason = new Error('changed my mind');
  const before = await t.throwsAsync(join(bus, { signal: AbortSignal.abort(reason) }), {
    code: 'ERR_BUSBAR_ABORTED',
    name: 'AbortError',
  });
  t.is(before?.cause, reason);

  const abort = new AbortController();
  const joining = join(bus, { ...lonely, signal: abort.signal });
  setImmediate(() => abort.abort(reason));
  const during = await t.throwsAsync(joining, { code: 'ERR_BUSBAR_ABORTED' });
  t.is(during?.cause, reason);

  const endpoint = await joined(t, bus);
  t.true(endpoint.isController);
  t.deepEqual(endpoint.peers, []);
});

test('a signal that is aborted after the join changes nothing', async (t) => {
  const abort = new AbortController();
  const endpoint = await joined(t, newBus(), { signal: abort.signal });
  abort.abort();
  t.false(endpoint.closed);
});

test('several endpoints of one process, on one bus and on several', async (t) => {
  const [red, blue] = [newBus(), newBus()];
  const reds = await Promise.all(['a', 'b', 'c'].map((label) => joined(t, red, { label })));
  const blues = await Promise.all(['a', 'b'].map((label) => joined(t, blue, { label })));
  t.is(new Set(reds.map(({ id }) => id)).size, 3);
  t.is(new Set(blues.map(({ id }) => id)).size, 2);
  t.is(reds.filter(({ isController }) => isController).length, 1);
  t.is(blues.filter(({ isController }) => isController).length, 1);
  for (const endpoint of reds) t.is(endpoint.peers.length, 2);

  t.is(reds[0]?.send('b', 'red'), 1);
  t.is(blues[0]?.send('b', 'blue'), 1);
  t.is((await reds[1]?.recv())?.payload, 'red');
  t.is((await blues[1]?.recv())?.payload, 'blue');
  t.throws(() => blues[0]?.send('c', 'nobody there'), { code: 'ERR_BUSBAR_NO_RECIPIENT' });
});

test('worker threads are endpoints like others', async (t) => {
  const bus = newBus();
  const main = await joined(t, bus, { label: 'main' });
  const workers = [0, 1, 2].map(() =>
    inWorker(t, bus, async ({ busbar, bus, tell }) => {
      const endpoint = await busbar.join(bus, { label: 'worker' });
      tell(endpoint.id);
      const message = await endpoint.recv();
      message.reply(`${message.payload} to ${endpoint.id}`);
      await endpoint.close();
    }),
  );
  const ids = await Promise.all(workers.map((worker) => worker.next<number>()));
  t.is(new Set([main.id, ...ids]).size, 4);
  for (const peer of main.peers) t.is(peer.pid, process.pid);
  for (const peer of await main.waitFor('worker', { count: 3 })) {
    t.true(ids.includes(peer.id));
  }
  t.is(main.send(multicast('worker'), 'hello'), 3);
  const replies = [];
  for (const _ of ids) replies.push((await main.recv()).payload);
  t.deepEqual(replies.sort(), ids.map((id) => `hello to ${id}`).sort());
  for (const worker of workers) t.deepEqual(await worker.ended, [0]);
});

test('without affinity an endpoint waits for somebody else and never becomes controller', async (t) => {
  const bus = newBus();
  const waiting = joined(t, bus, { label: 'shy', controllerAffinity: false, timeout: 60_000 });
  const first = await joined(t, bus, { label: 'first' });
  const shy = await waiting;
  t.true(first.isController);
  t.false(shy.isController);
  t.is(shy.controller?.id, first.id);
  const { id, generation } = shy;

  await first.close();
  t.false(shy.isController);
  const heard = nextEvent(shy as never, 'controller');
  const second = await joined(t, bus, { label: 'second' });
  await heard;
  t.true(second.isController);
  t.false(shy.isController);
  t.is(shy.id, id);
  t.true(shy.generation > generation);
  await until(shy, 'controller', () => shy.controller?.id === second.id);
  t.is(second.send('shy', 'still here'), 1);
  t.is((await shy.recv()).payload, 'still here');
});
