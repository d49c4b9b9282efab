// Finds the native addon's file: built in a clone, shipped with the installed package, or beside a
// bundle. It checks which files exist but opens none.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of this file, unless a bundler has moved it. */
const inPackage = /[\\/]dist[\\/]native[\\/]binary\.js$/u;

/** Defined in CommonJS, which a bundler may have turned this file into. */
declare const __filename: string | undefined;

/**
 * The path of the addon for this system. It is looked for in this order: only in the folder that
 * `BUSBAR_PREBUILD` names, if set; in this package; for a bundle, in its folder, and in the package
 * installed where the bundle or the program is; in the folder of the executable. A binary built in
 * a clone is preferred to one from `prebuilds`, unless `PREBUILDS_ONLY` is set.
 *
 * Throws an `Error` with code `ERR_BUSBAR_NO_BINARY` that lists each path tried, and what to do.
 */
export function addonFile(): string {
  const looked: string[] = [];
  for (const folder of folders()) {
    for (const file of filesIn(folder)) {
      if (existsSync(file)) return file;
      looked.push(file);
    }
  }
  throw Object.assign(new Error(notFound(looked)), { code: 'ERR_BUSBAR_NO_BINARY' });
}

function* folders(): Generator<string> {
  const named = process.env.BUSBAR_PREBUILD;
  if (named !== undefined && named !== '') {
    yield resolve(named);
    return;
  }
  const own = ownFile();
  // Never in a folder above a bundle's own: others may be able to write there.
  if (own !== undefined && inPackage.test(own)) yield resolve(dirname(own), '..', '..');
  for (const file of [own, process.argv[1]]) {
    if (file === undefined) continue;
    yield dirname(resolve(file));
    const installed = installedFrom(file);
    if (installed !== undefined) yield installed;
  }
  yield dirname(process.execPath);
}

/** The file that this code is in; undefined where a bundler has left no trace of it. */
function ownFile(): string | undefined {
  // Bundlers that emit CommonJS leave `import.meta` empty.
  const url = import.meta.url as string | undefined;
  if (url?.startsWith('file:')) return fileURLToPath(url);
  return typeof __filename === 'string' ? __filename : undefined;
}

/** The folder of the package that `file` would import. */
function installedFrom(file: string): string | undefined {
  try {
    // Called as a member, not by an imported name, which webpack would take for its own.
    return dirname(module.createRequire(resolve(file)).resolve('busbar/package.json'));
  } catch {
    return undefined;
  }
}

function filesIn(folder: string): string[] {
  const { arch, platform } = process;
  const built = join(folder, 'build', 'Release', 'busbar.node');
  const prebuilt = {
    linux: [`linux-${arch}/busbar.${libc()}.node`],
    darwin: [`darwin-${arch}/busbar.node`, 'darwin-x64+arm64/busbar.node'],
  }[platform as string] ?? [`${platform}-${arch}/busbar.node`];
  const files = prebuilt.map((file) => join(folder, 'prebuilds', file));
  return process.env.PREBUILDS_ONLY ? files : [built, ...files];
}

function libc(): string {
  return process.env.LIBC || (existsSync('/etc/alpine-release') ? 'musl' : 'glibc');
}

function notFound(looked: readonly string[]): string {
  const kind = process.platform === 'linux' ? ` (${libc()})` : '';
  return [
    `busbar has no binary for ${process.platform}-${process.arch}${kind}; it looked for`,
    ...new Set(looked.map((file) => `  ${file}`)),
    'In a clone: run `npm run compile`. In a bundle: leave busbar out of it (esbuild --external:busbar, or `external` of webpack and vite)',
    "and install it beside the bundle, or copy the package's folder `prebuilds` into the bundle's, or set BUSBAR_PREBUILD to",
    'the folder that has `prebuilds`. Binaries come for Linux x64 and arm64, Windows x64 and macOS.',
  ].join('\n');
}
