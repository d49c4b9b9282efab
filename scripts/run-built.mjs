// Runs a program that scripts/build-native.mjs has built: `node scripts/run-built.mjs core_tests [arguments]`.
import { join } from 'node:path';
import { root, run } from './project.mjs';

const [program, ...args] = process.argv.slice(2);
const ending = process.platform === 'win32' ? '.exe' : '';
run(join(root, 'build', 'Release', `${program}${ending}`), args);
