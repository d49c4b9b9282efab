// Checks the C++ sources: clang-format on all of them, clang-tidy on each translation unit with the flags
// of binding.gyp spelled out. `--format` rewrites the files instead; names of files after it limit the run.
// CLANG_FORMAT and CLANG_TIDY name other programs; version 14 is what the formatting is pinned to.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { nodeApiFlags } from './native-objects.mjs';
import { listFiles, root, run } from './project.mjs';

const clangFormat = process.env.CLANG_FORMAT ?? 'clang-format-14';
const clangTidy = process.env.CLANG_TIDY ?? 'clang-tidy-14';
const platformFolders = { linux: 'linux', win32: 'windows', darwin: 'macos' };

const args = process.argv.slice(2);
const chosen = args.filter((argument) => !argument.startsWith('--'));
const isChosen = (file) => chosen.length === 0 || chosen.includes(file);

const everything = listFiles(
  ['native', 'test/native', 'test/fuzz', 'bench/native'],
  ['.cc', '.h', '.hpp', '.def'],
);
const formatted = everything.filter((file) => !file.endsWith('.def')).filter(isChosen);

if (args.includes('--format')) {
  if (formatted.length > 0) run(clangFormat, ['-i', ...formatted]);
  process.exit(0);
}
if (formatted.length > 0) run(clangFormat, ['--dry-run', '--Werror', ...formatted]);

// Code for another system cannot be parsed here; it is checked where its headers are.
const otherPlatforms = Object.values(platformFolders)
  .filter((folder) => folder !== platformFolders[process.platform])
  .map((folder) => `native/${folder}/`);
const units = everything
  .filter((file) => file.endsWith('.cc') && isChosen(file))
  .filter((file) => !otherPlatforms.some((folder) => file.startsWith(folder)));

function compilerFlags(file) {
  const flags = ['-std=c++20', '-Wall', '-Wextra', '-fno-exceptions', '-fno-rtti', '-Inative'];
  if (file.startsWith('test/native/')) flags.push('-Itest/native');
  if (file.startsWith('test/fuzz/')) flags.push('-Itest/fuzz');
  if (file.startsWith('bench/native/')) flags.push('-Ibench/native', '-Inative/ffi/include');
  if (file.startsWith('native/node/')) flags.push(...nodeApiFlags());
  return flags;
}

/** Resolves with whether `file` is clean; prints what was found in one piece. */
function tidy(file) {
  return new Promise((resolve, reject) => {
    const child = spawn(clangTidy, ['--quiet', file, '--', ...compilerFlags(file)], { cwd: root });
    let output = '';
    const collect = (text) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) console.error(`${file}\n${output}`);
      resolve(code === 0);
    });
  });
}

const queue = [...units];
let unclean = 0;
async function work() {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (!(await tidy(file))) unclean += 1;
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, work));
console.log(`clang-tidy: ${units.length} files, ${unclean} with findings`);
process.exitCode = unclean === 0 ? 0 : 1;
