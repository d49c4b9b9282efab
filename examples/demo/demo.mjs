// The demo: eight processes and a worker thread on one bus, one of which is killed while you watch.
// Exits with 0 only if everything that was expected arrived.
import { stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Member } from './cast.mjs';
import { chunkBytes } from './roles.mjs';
import { bold, green, red, Screen } from './screen.mjs';
import { verdictsOf } from './verdict.mjs';

const killAfter = 3500;
const runFor = 7500;
const deadline = 60_000;

const bus = `busbar-demo-${process.pid}`;
const screen = new Screen();
const begun = performance.now();
const elapsed = () => (performance.now() - begun) / 1000;

/** The event that the demo waits for, for the message at the deadline. */
let phase = 'the members joined';
/** @type {Member[]} */
const members = [];
const end = (code, line) => {
  process.stdout.write(`\n${line}\n`);
  for (const member of members) member.kill();
  process.exit(code);
};
process.on('SIGINT', () => end(130, red('interrupted')));
process.on('SIGTERM', () => end(143, red('terminated')));
setTimeout(
  () => end(1, red(`not finished after ${deadline / 1000} s while ${phase}: ${unfinished()}`)),
  deadline,
);

function unfinished() {
  const waiting = members.filter(({ alive, result }) => alive && result === undefined);
  const figures = waiting.map(
    ({ name, figures }) => `${name} (${figures.in} in, ${figures.out} out)`,
  );
  return `no result from ${figures.join(', ') || 'nobody in particular'}`;
}

async function start(name, role, options) {
  const member = new Member(bus, name, role, options);
  member.on('trouble', (error) => end(1, red(`${name}: ${error.message}`)));
  members.push(member);
  await member.waitFor('joined');
  return member;
}

// Of the slower mirror.
function shareOfFile() {
  const arrived = members.filter(({ role }) => role === 'mirror').map(({ figures }) => figures.in);
  return Math.min(1, Math.min(...arrived) / Math.ceil(expected.fileBytes / chunkBytes));
}

const expected = { fileBytes: (await stat(process.execPath)).size };
screen.say(`bus '${bus}': the first to join, keeper, becomes its controller`);
const keeper = await start('keeper', 'keeper');
await Promise.all([
  start('mirror-1', 'mirror', { expected }),
  start('mirror-2', 'mirror', { expected, thread: true }),
  start('worker-1', 'worker'),
  start('worker-2', 'worker'),
  start('echo', 'echo'),
]);
await Promise.all([
  start('reader', 'reader'),
  start('feeder', 'feeder'),
  start('caller', 'caller'),
]);
screen.say(
  `all have joined after ${elapsed().toFixed(1)} s; reader sends ${(expected.fileBytes / 1e6).toFixed(0)} MB to both mirrors`,
);
const show = () => screen.draw(elapsed(), members, shareOfFile());
const redraw = setInterval(show, 250);
phase = 'the streams ran';
for (const member of members) member.tell('go');

await pause(killAfter);
const changes = members
  .filter((member) => member !== keeper)
  .map((member) =>
    member.waitFor('controller').then((change) => ({ ...change, name: member.name })),
  );
screen.say(
  `${elapsed().toFixed(1)} s: kill -9 ${keeper.pid}: the controller, keeper, is dead`,
  bold,
);
phase = 'another member was to take over';
keeper.kill();
const heard = await Promise.all(changes);
const gap = Math.max(...heard.map(({ gapMs }) => gapMs));
const [successor] = new Set(heard.map(({ by }) => by));
const agreed = heard.every(
  ({ by, generation }) => by === successor && generation === heard[0].generation,
);
screen.say(
  `${elapsed().toFixed(1)} s: ${successor} took over; ${heard.length} survivors agree; ` +
    `the last of them was without a controller for ${gap.toFixed(1)} ms`,
);

await pause(Math.max(0, runFor - killAfter));
phase = 'the streams came to their ends';
const named = (name) => members.find((member) => member.name === name);
const resultOf = (member) => member.result ?? member.waitFor('result');
for (const name of ['feeder', 'caller']) named(name).tell('stop');
await Promise.all(
  ['reader', 'feeder', 'caller', 'mirror-1', 'mirror-2'].map((name) => resultOf(named(name))),
);
await allJobsDone();
for (const name of ['worker-1', 'worker-2', 'echo']) named(name).tell('stop');
await Promise.all(['worker-1', 'worker-2', 'echo'].map((name) => resultOf(named(name))));

// Every job of feeder has reached one of the workers; if one is lost, the deadline ends the demo.
async function allJobsDone() {
  const { sent } = named('feeder').result;
  phase = `the ${sent} jobs that feeder sent came to the two workers`;
  const done = () => named('worker-1').figures.in + named('worker-2').figures.in;
  while (done() < sent)
    await Promise.race([
      named('worker-1').waitFor('figures'),
      named('worker-2').waitFor('figures'),
    ]);
}

phase = 'the members left';
for (const member of members) member.tell('leave');
await Promise.all(members.filter(({ alive }) => alive).map((member) => member.waitFor('gone')));
clearInterval(redraw);
show();

const verdicts = [
  {
    fine: agreed,
    text: `one controller: all ${heard.length} survivors agree on ${successor}, ${gap.toFixed(1)} ms without one`,
  },
  ...verdictsOf(named),
];
process.stdout.write('\n');
for (const { fine, text } of verdicts) {
  process.stdout.write(`${fine ? green('  ok  ') : red('FAILED')}  ${text}\n`);
}
const fine = verdicts.every((verdict) => verdict.fine);
process.stdout.write(
  fine
    ? bold(`\nnot one message between the survivors was lost (${elapsed().toFixed(1)} s)\n`)
    : red('\nsomething expected did not arrive\n'),
);
process.exit(fine ? 0 : 1);
