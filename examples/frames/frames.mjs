// Video frames through shared memory: a producer, a filter that works in place, and two viewers,
// one of which is killed. Exits with 0 only if every picture arrived intact and all memory came
// back. Run it: npm run demo:frames
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { clipFrames, frameBytes, makeClip } from './clip.mjs';

const killAfter = 3000;
const runFor = 6000;
const deadline = 60_000;

const bus = `busbar-frames-${process.pid}`;
const folder = joinPath(tmpdir(), bus);
const rolesFile = fileURLToPath(new URL('./roles.mjs', import.meta.url));
const terminal = process.stdout.isTTY === true;
const say = (line) => process.stdout.write(`${line}\n`);
const members = new Map();

setTimeout(() => {
  say(`not finished after ${deadline / 1000} s`);
  stopAll();
  process.exit(1);
}, deadline).unref();
process.on('exit', stopAll);

function stopAll() {
  for (const { child } of members.values()) child.kill('SIGKILL');
  rmSync(joinPath(folder, 'clip.y4m'), { force: true });
}

/** Starts a role and resolves when it has joined. */
async function start(role) {
  const child = fork(rolesFile, [role, bus, folder]);
  const member = { role, child, figures: { frames: 0, latencies: [] }, before: 0, alive: true };
  members.set(role, member);
  child.on('exit', (code) => {
    member.alive = false;
    if (code !== null && code !== 0) {
      say(`${role} ended with ${code}`);
      process.exit(1);
    }
  });
  member.joined = new Promise((resolve) => {
    child.on('message', (news) => {
      if (news === 'joined') return resolve();
      Object.assign(member.figures, news.figures);
      if (news.result !== undefined) member.result = news.result;
    });
  });
  return member.joined;
}

const percentile = (sorted, share) => sorted[Math.floor(sorted.length * share)] ?? 0;
const mega = (bytes) => (bytes / 1e6).toFixed(0);

/** One line per member with its current figures. */
function table(seconds, interval) {
  const lines = [
    `${'endpoint'.padEnd(10)}${'frames/s'.padStart(10)}${'MB/s'.padStart(8)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}   ${seconds.toFixed(1)} s`,
  ];
  for (const member of members.values()) {
    const { frames, latencies, regions, reused } = member.figures;
    const rate = (frames - member.before) / interval;
    member.before = frames;
    const sorted = [...latencies].sort((a, b) => a - b);
    const [p50, p99] = [0.5, 0.99].map((share) => percentile(sorted, share).toFixed(2));
    const note = regions === undefined ? '' : `   ${regions} regions, reused ${reused} times`;
    lines.push(
      member.role.padEnd(10) +
        rate.toFixed(0).padStart(10) +
        mega(rate * frameBytes).padStart(8) +
        (sorted.length > 0 ? p50 : '').padStart(9) +
        (sorted.length > 0 ? p99 : '').padStart(9) +
        (member.alive ? note : '   killed'),
    );
  }
  return lines;
}

mkdirSync(folder, { recursive: true });
const drawnBy = makeClip(joinPath(folder, 'clip.y4m'));
say(`${clipFrames} pictures of 1920 x 1080, drawn by ${drawnBy}; ${folder}`);
await Promise.all(['filter', 'checker', 'watcher'].map(start));
await start('producer');

const begun = performance.now();
const elapsed = () => (performance.now() - begun) / 1000;
let drawn = 0;
let last = elapsed();
const show = () => {
  const interval = elapsed() - last;
  last = elapsed();
  const lines = table(last, interval);
  if (terminal && drawn > 0) process.stdout.write(`\u001b[${drawn}A`);
  drawn = terminal ? lines.length : 0;
  say(lines.map((line) => (terminal ? `\u001b[K${line}` : line)).join('\n'));
};
const redraw = setInterval(show, 1000);

await pause(killAfter);
const watcher = members.get('watcher');
watcher.child.kill('SIGKILL');
await once(watcher.child, 'exit');
drawn = 0;
say(
  `${elapsed().toFixed(1)} s: kill -9 ${watcher.child.pid}: the watcher is dead, with pictures in its hands`,
);

await pause(runFor - killAfter);
const producer = members.get('producer');
producer.child.send('stop');
await once(producer.child, 'exit');
const checker = members.get('checker');
checker.child.send('stop');
members.get('filter').child.send('stop');
await Promise.all([once(checker.child, 'exit'), once(members.get('filter').child, 'exit')]);
clearInterval(redraw);

const { sent } = producer.result;
const { wrong, missing, longestGap, saved } = checker.result;
const { created, reused, inUse } = producer.figures;
const hops = sent + checker.figures.frames + watcher.figures.frames;
const described = producer.figures.described + members.get('filter').figures.described;
const verdicts = [
  [
    missing === 0 && checker.figures.frames === sent,
    `${checker.figures.frames} of ${sent} pictures came to the checker, in order`,
  ],
  [wrong === 0, `${wrong} of them were not what the file and the filter make them (SHA-1 of each)`],
  [
    watcher.figures.frames > 0,
    `${watcher.figures.frames} came to the watcher before it was killed`,
  ],
  [
    inUse === 0 && created <= 12,
    `${created} regions allocated, reused ${reused} times; ${inUse} still in use at the end`,
  ],
  [saved.length > 0, `to look at: ${saved.join(', ')}`],
];
say('');
say(
  `${mega(hops * frameBytes)} MB moved without copy in ${elapsed().toFixed(1)} s; copies of pictures made: 0; ${(described / 1e3).toFixed(0)} kB of messages about them; longest pause between two pictures: ${longestGap.toFixed(0)} ms`,
);
for (const [fine, text] of verdicts) say(`${fine ? '  ok  ' : 'FAILED'}  ${text}`);
process.exit(verdicts.every(([fine]) => fine) ? 0 : 1);
