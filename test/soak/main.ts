// `npm run soak -- [--minutes <n>]`: members that exchange everything without a pause, and visitors
// that come and go, for an hour by default. Before each sample all of them pause until everything
// in flight has arrived and the pools have given their spare regions back, so that delays on a busy
// machine do not count as growth. Exits with 0 if no process holds more memory, descriptors or
// mappings at the end than after a quarter of the time.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { idle, type Sample } from './sample.js';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } });
const milliseconds = Number(values.minutes) * 60_000;
const samples = 40;
/**
 * The allowed growth: leftovers of the garbage collectors, and whatever is in flight during a
 * sample.
 */
const tolerance = { resident: 8 << 20, descriptors: 6, mappings: 24 } as const;

const program = fileURLToPath(new URL('./member.js', import.meta.url));
const bus = `soak-${process.pid}`;
const roles = ['steady', 'steady', 'steady', 'visitor', 'visitor'];
const members = roles.map((role) => ({
  role,
  child: fork(program, [bus, role], { execArgv: ['--expose-gc'] }),
  history: [] as Sample[],
}));

async function ask(child: ChildProcess, what: 'calm' | 'sample' | 'go on'): Promise<unknown> {
  child.send(what);
  const [answer] = await once(child, 'message');
  return answer;
}

const askAll = (what: 'calm' | 'sample' | 'go on') =>
  Promise.all(members.map(({ child }) => ask(child, what)));

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

for (let look = 0; look < samples; look++) {
  await pause(milliseconds / samples);
  for (const { child } of members) {
    if (child.exitCode !== null) throw new Error(`a member ended with ${child.exitCode}`);
  }
  await askAll('calm');
  // The last messages, and the time after which a pool gives a region back.
  await pause(2 * idle);
  const seen = await askAll('sample');
  await askAll('go on');
  members.forEach(({ history }, which) => {
    history.push(seen[which] as Sample);
  });
}

let grown = 0;
for (const { role, child, history } of members) {
  const early = history.slice(samples / 4, samples / 2);
  const late = history.slice(-samples / 4);
  const texts = (['resident', 'descriptors', 'mappings'] as const).map((what) => {
    const [before, after] = [early, late].map((part) => median(part.map((one) => one[what])));
    const more = (after ?? 0) - (before ?? 0);
    if (more > tolerance[what]) grown++;
    return `${what} ${before} -> ${after}${more > tolerance[what] ? ' GREW' : ''}`;
  });
  console.log(`${role} ${child.pid}: ${texts.join(', ')}; ${history.at(-1)?.received} received`);
  const course = history.filter((_, look) => look % 5 === 4).map((one) => one.resident >> 20);
  console.log(`  MiB resident: ${course.join(' ')}`);
  child.disconnect();
}
console.log(grown === 0 ? 'nothing has grown' : `${grown} figures have grown`);
process.exitCode = grown === 0 ? 0 : 1;
