// Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer, and runs the test suite with it:
// `node scripts/sanitize-addon.mjs [arguments of ava]`. Objects are kept in build/sanitized/. Node itself is not
// instrumented, so leaks are not looked for here: `test:sanitized` does that for the core, and the leak tests of the suite
// count descriptors and mappings.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  addressSanitizer,
  compileObjects,
  nodeApiFlags,
  platformFolder,
} from './native-objects.mjs';
import { listFiles, root, run } from './project.mjs';

const compiler = process.env.CXX ?? 'g++';
const folder = join(root, 'build', 'sanitized', 'addon');
const objects = await compileObjects({
  compiler,
  flags: [...addressSanitizer, '-fPIC', ...nodeApiFlags()],
  sources: listFiles(['native/core', 'native/node', `native/${platformFolder}`], ['.cc']),
  folder,
});
// Where node-gyp-build looks in a folder that it is told of.
const addon = join(folder, 'build', 'Release', 'busbar.node');
mkdirSync(dirname(addon), { recursive: true });
run(compiler, [...addressSanitizer, '-shared', '-o', addon, ...objects, '-pthread']);

// The first library of the process has to be the sanitizer's.
const runtime = execFileSync(compiler, ['-print-file-name=libasan.so'], {
  encoding: 'utf8',
}).trim();
// One file at a time: processes start slowly under it, and joining has a deadline.
// The C library is not the addon: `test:sanitized` looks at it. The examples are run as they are by `npm test`; one of them judges how long its pauses are.
const all = [
  'test-build/**/*.test.js',
  '!test-build/examples.test.js',
  '!test-build/c-api.test.js',
];
const chosen = process.argv.length > 2 ? process.argv.slice(2) : all;
run(join(root, 'node_modules', '.bin', 'ava'), ['--timeout=300s', '--concurrency=1', ...chosen], {
  env: {
    ...process.env,
    LD_PRELOAD: runtime,
    BUSBAR_PREBUILD: folder,
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1',
    UBSAN_OPTIONS: 'print_stacktrace=1',
  },
});
