// Builds the C and C++ programs of test/c and examples/c against the library and its public
// headers, as a user would: `node scripts/build/c.mjs [--sanitize]`. Uses every installed compiler,
// each into build/c/<compiler>/, in the strict dialects that the headers support.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { listFiles, root, run } from '../lib/project.mjs';

const library = join(root, 'build', 'Release', 'ffi');
const warnings = ['-pedantic', '-Wall', '-Wextra', '-Werror', '-O2', '-g'];
const families = [
  { name: 'gcc', c: process.env.CC ?? 'gcc', cxx: process.env.CXX ?? 'g++' },
  { name: 'clang', c: 'clang-14', cxx: 'clang++-14' },
];

for (const { name, c, cxx } of families) {
  if (spawnSync(c, ['--version']).status !== 0) {
    console.log(`${name} is not installed: the programs in C are not tested with it`);
    continue;
  }
  const folder = join(root, 'build', 'c', name);
  mkdirSync(folder, { recursive: true });
  for (const source of listFiles(['test/c', 'examples/c'], ['.c', '.cpp'])) {
    const isC = source.endsWith('.c');
    const program = join(folder, basename(source).replace('.', '-'));
    run(isC ? c : cxx, [
      isC ? '-std=c11' : '-std=c++17',
      '-D_POSIX_C_SOURCE=200809L',
      ...warnings,
      '-Inative/ffi/include',
      source,
      '-o',
      program,
      `-L${library}`,
      '-lbusbar',
      `-Wl,-rpath,${library}`,
      '-pthread',
    ]);
  }
}
