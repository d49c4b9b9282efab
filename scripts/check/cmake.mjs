// Builds and installs the C library with CMake into an empty folder, and compiles a program against
// it as a user would, with its CMake package and with pkg-config: shared and static for this
// system, shared for Windows by mingw-w64; with the library for calls in C++, too. Checks that only the
// C interface is exported, and runs the programs. Needs `npm run compile`.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, run } from '../lib/project.mjs';
import { toolchains } from '../lib/toolchains.mjs';
import { setUpWine, stopWine, wineEnvironment } from '../lib/wine.mjs';

const folder = mkdtempSync(join(tmpdir(), 'busbar-cmake-'));
const hello = join(root, 'examples', 'c', 'hello.c');
const calls = join(root, 'examples', 'cpp', 'thermostat.cpp');
const bus = `check-cmake-${process.pid}`;
const output = (program, args, options = {}) =>
  execFileSync(program, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...options }).trim();

/** Builds and installs the library; returns the folder. `options` are CMake's. */
function install(name, ...options) {
  const build = join(folder, `build-${name}`);
  const prefix = join(folder, `installed-${name}`);
  const places = [`-DCMAKE_INSTALL_PREFIX=${prefix}`, '-DCMAKE_INSTALL_LIBDIR=lib'];
  run('cmake', ['-S', join(root, 'native'), '-B', build, ...places, ...options]);
  run('cmake', ['--build', build, '-j', '2']);
  run('cmake', ['--install', build]);
  return prefix;
}

/** Builds a user's programs with the installed CMake package; returns their folder. */
function useByCmake(name, prefix, ...options) {
  const user = join(folder, `user-${name}`);
  mkdirSync(user);
  const lines = [
    'cmake_minimum_required(VERSION 3.18)',
    'project(user C CXX)',
    'find_package(busbar REQUIRED)',
    `add_executable(hello ${hello})`,
    'set_target_properties(hello PROPERTIES C_STANDARD 11)',
    'target_link_libraries(hello PRIVATE busbar::busbar)',
    // The static library contains C++.
    'set_target_properties(hello PROPERTIES LINKER_LANGUAGE CXX)',
    `add_executable(calls ${calls})`,
    `target_include_directories(calls PRIVATE ${folder})`,
    'target_link_libraries(calls PRIVATE busbar::rpc)',
    // The libraries of the compiler are not in Wine.
    'if(MINGW)',
    'target_link_options(calls PRIVATE -static)',
    'endif()',
  ];
  writeFileSync(join(user, 'CMakeLists.txt'), lines.join('\n'));
  const build = join(user, 'build');
  const places = [`-DCMAKE_PREFIX_PATH=${prefix}`, `-DCMAKE_FIND_ROOT_PATH=${prefix}`];
  run('cmake', ['-S', user, '-B', build, ...places, ...options]);
  run('cmake', ['--build', build]);
  return build;
}

/** The program finds no other endpoint on its bus, and ends on its own. */
function checkWords(said) {
  if (!said.startsWith('said hello to 0 endpoints')) throw new Error(`hello said: ${said}`);
}

/** A client and a server in one program. */
function checkCalls(said) {
  const last = said.split(/\r?\n/u).at(-1);
  if (last !== 'target: 29') throw new Error(`the example of calls said: ${said}`);
}

function checkExports(names) {
  const foreign = names.filter((name) => !/^busbar_[a-z_]+$/.test(name));
  if (names.length === 0 || foreign.length > 0) {
    throw new Error(`exported are ${names.length} names, of others: ${foreign.join(' ')}`);
  }
}

function useByPkgConfig(prefix) {
  const flags = output('pkg-config', ['--cflags', '--libs', 'busbar'], {
    env: { ...process.env, PKG_CONFIG_PATH: join(prefix, 'lib', 'pkgconfig') },
  });
  const program = join(folder, 'hello');
  run(process.env.CC ?? 'cc', ['-std=c11', hello, '-o', program, ...flags.split(/\s+/)]);
}

/** Runs the programs in a folder. */
function runHere(programs) {
  checkWords(output(join(programs, 'hello'), [bus]));
  checkCalls(output(join(programs, 'calls'), [bus]));
}

function checkHere() {
  const shared = install('shared');
  runHere(useByCmake('shared', shared));
  const listed = output('nm', ['-D', '--defined-only', join(shared, 'lib', 'libbusbar.so')]);
  checkExports(listed.split('\n').map((line) => line.replace(/^\S+ \S /u, '')));
  useByPkgConfig(shared);

  const fixed = install('static', '-DBUILD_SHARED_LIBS=OFF');
  runHere(useByCmake('static', fixed));
}

function checkForWindows() {
  const { prefix: tools } = toolchains['win32-x64'];
  const forWindows = [
    '-DCMAKE_SYSTEM_NAME=Windows',
    `-DCMAKE_C_COMPILER=${tools}gcc-posix`,
    `-DCMAKE_CXX_COMPILER=${tools}g++-posix`,
  ];
  const shared = install('windows', ...forWindows);
  const library = join(shared, 'bin', 'libbusbar.dll');
  const [, table] = output(`${tools}objdump`, ['-p', library]).split(
    '[Ordinal/Name Pointer] Table',
  );
  checkExports([...(table ?? '').matchAll(/^\s*\[\s*\d+\] (\S+)$/gmu)].map(([, name]) => name));

  const build = useByCmake('windows', shared, ...forWindows);
  copyFileSync(library, join(build, 'libbusbar.dll'));
  if (!setUpWine()) throw new Error('Wine is not installed');
  const env = { ...process.env, ...wineEnvironment };
  checkWords(output('wine', [join(build, 'hello.exe'), bus], { env }));
  checkCalls(output('wine', [join(build, 'calls.exe'), bus], { env }));
  stopWine();
}

try {
  const generate = [join(root, 'dist', 'layers', 'command', 'main.js'), 'generate', '--cpp'];
  run('node', [...generate, '--out', folder, calls.replace('.cpp', '.busbar.yaml')]);
  checkHere();
  checkForWindows();
  console.log('the C library builds, installs and links by CMake and pkg-config');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
