// Builds the C and C++ programs of test/c and of the examples against the libraries and their public
// headers, as a user would: `node scripts/build/c.mjs [address|thread]`. Uses every installed
// compiler, each into build/c/<compiler>/, in the strict dialects that the headers support; with a
// sanitizer, the C++ programs and their library for calls into build/c/<sanitizer>/. Interface files
// become headers first, by the package's own command.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { addressSanitizer } from '../lib/compiler-flags.mjs';
import { compileObjects, exitCodeOf, forEach } from '../lib/native-objects.mjs';
import { listFiles, root, run } from '../lib/project.mjs';

const library = join(root, 'build', 'Release', 'ffi');
const warnings = ['-pedantic', '-Wall', '-Wextra', '-Werror', '-O2', '-g'];
const generated = join(root, 'build', 'c', 'generated');
const gcc = { name: 'gcc', c: process.env.CC ?? 'gcc', cxx: process.env.CXX ?? 'g++', flags: [] };
const sanitizers = {
  // The library has no type information, which that check needs.
  address: { ...gcc, name: 'address', flags: [...addressSanitizer, '-fno-sanitize=vptr'] },
  thread: { ...gcc, name: 'thread', flags: ['-fsanitize=thread'] },
};
const sanitizer = process.argv[2];
const families =
  sanitizer === undefined
    ? [gcc, { name: 'clang', c: 'clang-14', cxx: 'clang++-14', flags: [] }]
    : [sanitizers[sanitizer]];
const kinds = sanitizer === undefined ? ['.c', '.cpp'] : ['.cpp'];

const folders = ['test/c', 'examples/c', 'examples/cpp', 'examples/heating/cpp'];
const files = listFiles(['test/layers/conformance', 'examples/cpp'], ['.busbar.yaml']);
const command = join(root, 'dist', 'layers', 'command', 'main.js');
run('node', [command, 'generate', ...files, '--cpp', '--out', generated]);

/** The library for calls in C++, as a file. */
async function buildCallsLibrary(compiler, flags, folder) {
  const objects = await compileObjects({
    compiler: [compiler],
    flags: [
      ...['-std=c++17', ...warnings, ...flags],
      ...['-Wconversion', '-Inative', '-Inative/ffi/include'],
    ],
    sources: listFiles(['native/rpc'], ['.cc']),
    folder: join(folder, 'rpc'),
  });
  const archive = join(folder, 'libbusbar_rpc.a');
  run('ar', ['rcs', archive, ...objects]);
  return archive;
}

for (const { name, c, cxx, flags } of families) {
  if (spawnSync(c, ['--version']).status !== 0) {
    console.log(`${name} is not installed: the programs in C are not tested with it`);
    continue;
  }
  const folder = join(root, 'build', 'c', name);
  mkdirSync(folder, { recursive: true });
  const calls = await buildCallsLibrary(cxx, flags, folder);
  const sources = listFiles(folders, kinds);
  const results = await forEach(sources, (source) =>
    source.endsWith('.c')
      ? buildProgram({ compiler: c, flags: ['-std=c11', ...flags], source, folder, libraries: [] })
      : buildProgram({
          compiler: cxx,
          flags: ['-std=c++17', ...flags],
          source,
          folder,
          libraries: [calls],
        }),
  );
  if (results.some(([, code]) => code !== 0)) process.exit(1);
}

/** Resolves with the exit code. Compiles and links by two commands: a cache keeps objects only. */
async function buildProgram({ compiler, flags, source, folder, libraries }) {
  const program = join(folder, basename(source).replace('.', '-'));
  const compiled = await exitCodeOf(compiler, [
    ...[...flags, '-D_POSIX_C_SOURCE=200809L', ...warnings],
    ...['-Inative/ffi/include', `-I${generated}`, '-c', source, '-o', `${program}.o`],
  ]);
  if (compiled !== 0) return compiled;
  return exitCodeOf(compiler, [
    ...[...flags, `${program}.o`, '-o', program, ...libraries, `-L${library}`, '-lbusbar'],
    ...[`-Wl,-rpath,${library}`, '-pthread'],
  ]);
}
