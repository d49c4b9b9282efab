// Runs the models of test/models through the model checker spin: each as it is, which must hold, and with one thing
// left out at a time, which must be found. `node scripts/check-models.mjs`; needs spin and a C compiler.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.mjs';

/** Name of the model, what is defined for it, and whether it must hold. */
const checks = [
  ['ring', [], true],
  ['ring', ['DEATH'], true],
  ['ring', ['NO_SLEEP_FENCE'], false],
  ['ring', ['NO_RING_FENCE'], false],
  ['ring', ['NO_WAKE_FENCE'], false],
  ['region_ledger', [], true],
  ['region_ledger', ['NO_ADDITIONS'], false],
  ['election', [], true],
  ['election', ['NO_BELL'], false],
  ['election', ['NO_HOLDS_NAME'], false],
  ['election', ['BELL_FIRST'], false],
  ['election', ['NO_NUMBER_KEPT'], false],
];

const folder = join(root, 'build', 'models');
const compiler = process.env.CC ?? 'cc';

function mustRun(program, args) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}:\n${stdout}${stderr}`);
  return stdout;
}

/** The report of an exhaustive search. */
function search(model, defined) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const file = join(root, 'test', 'models', `${model}.pml`);
  mustRun('spin', [...defined.map((name) => `-D${name}`), '-a', file]);
  mustRun(compiler, ['-O2', '-w', '-DSAFETY', '-DMEMLIM=4096', '-o', 'pan', 'pan.c']);
  // -E: a stopped process is no deadlock; what each model wants of its end it asserts.
  return mustRun(join(folder, 'pan'), ['-m1000000', ...(model === 'election' ? ['-E'] : [])]);
}

let fine = true;
for (const [model, defined, holds] of checks) {
  const report = search(model, defined);
  const errors = Number(/errors: (\d+)/.exec(report)?.[1] ?? Number.NaN);
  const states = /(\S+) states, stored/.exec(report)?.[1];
  const whole = !report.includes('max search depth too small') && !report.includes('out of memory');
  const expected = holds ? errors === 0 && whole : errors > 0;
  fine &&= expected;
  const said = errors === 0 ? `holds in all ${states} states` : 'does not hold';
  console.log(
    `${expected ? 'ok    ' : 'FAILED'} ${model}${defined.map((name) => `, ${name}`).join('')}: ${said}`,
  );
  if (!expected) console.log(report);
}
process.exit(fine ? 0 : 1);
