// Runs the tests of calls in C++ with programs that are built with a sanitizer: `node
// scripts/test/sanitized-rpc.mjs address|thread`. `address` includes undefined behaviour and leaks.
// Needs `npm run compile:tests`.
import { run } from '../lib/project.mjs';

const [kind] = process.argv.slice(2);
if (!['address', 'thread'].includes(kind)) {
  console.error('usage: sanitized-rpc.mjs address|thread');
  process.exit(2);
}
run(process.execPath, ['scripts/build/c.mjs', kind]);
const tests = [
  ...['layers/rpc/cpp', 'layers/conformance/cpp'],
  ...['layers/wire/cpp', 'layers/conformance/cpp-wire'],
];
run(
  process.execPath,
  ['node_modules/ava/entrypoints/cli.mjs', ...tests.map((name) => `test-build/${name}.test.js`)],
  {
    env: {
      ...process.env,
      BUSBAR_CPP_BUILDS: kind,
      UBSAN_OPTIONS: 'print_stacktrace=1',
      TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
    },
  },
);
