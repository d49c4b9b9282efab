// The macOS backend on Linux, against the fake of Mach in test/fake_mach: `node
// scripts/test/macos.mjs [arguments of ava]`. Runs the contract of the platform and the tests of
// this backend, and the TypeScript tests with an addon that has only this backend. It proves our
// logic and our reading of Mach, not Apple's kernel. Prints at the end what is not run, and why.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { tellLeftOut, withoutTests } from '../lib/left-out.mjs';
import { root, run } from '../lib/project.mjs';

const args = process.argv.slice(2);
const folder = join(root, 'build', 'fake-mach', 'plain');

const files = [
  ...['backpressure', 'bad-news', 'close', 'deliver', 'diagnostics', 'exits', 'failover'],
  ...['hand-back', 'handled', 'join', 'kernel-object', 'killed-receivers', 'limits', 'liveness'],
  ...['mach-ports', 'matches', 'membership', 'messages', 'metadata', 'objects', 'observers'],
  ...['open-box', 'payload-sizes', 'raw', 'receipt', 'recv', 'region-deaths', 'regions'],
  ...['registry', 'relabel', 'reply', 'send', 'slow-receivers', 'stopped-controller', 'takeover'],
  ...['ttl', 'undelivered', 'worker'],
].map((name) => `test-build/${name}.test.js`);

/** Tests of those files that are not run, each with its reason. */
const notRun = {
  '*leaves nothing in the way': 'looks for the files of a bus, of which macOS has none',
  'the last one to leave removes the files': 'the same',
  '*nor write it by its descriptor': 'counts mappings by what Linux calls them',
  'a million objects*': 'counts descriptors, of which the fake needs some for ports',
};
/** Files that are not run at all. */
const otherFiles = {
  'c-api': 'the C library for macOS is not built here',
  'hostile-control, join-places, other-user, shared-memory-full': 'they are about Linux',
  'chaos, leaks, life-cycle': 'they count what a process holds, as Linux calls it',
};
const chosen = [...files, ...withoutTests(notRun)];

run(process.execPath, ['scripts/build/fake-mach.mjs', 'tests', 'addon']);
/** Runs a program together with the fake's server; returns its exit code. */
const withFake = (...command) =>
  spawnSync(process.execPath, ['scripts/lib/with-fake-mach.mjs', ...command], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, BUSBAR_PREBUILD: join(folder, 'package') },
  }).status;
const native = withFake(join(folder, 'core_tests'), '--filter', 'native_');
const suite = withFake(
  process.execPath,
  'node_modules/ava/entrypoints/cli.mjs',
  ...(args.length > 0 ? args : chosen),
);
tellLeftOut('against the fake', { ...notRun, ...otherFiles });
process.exitCode = native === 0 && suite === 0 ? 0 : 1;
