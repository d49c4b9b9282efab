// Builds the C++ tests with a sanitizer and runs them: `node scripts/sanitize.mjs address|thread [arguments]`.
// `address` includes undefined behaviour and leaks. Objects are kept in build/sanitized/, newer ones are built again.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { listFiles, root, run } from './project.mjs';

const kinds = {
  address: ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
  // It follows atomic operations, not fences: where two sides meet by fences alone, it sees the operations around.
  thread: ['-fsanitize=thread', '-Wno-tsan'],
};
const platformFolders = { linux: 'linux', win32: 'windows', darwin: 'macos' };

const [kind, ...args] = process.argv.slice(2);
const flags = kinds[kind];
if (flags === undefined) {
  console.error(`usage: sanitize.mjs ${Object.keys(kinds).join('|')} [arguments of the tests]`);
  process.exit(2);
}
const compiler = process.env.CXX ?? 'g++';
const folder = join(root, 'build', 'sanitized', kind);
const common = [
  '-std=c++20',
  '-O1',
  '-g',
  '-fno-omit-frame-pointer',
  '-fno-exceptions',
  '-fno-rtti',
];

const folders = ['native/core', 'native/loopback', 'test/native'];
folders.push(`native/${platformFolders[process.platform]}`);
const sources = listFiles(folders, ['.cc']);
const newestHeader = Math.max(
  ...listFiles([...folders, 'native/platform'], ['.h', '.def']).map((file) =>
    changed(join(root, file)),
  ),
);

function changed(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

const objectOf = (source) => join(folder, `${source}.o`);

/** Resolves to whether it compiled. */
function compile(source) {
  const object = objectOf(source);
  if (changed(object) > Math.max(newestHeader, changed(join(root, source)))) return true;
  mkdirSync(dirname(object), { recursive: true });
  const command = [...common, ...flags, '-Inative', '-Itest/native', '-c', source, '-o', object];
  return new Promise((resolve, reject) => {
    spawn(compiler, command, { cwd: root, stdio: 'inherit' })
      .on('error', reject)
      .on('exit', (code) => resolve(code === 0));
  });
}

const waiting = [...sources];
let failed = false;
async function work() {
  for (let source = waiting.pop(); source !== undefined && !failed; source = waiting.pop()) {
    if (!(await compile(source))) failed = true;
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
if (failed) process.exit(1);

const program = join(folder, 'core_tests');
run(compiler, [...flags, '-o', program, ...sources.map(objectOf), '-pthread']);
run(program, args, {
  env: {
    // What a test opens for itself is given back by its end; what the library loses is told.
    ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0',
    UBSAN_OPTIONS: 'print_stacktrace=1',
    TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1',
    ...process.env,
  },
});
