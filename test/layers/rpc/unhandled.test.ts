// No rejection that nobody handles comes from the layer itself, whatever the methods, generators
// and hooks of its users do, and whoever leaves, closes or dies in the middle.
import test from 'ava';
import { inProcess, inWorker, newBus, type Source } from '../../support/program.js';

const user: Source = async ({ bus, tell }) => {
  const { defineInterface, t } = await import('busbar/interface');
  const { all, connect, first, serve } = await import('busbar/rpc');
  const seen: string[] = [];
  const note = (error: unknown) => seen.push(String((error as Error)?.stack ?? error));
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);

  const Odd = defineInterface('com.example.odd', '1.0', {
    methods: {
      wait: {},
      late: { idempotent: true },
      numbers: { stream: t.u32 },
      read: { input: t.u32, returns: t.u32 },
      both: { input: t.u32, stream: t.u32 },
    },
    properties: { level: { type: t.u32, access: 'read-write' } },
    signals: { tick: {} },
  });
  const fail = (text: string) => Promise.reject(new Error(text));
  const begun: (() => void)[] = [];
  const implementation = {
    // Rejects when nobody waits any more.
    wait: (_: unknown, call: { readonly signal: AbortSignal }) =>
      new Promise<void>((_resolve, reject) => {
        begun.shift()?.();
        call.signal.addEventListener('abort', () => reject(new Error('aborted')));
      }),
    late: () => new Promise<void>((resolve) => setTimeout(resolve, 20)),
    // Its cleanup fails, too.
    async *numbers() {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        await fail('the cleanup of a generator');
      }
    },
    // Returns before its input ends.
    read: () => 1,
    async *both(_: unknown, call: { readonly input: AsyncIterable<number> }) {
      for await (const n of call.input) {
        yield n;
        throw new Error('a generator that reads');
      }
    },
  };
  const ignored = () => undefined;
  const start = (label: string) =>
    serve(bus, Odd, implementation, {
      label,
      properties: { level: 1 },
      onSet: { level: () => fail('a hook') as Promise<never> },
      onError: ignored,
      linger: 0,
    });
  const one = await start('one');
  const two = await start('two');
  const client = await connect(bus, Odd);
  const began = () => new Promise<void>((resolve) => begun.push(resolve));
  const failing = async function* () {
    yield 1;
    await fail('the input of a call');
  };

  // Each promise that the user gets is handled, and nothing else is.
  for (let round = 0; round < 20; round++) {
    for await (const n of client.numbers()) if (n === round) break;
    await client.read(failing()).catch(ignored);
    for await (const _ of client.both([1, 2])) break;
    await client.both(failing()).next().catch(ignored);
    await (async () => {
      for await (const _ of client.both([1, 2]));
    })().catch(ignored);
    await client.level.set(2).catch(ignored);
    for await (const _ of client.level) break;
    client.on('tick', ignored).close();
    const stop = new AbortController();
    const waiting = began();
    const waits = client.wait({ signal: stop.signal }).catch(ignored);
    await waiting;
    stop.abort();
    await waits;
    const loop = all(client).wait();
    const next = loop.next().catch(ignored);
    await loop.return?.(undefined as never);
    await next;
    await first(client).late();
    await client.wait({ timeout: 1 }).catch(ignored);
    // Never asked for anything.
    client.numbers();
    client.level.watch();
  }
  // Subscriptions, streams and calls under way while their service, and then their client, closes.
  const other = await connect(bus, Odd);
  other.on('tick', ignored);
  other.level.on('change', ignored);
  const stream = other.numbers({ to: 'one' });
  await stream.next();
  const waiting = began();
  const waits = other.wait({ to: 'one' }).catch(ignored);
  await waiting;
  await one.close({ linger: 0 });
  await waits;
  await stream.next().catch(ignored);
  const pending = other.numbers().next().catch(ignored);
  const left = other.wait().catch(ignored);
  await other.close();
  await Promise.all([pending, left]);
  await two.close({ linger: 0 });
  // Nobody serves any more.
  const nobody = client.wait().catch(ignored);
  client.on('tick', ignored);
  await client.close();
  await nobody;
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  tell(seen);
};

for (const [kind, run] of [
  ['process', inProcess],
  ['worker thread', inWorker],
] as const) {
  test(`the layer leaves no rejection unhandled in a ${kind}`, async (t) => {
    const program = run(t, newBus(), user);
    t.deepEqual(await program.next(), []);
  });
}

test('a hook for errors that throws costs no call its answer', async (t) => {
  const program = inProcess(t, newBus(), async ({ bus, tell }) => {
    const { defineInterface } = await import('busbar/interface');
    const { connect, serve } = await import('busbar/rpc');
    const Odd = defineInterface('com.example.odd', '1.0', { methods: { now: {}, later: {} } });
    const uncaught: string[] = [];
    process.on('uncaughtException', (error) => uncaught.push(error.message));
    const now = () => {
      throw new Error('the method');
    };
    const onError = (_: unknown, { method }: { readonly method: string }) => {
      throw new Error(`the hook of ${method}`);
    };
    await serve(bus, Odd, { now, later: async () => now() }, { onError });
    const client = await connect(bus, Odd);
    const results = await Promise.allSettled([client.now(), client.later()]);
    const codes = results.map((result) => result.status === 'rejected' && result.reason.code);
    await new Promise((resolve) => setImmediate(resolve));
    tell([...codes, ...uncaught]);
  });
  const failed = ['HANDLER_FAILED', 'HANDLER_FAILED'];
  t.deepEqual(await program.next(), [...failed, 'the hook of now', 'the hook of later']);
});

/** Listens to a signal and watches a property until it is killed. */
const subscriber: Source = async ({ bus, tell }) => {
  const { defineInterface, t } = await import('busbar/interface');
  const { connect } = await import('busbar/rpc');
  const News = defineInterface('com.example.news', '1.0', {
    properties: { level: { type: t.u32 } },
    signals: { tick: {} },
  });
  const client = await connect(bus, News);
  await client.on('tick', () => undefined).ready;
  await new Promise<void>((resolve) => {
    client.level.on('change', () => resolve());
  });
  tell('subscribed');
};

test('subscriptions end with the death of their owner', async (t) => {
  const { defineInterface, t: type } = await import('busbar/interface');
  const { connect, serve, stats } = await import('busbar/rpc');
  const News = defineInterface('com.example.news', '1.0', {
    properties: { level: { type: type.u32 } },
    signals: { tick: {} },
  });
  const bus = newBus();
  const service = await serve(bus, News, {}, { properties: { level: 1 } });
  const client = await connect(bus, News);
  t.teardown(() => service.close());
  t.teardown(() => client.close());
  const subscribers = async () =>
    (await stats(client))[0]?.members.map((member) => member.subscribers);
  const program = inProcess(t, bus, subscriber);
  await program.next();
  t.deepEqual(await subscribers(), [1, 1]);
  await program.kill();
  let left = await subscribers();
  // Each answer shows the state of a later moment; the test's own deadline ends the wait.
  while (left?.some((count) => count > 0)) left = await subscribers();
  service.emit.tick();
  service.level = 2;
  t.deepEqual(left, [0, 0]);
});
