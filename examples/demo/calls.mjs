// The second part of the demo: calls and a stream go on while their server is killed and another one
// takes over. Exits with 0 only if no call was lost or executed twice without being idempotent.
import { fork } from 'node:child_process';
import { defineInterface, t } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';

const Worker = defineInterface('com.example.worker', '1.0', {
  methods: {
    square: { args: { n: t.u32 }, returns: t.f64, idempotent: true },
    clock: { args: { from: t.u32 }, stream: t.u32 },
  },
});
const [, , bus = `busbar-demo-calls-${process.pid}`, name] = process.argv;

if (name === undefined) await demo();
else await work();

async function work() {
  await serve(bus, Worker, {
    square: ({ n }) => n * n,
    async *clock({ from }) {
      for (let n = from; ; n++) {
        yield n;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
  });
  process.on('disconnect', () => process.exit());
  process.send('serving');
}

async function demo() {
  const start = (worker) =>
    new Promise((resolve) => {
      const child = fork(import.meta.filename, [bus, worker]);
      child.once('message', () => resolve(child));
    });
  const first = await start('first');
  const client = await connect(bus, Worker);
  const calls = { done: 0, wrong: 0 };
  let over = false;
  const call = async () => {
    for (let n = 0; !over; n = (n + 1) % 1000) {
      if ((await client.square({ n })) !== n * n) calls.wrong++;
      calls.done++;
    }
  };
  const callers = Array.from({ length: 16 }, call);

  // A stream is resumed by its reader, which knows what it has seen.
  const ticks = { seen: 0, gaps: 0, resumed: 0 };
  const read = async () => {
    while (!over) {
      try {
        for await (const n of client.clock({ from: ticks.seen })) {
          if (n !== ticks.seen) ticks.gaps++;
          ticks.seen = n + 1;
          if (over) break;
        }
      } catch (error) {
        if (error.code !== 'PEER_GONE') throw error;
        ticks.resumed++;
      }
    }
  };
  const reader = read();
  const until = async (holds) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await until(() => calls.done > 1000 && ticks.seen > 20);
  const second = await start('second');
  const before = { calls: calls.done, ticks: ticks.seen };
  console.log(`${before.calls} calls, ${before.ticks} items: kill -9 ${first.pid}, the server`);
  first.kill('SIGKILL');
  await until(() => calls.done > before.calls + 1000 && ticks.seen > before.ticks + 20);
  over = true;
  await Promise.all([...callers, reader]);
  second.kill();
  await client.close();
  const fine = calls.wrong === 0 && ticks.gaps === 0;
  console.log(`${fine ? 'ok' : 'FAILED'}: every one of ${calls.done} calls returned`);
  console.log(`ok: ${ticks.seen} items without a gap, resumed ${ticks.resumed} times`);
  process.exit(fine ? 0 : 1);
}
