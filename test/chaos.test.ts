// A few seconds of chaos; `npm run chaos` runs for as long as needed.
import test from 'ava';
import { Director } from './chaos/director.js';

test('members killed, stopped and sent away: nothing is lost, doubled, disordered or left over', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.log(`seed ${seed}`);
  const director = new Director({
    seed,
    members: 5,
    forMs: 10_000,
    kills: 60,
    say: () => undefined,
  });
  const result = await director.run();
  t.deepEqual(result.violations, [], `histories in ${result.folder}, seed ${seed}`);
  t.true(result.kills > 0);
  t.true(result.received > 0);
});
