// The rules for imports among the TypeScript and JavaScript sources.
import type { SourceFile } from './files.js';
import { type Import, importsOf } from './imports.js';
import { entries, inLayers, peersOf } from './layer-rules.js';

const addonFile = 'src/native/addon.ts';
/**
 * The files that may load something other than an ES module: to find the addon, and the addon
 * itself.
 */
const loaders = [addonFile, 'src/native/binary.ts'];

/**
 * Checks one file; returns a sentence for each wrong import. `dependencies` are installed for
 * users.
 */
export function judgeImports(file: SourceFile, dependencies: readonly string[]): string[] {
  const imports = importsOf(file);
  if (file.path.startsWith('src/')) {
    return [
      ...imports.flatMap((found) => inSource(file, found, dependencies)),
      ...loading(file),
      ...telling(file),
    ];
  }
  return imports.flatMap((found) => inConsumer(file, found));
}

function inSource(file: SourceFile, found: Import, dependencies: readonly string[]): string[] {
  const { specifier, path } = found;
  const wrong: string[] = [];
  if (path === undefined) {
    if (file.path.startsWith('src/base/'))
      wrong.push(`src/base imports only itself, not '${specifier}'`);
    const allowed = [...dependencies, ...peersOf(file)];
    if (!specifier.startsWith('node:') && !allowed.includes(packageName(specifier))) {
      wrong.push(`'${specifier}' is no runtime dependency`);
    }
    return wrong;
  }
  if (!path.startsWith('src/')) wrong.push(`src imports only src, not '${specifier}'`);
  const layered = inLayers(file.path, path);
  if (layered !== undefined) return [...wrong, ...layered];
  if (path === 'src/index.ts') wrong.push('nothing in src imports src/index');
  if (file.path.startsWith('src/selector/') && /^src\/(native|memory)\//.test(path)) {
    wrong.push('src/selector imports neither the addon nor memory');
  }
  if (file.path.startsWith('src/memory/') && /^src\/(selector|endpoint)/.test(path)) {
    wrong.push('src/memory knows no selector and no endpoint');
  }
  return wrong;
}

// Searched as text: createRequire() and process.dlopen() are not imports.
function loading(file: SourceFile): string[] {
  // The file that has the modules of the command line is no module.
  const text =
    file.path === 'src/layers/command/main.ts'
      ? file.text
          .replace("createRequire(import.meta.url)('./program.cjs')", '')
          .replace("import { createRequire } from 'node:module';", '')
      : file.text;
  if (loaders.includes(file.path) || !/createRequire|\.node['"`]|dlopen/.test(text)) return [];
  return [`only ${addonFile} loads the addon`];
}

/** A journal and an announcement say when something was; these files read the time of day for it. */
const timekeepers = [
  'src/layers/journal/clock.ts',
  'src/layers/mqtt/stinger/announcement.ts',
  'src/layers/nats/services/services.ts',
];

// The time of day can be set at any moment.
function telling(file: SourceFile): string[] {
  if (timekeepers.includes(file.path)) return [];
  return /\bDate\.now\(|new Date\(\)/.test(file.text)
    ? ['no time of day: durations come from performance.now()']
    : [];
}

/**
 * Tests of behaviour, benchmarks and examples see the package by its name. White-box tests stand in
 * test/unit and may reach into dist/, what is built, never into src/.
 */
function inConsumer(file: SourceFile, { specifier, path }: Import): string[] {
  if (path === undefined) {
    if (!specifier.startsWith('busbar/') || entries.includes(specifier)) return [];
    return [`'${specifier}' is not the package's entry`];
  }
  const folder = file.path.slice(0, file.path.indexOf('/') + 1);
  const whiteBox = file.path.startsWith('test/unit/') && path.startsWith('dist/');
  if (path.startsWith(folder) || whiteBox) return [];
  return [`${folder} imports 'busbar' and its own files, not '${specifier}'`];
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
