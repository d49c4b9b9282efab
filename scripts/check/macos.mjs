// Builds for macOS, as far as possible on another system: compiles and links the addon for both
// machines, with warnings as errors, and joins them into build/darwin-x64+arm64/busbar.node; builds
// the C library for one of them; runs clang-tidy on native/macos and its tests with the system's
// own headers. `node scripts/check/macos.mjs [build]`: with `build` only the addon.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tidyAll } from '../lib/clang-tidy.mjs';
import { language, oldestMacos } from '../lib/compiler-flags.mjs';
import { listFiles, root, run } from '../lib/project.mjs';
import { toolchains } from '../lib/toolchains.mjs';

const machines = ['darwin-arm64', 'darwin-x64'];
const universal = join(root, 'build', 'darwin-x64+arm64', 'busbar.node');

for (const machine of machines)
  run(process.execPath, ['scripts/build/cross.mjs', machine, 'addon']);
mkdirSync(dirname(universal), { recursive: true });
const halves = machines.map((machine) => join(root, 'build', machine, 'busbar.node'));
run('llvm-lipo-14', ['-create', ...halves, '-output', universal]);
console.log(execFileSync('llvm-lipo-14', ['-info', universal], { encoding: 'utf8' }).trim());
if (process.argv[2] === 'build') process.exit(0);
run(process.execPath, ['scripts/build/cross.mjs', 'darwin-arm64', 'library']);

/** The folders of the compiler's headers for macOS, in search order. */
const [zig] = toolchains['darwin-arm64'].compiler();
const library = join(dirname(zig), 'lib');
const headers = [
  ...[join(library, 'libcxx', 'include'), join(library, 'libcxxabi', 'include')],
  ...[join(library, 'include'), join(library, 'libc', 'include', 'any-macos-any')],
].flatMap((folder) => ['-isystem', folder]);
/** As the compiler defines them. */
const definitions = [
  '_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS',
  '_LIBCXXABI_DISABLE_VISIBILITY_ANNOTATIONS',
  '_LIBCPP_HAS_NO_VENDOR_AVAILABILITY_ANNOTATIONS',
  '_LIBCPP_PSTL_CPU_BACKEND_SERIAL',
  '_LIBCPP_ABI_VERSION=1',
  '_LIBCPP_ABI_NAMESPACE=__1',
].map((definition) => `-D${definition}`);
const flags = [
  ...[`--target=aarch64-apple-macos${oldestMacos}`, ...language],
  ...['-nostdinc', '-nostdinc++', ...definitions, ...headers],
  ...['-Inative', '-Itest/native'],
];
const tests = listFiles(['test/native'], ['.cc']).filter((file) => file.includes('/macos_'));
const sources = [...listFiles(['native/macos', 'native/posix'], ['.cc']), ...tests];
const clean = await tidyAll(sources, () => ['--', ...flags]);
process.exitCode = clean ? 0 : 1;
