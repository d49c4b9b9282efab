// What a server has sent before it dies reaches its callers, however much of it is still to be read
// when the bus says that the server has left.
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { SendDiagnostics } from 'busbar';
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
  const { subscribe } = await import('node:diagnostics_channel');
  const { defineInterface, t } = await import('busbar/interface');
  const { serve } = await import('busbar/rpc');
  const Last = defineInterface('com.example.last', '1.0', {
    methods: {
      repeat: { args: { n: t.u32 }, returns: { n: t.u32, text: t.string } },
      numbers: { args: { count: t.u32 }, stream: t.u32 },
    },
  });
  let expected = 0;
  let sent = 0;
  // The last frame of each call: a result, or the end of a stream.
  subscribe('busbar:send', (message) => {
    const { format, replyTo } = message as SendDiagnostics;
    if (expected === 0 || replyTo === undefined || ![0, 5].includes(format & 0xf)) return;
    // What was sent in this turn can be read once the turn has ended.
    if (++sent === expected) setImmediate(() => process.kill(process.pid, 'SIGKILL'));
  });
  const place = { name: bus, ringBytes: 8 * 1024 * 1024 };
  await serve(
    place,
    Last,
    {
      repeat: ({ n }) => ({ n, text: 'x'.repeat(500) }),
      *numbers({ count }) {
        for (let n = 0; n < count; n++) yield n;
      },
    },
    { perCaller: 10_000, concurrency: 10_000 },
  );
  tell('serves');
  expected = (await told()) as number;
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
  // From now on there is a link from the server to the client.
  await client.repeat({ n: 0 });
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
