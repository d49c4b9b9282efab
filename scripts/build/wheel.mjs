// Builds the wheel of the package for Python, with the C library in it, stripped:
// `node scripts/build/wheel.mjs [python]` writes build/wheels/busbar-<version>-….whl. python/ has a
// build backend of its own, so this needs pip, but no other package.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../lib/project.mjs';

const python = process.argv[2] ?? 'python3';
const wheels = join(root, 'build', 'wheels');
const library = join(wheels, 'libbusbar.so');

run(process.execPath, ['scripts/build/native.mjs', 'busbar_c']);
rmSync(wheels, { recursive: true, force: true });
mkdirSync(wheels, { recursive: true });
copyFileSync(join(root, 'build', 'Release', 'ffi', 'libbusbar.so'), library);
run('strip', ['--strip-unneeded', library]);
process.env.BUSBAR_LIBRARY = library;
run(python, ['-m', 'pip', 'wheel', '--quiet', '--no-deps', '--wheel-dir', wheels, './python']);
rmSync(library);
