// Builds native/macos on Linux against the fake of Mach in test/fake_mach, into build/fake-mach:
// `core_tests` with the contract and the tests of this backend, and the addon. `node
// scripts/build/fake-mach.mjs [tests] [addon] [sanitized]`
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { addressSanitizer, released, traceable } from '../lib/compiler-flags.mjs';
import { compileObjects, nodeApiFlags } from '../lib/native-objects.mjs';
import { listFiles, listNativeSources, platformFoldersOf, root, run } from '../lib/project.mjs';

const wanted = process.argv.slice(2);
const sanitized = wanted.includes('sanitized');
const folder = join(root, 'build', 'fake-mach', sanitized ? 'sanitized' : 'plain');
const compiler = process.env.CXX ?? 'g++';
const fake = listFiles(['test/fake_mach'], ['.cc']);
const sanitizer = sanitized ? addressSanitizer : [];

const compile = (sources, more = []) =>
  compileObjects({
    compiler,
    flags: [
      ...[...traceable, ...released, '-fPIC', ...sanitizer],
      ...['-Itest/fake_mach', '-Itest/fake_mach/include', ...more],
    ],
    sources,
    folder: join(folder, 'objects'),
  });

const library = await compile([
  ...listNativeSources(['native/base', 'native/core', ...platformFoldersOf('darwin')], 'darwin'),
  ...fake.filter((file) => !file.includes('/server/')),
]);
/** The fake has to know when a kqueue is closed. */
const link = (output, ...args) => {
  mkdirSync(dirname(join(folder, output)), { recursive: true });
  const flags = [...sanitizer, '-pthread', '-Wl,--wrap=close'];
  run(compiler, [...flags, '-o', join(folder, output), ...args]);
};

link(
  'fake_launchd',
  ...(await compile(fake.filter((file) => file.includes('/server/')))),
  ...library,
);
if (wanted.includes('tests')) {
  const own = /contract|\/macos_|\/check_main/u;
  const tests = listNativeSources(['test/native'], 'darwin').filter((file) => own.test(file));
  tests.push(...listNativeSources(['native/loopback'], 'darwin'));
  link('core_tests', ...(await compile(tests, ['-Itest/native'])), ...library);
}
if (wanted.includes('addon')) {
  const sources = listNativeSources(['native/node'], 'darwin');
  const objects = await compile(sources, nodeApiFlags());
  link('package/build/Release/busbar.node', '-shared', ...objects, ...library);
}
