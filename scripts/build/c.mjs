// Builds the C and C++ programs of test/c and of the examples against the libraries and their public
// headers, as a user would: `node scripts/build/c.mjs`. Uses every installed compiler,
// each into build/c/<compiler>/, in the strict dialects that the headers support. Interface files
// become headers first, by the package's own command.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compileObjects, exitCodeOf, forEach } from '../lib/native-objects.mjs';
import { listFiles, root, run } from '../lib/project.mjs';

const library = join(root, 'build', 'Release', 'ffi');
const warnings = ['-pedantic', '-Wall', '-Wextra', '-Werror', '-O2', '-g'];
const generated = join(root, 'build', 'c', 'generated');
const families = [
  { name: 'gcc', c: process.env.CC ?? 'gcc', cxx: process.env.CXX ?? 'g++' },
  { name: 'clang', c: 'clang-14', cxx: 'clang++-14' },
];

const folders = ['test/c', 'examples/c', 'examples/cpp', 'examples/heating/cpp'];
const files = listFiles(['test/layers/conformance', 'examples/cpp'], ['.busbar.yaml']);
const command = join(root, 'dist', 'layers', 'command', 'main.js');
run('node', [command, 'generate', ...files, '--cpp', '--out', generated]);

/** The library for calls in C++, as a file. */
async function buildCallsLibrary(compiler, folder) {
  const objects = await compileObjects({
    compiler: [compiler],
    flags: ['-std=c++17', ...warnings, '-Wconversion', '-Inative', '-Inative/ffi/include'],
    sources: listFiles(['native/rpc'], ['.cc']),
    folder: join(folder, 'rpc'),
  });
  const archive = join(folder, 'libbusbar_rpc.a');
  run('ar', ['rcs', archive, ...objects]);
  return archive;
}

for (const { name, c, cxx } of families) {
  if (spawnSync(c, ['--version']).status !== 0) {
    console.log(`${name} is not installed: the programs in C are not tested with it`);
    continue;
  }
  const folder = join(root, 'build', 'c', name);
  mkdirSync(folder, { recursive: true });
  const calls = await buildCallsLibrary(cxx, folder);
  const sources = listFiles(folders, ['.c', '.cpp']);
  const results = await forEach(sources, (source) =>
    source.endsWith('.c')
      ? buildProgram({ compiler: c, standard: '-std=c11', source, folder, libraries: [] })
      : buildProgram({ compiler: cxx, standard: '-std=c++17', source, folder, libraries: [calls] }),
  );
  if (results.some(([, code]) => code !== 0)) process.exit(1);
}

/** Resolves with the exit code. Compiles and links by two commands: a cache keeps objects only. */
async function buildProgram({ compiler, standard, source, folder, libraries }) {
  const program = join(folder, basename(source).replace('.', '-'));
  const compiled = await exitCodeOf(compiler, [
    ...[standard, '-D_POSIX_C_SOURCE=200809L', ...warnings],
    ...['-Inative/ffi/include', `-I${generated}`, '-c', source, '-o', `${program}.o`],
  ]);
  if (compiled !== 0) return compiled;
  return exitCodeOf(compiler, [
    ...[`${program}.o`, '-o', program, ...libraries, `-L${library}`, '-lbusbar'],
    ...[`-Wl,-rpath,${library}`, '-pthread'],
  ]);
}
