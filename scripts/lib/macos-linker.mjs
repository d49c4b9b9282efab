// Links for macOS with LLVM's linker: unlike the compiler's own, it omits unused code and exports
// only the listed symbols. The C++ library is the system's; scripts/lib/macos/libc++.tbd lists the
// symbols used of it.
import { execFileSync } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { oldestMacos } from './compiler-flags.mjs';
import { root, run } from './project.mjs';

/** Functions of the host program, resolved when the addon is loaded. */
const ofHost = /^_(?:napi_|node_api_|uv_)/u;

/**
 * Links `objects` into a library that exports `symbols`, with an ad-hoc signature, as arm64
 * requires.
 */
export function linkForMacos({ compiler, architecture, output, objects, symbols }) {
  const names = execFileSync('llvm-nm-14', ['-u', '-j', ...objects], { encoding: 'utf8' });
  const host = new Set(names.split('\n').filter((name) => ofHost.test(name)));
  run('ld64.lld-14', [
    ...['-arch', architecture, '-platform_version', 'macos', oldestMacos, oldestMacos],
    ...['-dylib', '-dead_strip', '-install_name', `@rpath/${basename(output)}`],
    // Any other unresolved symbol is an error.
    ...[...host].flatMap((name) => ['-U', name]),
    ...symbols.flatMap((symbol) => ['-exported_symbol', `_${symbol}`]),
    ...['-o', output, ...objects, join(root, 'scripts/lib/macos/libc++.tbd')],
    ...[`-L${join(dirname(compiler[0]), 'lib', 'libc', 'darwin')}`, '-lSystem'],
  ]);
  run('llvm-strip-14', ['-x', output]);
}
