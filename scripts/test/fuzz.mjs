// Runs the fuzz targets of test/fuzz: `node scripts/test/fuzz.mjs [--seconds <n>] [--seed <n>]
// [--keep] [target ...]`, by default each for a minute of processor time, whatever else runs here.
// Findings are in build/fuzz/findings; --keep adds inputs that reached new code to the corpus in
// test/fuzz/corpus.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addressSanitizer, traceable } from '../lib/compiler-flags.mjs';
import { compileObjects, forEach, platformFolders } from '../lib/native-objects.mjs';
import { listFiles, root, run } from '../lib/project.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    // 0: a different seed each time.
    seed: { type: 'string', default: '0' },
    keep: { type: 'boolean', default: false },
  },
});
const compiler = process.env.CLANGXX ?? 'clang++-14';
const folder = join(root, 'build', 'fuzz');

const all = listFiles(['test/fuzz'], ['.cc']).map((file) => file.slice('test/fuzz/'.length, -3));
const targets = positionals.length > 0 ? positionals : all;
const unknown = targets.filter((target) => !all.includes(target));
if (unknown.length > 0) {
  console.error(`no such target: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}

const build = {
  compiler,
  flags: [...traceable, ...addressSanitizer, '-fsanitize=fuzzer-no-link', '-Itest/fuzz'],
  folder,
};
const linking = [...addressSanitizer, '-fsanitize=fuzzer', '-pthread'];
const engine = await compileObjects({
  ...build,
  sources: listFiles(
    ['native/base', 'native/core', 'native/loopback', ...platformFolders],
    ['.cc'],
  ),
});
for (const target of targets) {
  const [object] = await compileObjects({ ...build, sources: [`test/fuzz/${target}.cc`] });
  const program = join(folder, target);
  run(compiler, [...linking, '-o', program, object, ...engine]);
}

const keptOf = (target) => join('test', 'fuzz', 'corpus', target);
const grownOf = (target) => join(folder, 'corpus', target);

/** Resolves with whether its time was up before anything was found; otherwise prints its output. */
async function fuzz(target) {
  for (const path of [grownOf(target), join(folder, 'findings'), join(root, keptOf(target))]) {
    mkdirSync(path, { recursive: true });
  }
  const options = ['-timeout=30', '-rss_limit_mb=4096'];
  options.push('-max_len=16384', '-verbosity=0', `-seed=${values.seed}`);
  options.push(`-artifact_prefix=${join(folder, 'findings', `${target}-`)}`);
  const log = join(folder, `${target}.log`);
  const file = openSync(log, 'w');
  // The system ends it after its processor time: a minute by the clock means little beside other
  // programs.
  const limited = `ulimit -c 0; ulimit -S -t ${Number(values.seconds)}; exec "$0" "$@"`;
  const args = [join(folder, target), ...options, grownOf(target), keptOf(target)];
  const fuzzer = spawn('sh', ['-c', limited, ...args], {
    cwd: root,
    stdio: ['ignore', file, file],
    env: { UBSAN_OPTIONS: 'print_stacktrace=1', ...process.env },
  });
  const [, signal] = await once(fuzzer, 'exit');
  const clean = signal === 'SIGXCPU';
  if (!clean) console.error(readFileSync(log, 'utf8').slice(-8000));
  return clean;
}

/** Keeps the smallest set of inputs with the same coverage. */
function keep(target) {
  const args = ['-merge=1', '-max_len=2048', '-verbosity=0', keptOf(target), grownOf(target)];
  spawnSync(join(folder, target), args, { cwd: root, stdio: 'ignore' });
}

const results = await forEach(targets, fuzz);
if (values.keep) for (const target of targets) keep(target);
for (const [target, clean] of results.sort()) {
  console.log(`${clean ? 'ok    ' : 'FAILED'} ${target}, ${values.seconds} s of a processor`);
}
process.exit(results.every(([, clean]) => clean) ? 0 : 1);
