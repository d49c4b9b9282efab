// How long each command takes from nothing to its end, on a bus with a server: the fastest of some
// starts, since a start has noise in one direction only. Run it on a quiet machine; CI does not.
import { fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../lib/project.mjs';

/** Milliseconds that a user does not notice. */
const budget = 150;
const starts = Number(process.argv[2] ?? 7);
const program = join(root, 'dist/layers/command/main.js');
const folder = mkdtempSync(join(tmpdir(), 'busbar-check-'));
const env = { ...process.env, XDG_RUNTIME_DIR: folder, BUSBAR_BUS: 'house' };

/** Each command; the time that it waits on purpose is no start, and taken off. */
const commands = [
  { args: ['help'], waits: 0 },
  { args: ['ls'], waits: 0 },
  { args: ['ls', '--buses'], waits: 0 },
  { args: ['top', '-n', '1', '--interval', '0.1'], waits: 100 },
  { args: ['tap', '--seconds', '0'], waits: 0 },
  { args: ['capture', '--seconds', '0', '-o', join(folder, 'x.pcapng')], waits: 0 },
  { args: ['call', 'thermostat.target'], waits: 0 },
  { args: ['trace', 'thermostat.target'], waits: 0 },
  { args: ['send', 'display', 'com.example.reading', 'celsius=1'], waits: 0 },
  { args: ['describe', 'thermostat'], waits: 0 },
  { args: ['doctor'], waits: 250 },
  { args: ['completion', 'bash'], waits: 0 },
  { args: ['__complete', '--', 'call', 'thermostat.'], waits: 0 },
];

const house = fork(join(root, 'examples/command-line.mjs'), ['stay'], { env });
let failed = false;
try {
  while (run(['ls', 'sensor']).status !== 0);
  const alone = fastest(() => spawnSync(process.execPath, ['-e', '0'], { env }), 0);
  console.log(`${alone.toFixed(0).padStart(5)} ms  node alone`);
  for (const { args, waits } of commands) {
    const took = fastest(() => run(args), waits);
    failed ||= took > budget;
    const mark = took > budget ? `  more than ${budget}` : '';
    console.log(`${took.toFixed(0).padStart(5)} ms  busbar ${args.join(' ')}${mark}`);
  }
} finally {
  house.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}
process.exitCode = failed ? 1 : 0;

function run(args) {
  return spawnSync(process.execPath, [program, ...args], { env, timeout: 60_000 });
}

function fastest(once, waits) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < starts; i++) {
    const began = performance.now();
    once();
    best = Math.min(best, performance.now() - began - waits);
  }
  return best;
}
