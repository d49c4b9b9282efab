// What a server has sent before it dies reaches its callers, however much of it is still to be read
// when the bus says that the server has left.
import { readFileSync } from 'node:fs';
import test from 'ava';
import { defineInterface, t as type } from 'busbar/interface';
import { connect } from 'busbar/rpc';
import { inProcess, newBus, type Source } from '../../support/program.js';

const Last = defineInterface('com.example.last', '1.0', {
  methods: {
    repeat: { args: { n: type.u32 }, returns: { n: type.u32, text: type.string } },
    numbers: { args: { count: type.u32 }, stream: type.u32 },
  },
});

/** Answers so many calls and streams, and ends by a kill as soon as all is sent. */
const server: Source = async ({ bus, tell, told }) => {
  const { defineInterface, t } = await import('busbar/interface');
  const { serve } = await import('busbar/rpc');
  const Last = defineInterface('com.example.last', '1.0', {
    methods: {
      repeat: { args: { n: t.u32 }, returns: { n: t.u32, text: t.string } },
      numbers: { args: { count: t.u32 }, stream: t.u32 },
    },
  });
  let left = 0;
  const one = () => {
    if (--left > 0) return;
    // The answers of this turn are in the ring by then.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20);
  };
  const place = { name: bus, ringBytes: 8 * 1024 * 1024 };
  await serve(
    place,
    Last,
    {
      repeat({ n }) {
        one();
        return { n, text: 'x'.repeat(500) };
      },
      *numbers({ count }) {
        for (let n = 0; n < count; n++) yield n;
        one();
      },
    },
    { perCaller: 10_000, concurrency: 10_000 },
  );
  tell('serves');
  left = (await told()) as number;
  tell('ready');
};

// A child that was killed is a zombie until this process takes notice of it.
const isDead = (pid: number) => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('answers of a server that is dead by the time they are read', async (t) => {
  const bus = newBus();
  // The controller.
  const client = await connect({ name: bus, ringBytes: 8 * 1024 * 1024 }, Last);
  t.teardown(() => client.close());
  const program = inProcess(t, bus, server);
  await program.next();
  const count = 4000;
  program.say(count + 1);
  await program.next();
  const stream = client.numbers({ count: 200 });
  const numbers: Promise<number>[] = [stream.next().then(({ value }) => value ?? -1)];
  const calls = Array.from({ length: count }, (_, n) => client.repeat({ n }));
  // Nothing is read until it is dead.
  await new Promise((resolve) => setImmediate(resolve));
  while (!isDead(program.pid));
  const results = await Promise.allSettled(calls);
  t.deepEqual(results.filter(({ status }) => status === 'rejected').length, 0);
  t.is(await numbers[0], 0);
  let last = 0;
  for await (const n of stream) last = n;
  t.is(last, 199);
});
