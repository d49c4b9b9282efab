// Calls while their servers, their callers and bus controllers are killed and stopped at random:
// none hangs, none that is not idempotent is executed twice, and nothing is left over.
import { setImmediate as turn } from 'node:timers/promises';
import * as v8 from 'node:v8';
import test, { type ExecutionContext } from 'ava';
import { holdingsOf, holdsNoMore } from '../../support/holdings.js';
import { newBus } from '../../support/program.js';
import { type ChaosReport, RpcChaos } from './chaos-director.js';

/** Disasters; `BUSBAR_CHAOS_KILLS=10000` for a long run by hand. */
const disasters = Number(process.env.BUSBAR_CHAOS_KILLS ?? 12);
const seed = Number(process.env.BUSBAR_CHAOS_SEED ?? Date.now() % 1_000_000);

async function chaos(t: ExecutionContext, count: number, of: number): Promise<ChaosReport> {
  const run = new RpcChaos(newBus(), of);
  t.teardown(() => {
    // A run that hangs says where.
    const came = run.kill();
    if (came !== undefined) console.error(came);
  });
  await run.start();
  await run.disasters(count);
  return run.finish();
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

// Collects garbage first. In Node since 20.13, in its types later.
const { queryObjects } = v8 as unknown as {
  queryObjects(of: unknown, options: { readonly format: 'count' }): number;
};
const promises = () => queryObjects(Promise, { format: 'count' });

test('no call hangs, none is executed twice, and nothing is left over', async (t) => {
  t.timeout(120_000 + disasters * 2000);
  t.log(`seed ${seed}`);
  // What the first run has once and for all is no leak.
  t.deepEqual((await chaos(t, 4, seed)).wrong, []);
  const before = { ...holdingsOf(process.pid), timers: timers(), promises: promises() };
  const report = await chaos(t, disasters, seed + 1);
  t.log(JSON.stringify(report));
  t.deepEqual(report.wrong, [], `seed ${seed}`);
  t.true(report.kills + report.stops > 0 && report.done > 0);
  await holdsNoMore(process.pid, before);
  while (timers() > before.timers) await turn();
  // Each call has promises; what ava and the child processes have varies.
  const left = promises() - before.promises;
  t.true(left < 100, `${left} promises of ${report.done} calls`);
});
