// A caller that does not take its answers: the server keeps so many for it, then its calls end by an
// error that reaches it once it takes them again. No call is left without an end, and nobody else
// waits.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { raw } from 'busbar';
import { defineInterface, t as type } from 'busbar/interface';
import { connect, stats } from 'busbar/rpc';
import { inProcess, newBus, type Source } from '../../support/program.js';
import { answer, answers, hostile, kinds } from './hostile-peer.js';
import { overrunElsewhere, startOf } from './overrun-elsewhere.js';

const Store = defineInterface('com.example.store', '1.0', {
  methods: { name: { returns: type.string } },
});

/** Answers all `take` at once, when it is told to, and says when it has aborted the calls of one. */
const server: Source = async ({ bus, tell, told }) => {
  const { defineInterface, t } = await import('busbar/interface');
  const { serve } = await import('busbar/rpc');
  const Store = defineInterface('com.example.store', '1.0', {
    methods: {
      name: { returns: t.string },
      take: { args: { size: t.u32 }, returns: t.any },
      wait: {},
      numbers: { stream: t.u32 },
    },
  });
  const expected = (await told()) as number;
  let begun = 0;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const begin = () => {
    if (++begun === expected) tell('has them');
  };
  const implementation = {
    name: () => 'store',
    async take({ size }: { size: number }) {
      begin();
      await opened;
      return 'x'.repeat(size);
    },
    wait(_: unknown, call: { readonly signal: AbortSignal }) {
      begin();
      call.signal.addEventListener('abort', () => tell(call.signal.reason.code));
      return new Promise<void>(() => undefined);
    },
    async *numbers() {
      begin();
      yield 1;
      await new Promise(() => undefined);
    },
  };
  await serve(bus, Store, implementation, { perCaller: 10_000 });
  tell('serves');
  await told();
  open();
};

/** Calls so often at once, and tells what came of each call. */
const caller: Source = async ({ bus, tell, told }) => {
  const { defineInterface, t } = await import('busbar/interface');
  const { connect } = await import('busbar/rpc');
  const Store = defineInterface('com.example.store', '1.0', {
    methods: {
      name: { returns: t.string },
      take: { args: { size: t.u32 }, returns: t.any },
      wait: {},
      numbers: { stream: t.u32 },
    },
  });
  const client = await connect(bus, Store);
  const { count, size } = (await told()) as { count: number; size: number };
  const numbers = async () => {
    for await (const _ of client.numbers());
  };
  const calls: Promise<unknown>[] = [client.wait(), numbers()];
  for (let n = 0; n < count; n++) calls.push(client.take({ size }));
  const outcomes = calls.map((call) =>
    call.then(
      (result) => (typeof result === 'string' && result.length === size ? 'result' : 'wrong'),
      (error) => `${error.name} ${error.code} ${error.executed}`,
    ),
  );
  tell(await Promise.all(outcomes));
  for (;;) {
    try {
      tell(await client.name());
      return;
    } catch (error) {
      // The last of the errors may still wait at the server.
      if ((error as { code?: string }).code !== 'BUSY') throw error;
    }
  }
};

async function overrun(t: ExecutionContext, count: number, size: number): Promise<void> {
  const bus = newBus();
  const store = inProcess(t, bus, server);
  store.say(count + 2);
  t.is(await store.next(), 'serves');
  const other = await connect(bus, Store);
  t.teardown(() => other.close());
  const slow = inProcess(t, bus, caller);
  slow.say({ count, size });
  t.is(await store.next(), 'has them');
  await slow.stopped();
  store.say('answer');
  t.is(await store.next(), 'OVERRUN');
  t.is(await other.name(), 'store');
  t.is((await stats(other))[0]?.overruns, 1);
  slow.goOn();
  const [wait, numbers, ...results] = await slow.next<string[]>();
  t.is(wait, 'OverrunError OVERRUN maybe');
  t.is(numbers, 'OverrunError OVERRUN maybe');
  const dropped = results.filter((each) => each === 'OverrunError OVERRUN maybe').length;
  t.true(dropped > 0);
  t.is(results.filter((each) => each === 'result').length, count - dropped);
  t.is(await slow.next(), 'store');
}

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('more answers than wait for one caller end its calls by an error', async (t) => {
  await overrun(t, 4000, 16_000);
});

onPosix('more bytes of answers than wait for one caller do so, too', async (t) => {
  await overrun(t, 100, 1024 * 1024);
});

const inCpp = fileURLToPath(
  new URL('../../../build/c/gcc/conformance_server-cpp', import.meta.url),
);

(existsSync(inCpp) ? onPosix : test.skip)('a server in C++ ends such calls, too', async (t) => {
  const bus = newBus();
  const store = spawn(inCpp, [startOf(bus)], { stdio: ['pipe', 'ignore', 'inherit'] });
  await overrunElsewhere(t, bus, store, ['PEER_GONE maybe']);
});

test('a server that has forgotten the calls of a caller is to it as one that died', async (t) => {
  const bus = newBus();
  const store = await hostile(t, bus, [Store.name, `${Store.name}/1`]);
  let calls = 0;
  store.on('message', (message) => {
    if (++calls === 3) {
      const forgotten = { typeId: answers, format: kinds.forgotten, bytes: new Uint8Array() };
      store.send(`#${message.from.id}`, raw.message(forgotten));
    } else if (calls > 3) {
      answer(message, kinds.result, 'store');
    }
  });
  const client = await connect(bus, Store);
  t.teardown(() => client.close());
  const outcomes = await Promise.allSettled([client.name(), client.name(), client.name()]);
  for (const outcome of outcomes) {
    t.like(outcome, { status: 'rejected', reason: { code: 'PEER_GONE', executed: 'maybe' } });
  }
  t.is(await client.name(), 'store');
});
