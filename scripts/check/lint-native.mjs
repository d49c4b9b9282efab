// Checks the C and C++ sources: clang-format on all of them, clang-tidy on each translation unit of
// C++. `--format` rewrites the files instead; file names after it limit the run. CLANG_FORMAT and
// CLANG_TIDY name the programs; the formatting is pinned to version 14.
import { tidyAll } from '../lib/clang-tidy.mjs';
import { language, warnings } from '../lib/compiler-flags.mjs';
import { nodeApiFlags } from '../lib/native-objects.mjs';
import { listFiles, listNativeSources, run } from '../lib/project.mjs';

const clangFormat = process.env.CLANG_FORMAT ?? 'clang-format-14';

const args = process.argv.slice(2);
const chosen = args.filter((argument) => !argument.startsWith('--'));
const isChosen = (file) => chosen.length === 0 || chosen.includes(file);

const formatted = listFiles(
  ['native', 'test', 'bench/native', 'examples', 'scripts'],
  ['.cc', '.cpp', '.h', '.hpp', '.c'],
).filter(isChosen);

if (args.includes('--format')) {
  if (formatted.length > 0) run(clangFormat, ['-i', ...formatted]);
  process.exit(0);
}
if (formatted.length > 0) run(clangFormat, ['--dry-run', '--Werror', ...formatted]);

// Sources for another system cannot be parsed here; they are checked where its headers are.
const units = listNativeSources(['native', 'test/native', 'test/fuzz', 'bench/native']).filter(
  isChosen,
);

function compilerFlags(file) {
  const flags = [...language, ...warnings, '-Inative'];
  if (file.startsWith('native/rpc/')) flags.push('-Inative/ffi/include');
  if (file.startsWith('test/native/')) flags.push('-Itest/native');
  if (file.startsWith('test/fuzz/')) flags.push('-Itest/fuzz');
  if (file.startsWith('bench/native/')) flags.push('-Ibench/native', '-Inative/ffi/include');
  if (file.startsWith('native/node/')) flags.push(...nodeApiFlags());
  return flags;
}

// The analyzer follows every path of a file: in a long test that takes ten times as long as all
// other checks together. The tests run under sanitizers, which find the same errors.
const checksOf = (file) => (file.startsWith('native/') ? [] : ['--checks=-clang-analyzer-*']);

const isProgram = (file) => /^(?:test\/fuzz|bench\/native)\//u.test(file);

const argumentsFor = (file) => [...checksOf(file), '--', ...compilerFlags(file)];
const clean = await tidyAll(units, argumentsFor, isProgram);
process.exitCode = clean ? 0 : 1;
