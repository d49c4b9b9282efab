// Runs the C++ tests as built by scripts/build/native.mjs: `node scripts/test/native.mjs
// [arguments]`. Without arguments it runs all of them, on all processors.
import { join } from 'node:path';
import { root, run } from '../lib/project.mjs';
import { runCoreTests } from '../lib/run-core-tests.mjs';

const args = process.argv.slice(2);
const ending = process.platform === 'win32' ? '.exe' : '';
const program = join(root, 'build', 'Release', `core_tests${ending}`);
if (args.length > 0) run(program, args);
else await runCoreTests(program);
