// How long callers wait to hear that their server was killed, by hand:
//   node test-build/layers/rpc/callee-killed.js [rounds] [calls]
// Each round kills a server with so many calls in hand, and measures from the kill to the rejection
// of each. A figure and no test, because it depends on what else the machine does.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { defineInterface } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';

const Hold = defineInterface('com.example.hold', '1.0', { methods: { hold: {} } });

const [, , first = '100', second = '64'] = process.argv;

if (process.send !== undefined) {
  let begun = 0;
  await serve(first, Hold, {
    hold: () => {
      if (++begun === Number(second)) process.send?.('has them');
      return new Promise<void>(() => undefined);
    },
  });
  process.send('serves');
} else {
  await measure(Number(first), Number(second));
}

async function measure(rounds: number, calls: number): Promise<void> {
  const bus = `callee-killed-${process.pid}`;
  const client = await connect(bus, Hold);
  const waits: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const server = fork(import.meta.filename, [bus, `${calls}`]);
    await once(server, 'message');
    let killedAt = 0;
    const pending = Array.from({ length: calls }, () =>
      client.hold().catch(() => waits.push(performance.now() - killedAt)),
    );
    await once(server, 'message');
    killedAt = performance.now();
    server.kill('SIGKILL');
    await Promise.all(pending);
  }
  await client.close();
  waits.sort((a, b) => a - b);
  const at = (share: number) =>
    (waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0).toFixed(2);
  console.log(`${waits.length} calls of ${rounds} killed servers rejected, in milliseconds:`);
  console.log(`p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`);
}
