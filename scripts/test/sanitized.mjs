// Builds the C++ tests and the tests of the C interface with a sanitizer and runs them: `node
// scripts/test/sanitized.mjs address|thread [arguments]`. `address` includes undefined behaviour
// and leaks. Objects are kept in build/sanitized/.
import { basename, join } from 'node:path';
import { addressSanitizer, checked } from '../lib/compiler-flags.mjs';
import { compileObjects, platformFolders } from '../lib/native-objects.mjs';
import { listFiles, listNativeSources, root, run } from '../lib/project.mjs';
import { runCoreTests } from '../lib/run-core-tests.mjs';

const kinds = {
  address: { flags: addressSanitizer, without: [] },
  thread: {
    // It tracks atomic operations, not fences: where only fences synchronise two sides, it sees the
    // operations around them.
    flags: ['-fsanitize=thread', '-Wno-tsan'],
    // These tests have one thread, and take minutes.
    without: ['simulation_', '_at_every_step'],
  },
};

const [kind, ...args] = process.argv.slice(2);
if (kinds[kind] === undefined) {
  console.error(`usage: sanitized.mjs ${Object.keys(kinds).join('|')} [arguments of the tests]`);
  process.exit(2);
}
const { flags, without } = kinds[kind];
const compiler = process.env.CXX ?? 'g++';
const folder = join(root, 'build', 'sanitized', kind);
const compile = (folders, more = []) =>
  compileObjects({
    compiler,
    flags: [...checked, ...flags, ...more],
    sources: listNativeSources(folders),
    folder,
  });
// sanitized-addon.mjs uses the objects of `address`, too.
const library = await compile(['native/base', 'native/core', ...platformFolders]);
const tests = await compile(['native/loopback', 'test/native'], ['-Itest/native']);
const door = await compile(['native/ffi']);
const env = {
  // Each test releases what it opens, so any leak of the library is reported.
  ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
  // `npm test` runs the simulations' thousand seeds, in a tenth of the time.
  BUSBAR_SEEDS: '100',
  ...process.env,
};

const program = join(folder, 'core_tests');
run(compiler, [...flags, '-o', program, ...library, ...tests, '-pthread']);
if (args.length > 0) {
  run(program, args, { env });
  process.exit(0);
}
await runCoreTests(program, { without, env });

// All programs in C except those that need a partner.
const withPartners = ['echo', 'rpc'];
for (const source of listFiles(['test/c'], ['.c'])) {
  const name = basename(source, '.c');
  if (withPartners.includes(name)) continue;
  const test = join(folder, name);
  run(process.env.CC ?? 'gcc', [
    ...flags.filter((flag) => flag !== '-Wno-tsan'),
    ...['-std=c11', '-D_POSIX_C_SOURCE=200809L', '-g', '-Inative/ffi/include'],
    ...['-c', source, '-o', `${test}.o`],
  ]);
  run(compiler, [...flags, '-o', test, `${test}.o`, ...library, ...door, '-pthread']);
  run(test, [`sanitized-${name}-${process.pid}`], { env });
}
