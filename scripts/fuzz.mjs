// Runs the fuzz targets of test/fuzz: `node scripts/fuzz.mjs [--seconds <n>] [--keep] [target ...]`, a minute each by
// default. What it finds lies in build/fuzz/findings; --keep adds what led further to the corpus in test/fuzz/corpus.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { listFiles, root } from './project.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    keep: { type: 'boolean', default: false },
  },
});
const compiler = process.env.CLANGXX ?? 'clang++-14';
const folder = join(root, 'build', 'fuzz');
const sanitizers = 'address,undefined';
const common = [
  '-std=c++20',
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-fno-exceptions',
  '-fno-rtti',
];
common.push('-fno-sanitize-recover=all', '-Inative', '-Itest/fuzz');

const engine = listFiles(['native/core', 'native/loopback', 'native/linux'], ['.cc']);
const all = listFiles(['test/fuzz'], ['.cc']).map((file) => file.slice('test/fuzz/'.length, -3));
const targets = positionals.length > 0 ? positionals : all;
const headers = listFiles(['native', 'test/fuzz'], ['.h', '.def']);
const newestHeader = Math.max(...headers.map((file) => changed(join(root, file))));

function changed(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

const objectOf = (source) => join(folder, `${source}.o`);

/** Resolves to the exit code of a program. What it says goes to a file, and is shown if it fails. */
function start(program, args, log) {
  return new Promise((resolve, reject) => {
    const env = { UBSAN_OPTIONS: 'print_stacktrace=1', ...process.env };
    const out = log === undefined ? 'inherit' : openSync(log, 'w');
    spawn(program, args, { cwd: root, env, stdio: ['ignore', out, out] })
      .on('error', reject)
      .on('exit', (code) => {
        if (code !== 0 && log !== undefined) console.error(readFileSync(log, 'utf8').slice(-8000));
        resolve(code ?? 1);
      });
  });
}

/** Does `work` for each item, as many at a time as there are processors. */
async function each(items, work) {
  const waiting = [...items];
  const results = [];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift())
      results.push([item, await work(item)]);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

async function compile(source) {
  const object = objectOf(source);
  if (changed(object) > Math.max(newestHeader, changed(join(root, source)))) return 0;
  mkdirSync(dirname(object), { recursive: true });
  const flags = [...common, `-fsanitize=fuzzer-no-link,${sanitizers}`];
  return start(compiler, [...flags, '-c', source, '-o', object]);
}

async function link(target) {
  const objects = [`test/fuzz/${target}.cc`, ...engine].map(objectOf);
  const program = join(folder, target);
  return start(compiler, [
    `-fsanitize=fuzzer,${sanitizers}`,
    '-o',
    program,
    ...objects,
    '-pthread',
  ]);
}

function run(target) {
  const grown = join(folder, 'corpus', target);
  const kept = join('test', 'fuzz', 'corpus', target);
  mkdirSync(grown, { recursive: true });
  mkdirSync(join(folder, 'findings'), { recursive: true });
  mkdirSync(join(root, kept), { recursive: true });
  const options = [`-max_total_time=${values.seconds}`, '-timeout=10', '-rss_limit_mb=4096'];
  options.push('-max_len=16384', '-print_final_stats=0', '-verbosity=0');
  options.push(`-artifact_prefix=${join(folder, 'findings', `${target}-`)}`);
  return start(join(folder, target), [...options, grown, kept], join(folder, `${target}.log`));
}

/** The smallest set of what was found that reaches as much. */
function keep(target) {
  const kept = join('test', 'fuzz', 'corpus', target);
  const args = ['-merge=1', '-max_len=2048', '-verbosity=0', kept, join(folder, 'corpus', target)];
  spawnSync(join(folder, target), args, { cwd: root, stdio: 'ignore' });
}

const unknown = targets.filter((target) => !all.includes(target));
if (unknown.length > 0) {
  console.error(`no such target: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}
const steps = [
  [[...engine, ...targets.map((target) => `test/fuzz/${target}.cc`)], compile],
  [targets, link],
];
for (const [items, work] of steps) {
  const failed = (await each(items, work)).filter(([, code]) => code !== 0);
  if (failed.length > 0) process.exit(1);
}
const results = await each(targets, run);
if (values.keep) for (const target of targets) keep(target);
for (const [target, code] of results.sort())
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${target}, ${values.seconds} s`);
process.exit(results.every(([, code]) => code === 0) ? 0 : 1);
