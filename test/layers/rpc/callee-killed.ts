// How long callers wait to hear that their server was killed, by hand:
//   node test-build/layers/rpc/callee-killed.js [rounds] [calls]
// Each round kills a server with so many calls in hand, and measures from the kill to the rejection
// of each; and beside it how long the kernel takes to close the socket of a killed process of Node
// that does nothing, since no caller can hear earlier. A figure and no test, because it depends on
// what else the machine does.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { defineInterface } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc';

const Hold = defineInterface('com.example.hold', '1.0', { methods: { hold: {} } });

const [, , first = '100', second = '64'] = process.argv;

if (first === 'idle') {
  setInterval(() => undefined, 1000);
  process.send?.('is there');
} else if (process.send !== undefined) {
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
  const closings: number[] = [];
  for (let round = 0; round < rounds; round++) {
    closings.push(await closingOfIdle());
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
  console.log(`${waits.length} calls of ${rounds} killed servers rejected, in milliseconds:`);
  console.log(`  ${summary(waits)}`);
  console.log(`the sockets of as many idle processes were closed, in milliseconds:`);
  console.log(`  ${summary(closings)}`);
}

async function closingOfIdle(): Promise<number> {
  const idle = fork(import.meta.filename, ['idle']);
  await once(idle, 'message');
  const closed = once(idle, 'disconnect');
  const killedAt = performance.now();
  idle.kill('SIGKILL');
  await closed;
  return performance.now() - killedAt;
}

function summary(waits: number[]): string {
  waits.sort((a, b) => a - b);
  const at = (share: number) =>
    (waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0).toFixed(2);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`;
}
