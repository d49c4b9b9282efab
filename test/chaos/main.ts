// `npm run chaos -- [--minutes <n>] [--kills <n>] [--members <n>] [--seed <n>]`: exits with 0 if
// nothing was wrong.
import { parseArgs } from 'node:util';
import { Director } from './director.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    kills: { type: 'string', default: '1000000' },
    members: { type: 'string', default: '6' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
  },
});
const seed = Number(values.seed);
const say = (line: string) => process.stdout.write(`${line}\n`);
say(`chaos: seed ${seed}, ${values.members} members, ${values.minutes} minutes at most`);
const director = new Director({
  seed,
  members: Number(values.members),
  forMs: Number(values.minutes) * 60_000,
  kills: Number(values.kills),
  say,
});
const result = await director.run();
const percentile = (share: number) =>
  (result.gaps[Math.floor((result.gaps.length - 1) * share)] ?? 0).toFixed(1);
say(
  `${result.kills} kills, ${result.stops} stops, ${result.leaves} leaves; ${result.sent} sent, ` +
    `${result.received} received, ${result.undelivered} reported as undelivered, ` +
    `${result.takenAtDeath} in the hands of killed receivers`,
);
const { seen, lost, exact, unlinked, unmet } = result.observers;
say(
  `${result.labels} labels changed; ${seen} observations and ${lost} counted as lost by ` +
    `${result.observerKills + 2} observers, complete for ${exact} senders; ${unlinked} senders ` +
    `were gone before an observer had a link to them, ${unmet} joined under a controller that it ` +
    'had not reached',
);
say(
  `${result.generations} controllers; a member was without one for ${percentile(0.5)} ms (p50), ` +
    `${percentile(0.99)} ms (p99), ${percentile(1)} ms at most`,
);
for (const violation of result.violations.slice(0, 50)) say(`WRONG  ${violation}`);
say(
  result.violations.length === 0
    ? 'nothing was lost, doubled, disordered or left over'
    : `${result.violations.length} violations; histories in ${result.folder}; seed ${seed}`,
);
process.exit(result.violations.length === 0 ? 0 : 1);
