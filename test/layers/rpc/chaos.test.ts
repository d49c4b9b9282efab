// Calls while their servers, and with them bus controllers, are killed at random: none hangs, and
// none that is not idempotent is executed twice.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { connect } from 'busbar/rpc';
import { newBus } from '../../support/program.js';
import { Counting } from './chaos-program.js';

const program = fileURLToPath(new URL('chaos-program.js', import.meta.url));

/** Kills; `BUSBAR_CHAOS_KILLS=10000` for a long run by hand. */
const kills = Number(process.env.BUSBAR_CHAOS_KILLS ?? 12);
const servers = 3;
const callers = 16;

test('no call hangs and none is executed twice while servers are killed', async (t) => {
  t.timeout(60_000 + kills * 1000);
  const bus = newBus();
  /** How often each call was executed, as the servers told before they answered. */
  const executed = new Map<number, number>();
  const running = new Set<ChildProcess>();
  const start = () =>
    new Promise<void>((resolve) => {
      const child = fork(program, [bus]);
      running.add(child);
      child.on('message', (news: number | 'serving') => {
        if (news === 'serving') resolve();
        else executed.set(news, (executed.get(news) ?? 0) + 1);
      });
      child.on('exit', () => running.delete(child));
    });
  t.teardown(() => {
    for (const child of running) child.kill('SIGKILL');
  });
  await Promise.all(Array.from({ length: servers }, start));
  const client = await connect({ name: bus, controllerAffinity: false }, Counting);
  t.teardown(() => client.close());

  let next = 0;
  let over = false;
  const counts = { done: 0, lost: 0, again: 0 };
  const caller = async () => {
    while (!over) {
      const id = ++next;
      try {
        // Half of them may be executed twice.
        if (id % 2 === 0) t.is(await client.again({ id: -id }), -id);
        else t.is(await client.single({ id }), id);
        counts.done++;
      } catch (error) {
        const { code, executed: maybe } = error as { code?: string; executed?: string };
        t.is(code, 'PEER_GONE');
        t.is(maybe, 'maybe');
        t.is(id % 2, 1, 'an idempotent call goes on');
        counts.lost++;
      }
    }
  };
  const all = Array.from({ length: callers }, caller);
  for (let kill = 0; kill < kills; kill++) {
    const before = counts.done;
    while (counts.done < before + 50) await new Promise((resolve) => setImmediate(resolve));
    const [victim] = running;
    const died = new Promise((resolve) => victim?.once('exit', resolve));
    victim?.kill('SIGKILL');
    await Promise.all([died, start()]);
  }
  over = true;
  await Promise.all(all);
  const twice = [...executed].filter(([id, count]) => id > 0 && count > 1);
  t.deepEqual(twice, []);
  t.log(`${counts.done} calls, ${counts.lost} lost with their servers, ${kills} kills`);
});
