// Runs the models of test/models through the model checker spin: each as it is, which must hold,
// and with one part left out at a time, in which spin must find an error. `node
// scripts/check/models.mjs`; needs spin and a C compiler.
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { forEach } from '../lib/native-objects.mjs';
import { root } from '../lib/project.mjs';

/** The name of a model, the macros defined for it, and whether it must hold. */
const checks = [
  ['ring', [], true],
  ['ring', ['DEATH'], true],
  ['ring', ['CLOSE'], true],
  ['ring', ['NO_SLEEP_FENCE'], false],
  ['ring', ['NO_RING_FENCE'], false],
  ['ring', ['NO_WAKE_FENCE'], false],
  ['ring', ['DEATH', 'NO_BEGUN'], false],
  ['ring', ['DEATH', 'NO_SEEN'], false],
  // Of a consumer that does not keep `seen`.
  ['ring', ['CLOSE', 'NO_SEEN'], true],
  ['ring', ['CLOSE', 'NO_SEEN', 'NO_HAND_BACK'], false],
  ['region_ledger', [], true],
  ['region_ledger', ['NO_ADDITIONS'], false],
  ['election', [], true],
  ['election', ['NO_BELL'], false],
  ['election', ['NO_HOLDS_NAME'], false],
  ['election', ['BELL_FIRST'], false],
  ['election', ['NO_NUMBER_KEPT'], false],
];

const compiler = process.env.CC ?? 'cc';
const run = promisify(execFile);

/** Resolves with the report of an exhaustive search. */
async function search(model, defined) {
  const cwd = join(root, 'build', 'models', [model, ...defined].join('-'));
  rmSync(cwd, { recursive: true, force: true });
  mkdirSync(cwd, { recursive: true });
  const options = { cwd, maxBuffer: 64 << 20 };
  const file = join(root, 'test', 'models', `${model}.pml`);
  await run('spin', [...defined.map((name) => `-D${name}`), '-a', file], options);
  const flags = ['-O2', '-w', '-DSAFETY', '-DMEMLIM=4096'];
  await run(compiler, [...flags, '-o', 'pan', 'pan.c'], options);
  // -E: a stopped process is not a deadlock; each model asserts its own end state.
  const ends = model === 'election' ? ['-E'] : [];
  const { stdout } = await run(join(cwd, 'pan'), ['-m1000000', ...ends], options);
  return stdout;
}

const reports = await forEach(checks, ([model, defined]) => search(model, defined));
let fine = true;
for (const [[model, defined, holds], report] of reports) {
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
