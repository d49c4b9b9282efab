// Builds for another system: `node scripts/build/cross.mjs <a name of scripts/lib/toolchains.mjs>
// [addon] [library] [tests] [tools]`, into build/<name>.
//
//   addon     busbar.node library   libbusbar.dll for C and C++, and the programs of test/c that
//   the TypeScript tests exchange messages with;
//             for macOS libbusbar.dylib alone
//   tests     core_tests, which on Windows ends in .exe
//   tools     suspend_process.exe, which the TypeScript tests use on Windows
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defining, libraryDefinitions, optimized, released } from '../lib/compiler-flags.mjs';
import { linkForMacos } from '../lib/macos-linker.mjs';
import { compileObjects, nodeApiFlags } from '../lib/native-objects.mjs';
import { listNativeSources, platformFoldersOf, root, run } from '../lib/project.mjs';
import { toolchains } from '../lib/toolchains.mjs';

const [name, ...wanted] = process.argv.slice(2);
const chosen = toolchains[name];
if (chosen === undefined || wanted.length === 0) {
  console.error(
    `usage: cross.mjs ${Object.keys(toolchains).join('|')} [addon] [library] [tests] [tools]`,
  );
  process.exit(2);
}
const compiler = chosen.compiler();
const forWindows = chosen.platform === 'win32';
const forMacos = chosen.platform === 'darwin';
const folder = join(root, 'build', name);
mkdirSync(folder, { recursive: true });

const compile = (folders, more = []) =>
  compileObjects({
    compiler,
    flags: [...(chosen.optimized ?? optimized), ...released, ...chosen.flags, ...more],
    sources: listNativeSources(folders, chosen.platform),
    folder: join(folder, 'objects'),
  });
const library = await compile([
  'native/base',
  'native/core',
  ...platformFoldersOf(chosen.platform),
]);
const link = (output, ...args) =>
  run(compiler[0], [...compiler.slice(1), '-o', join(folder, output), ...args, ...chosen.link]);

async function buildAddon() {
  const objects = await compile(['native/node'], nodeApiFlags());
  if (forMacos) {
    const entries = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
    return joinForMacos('busbar.node', [...objects, ...library], entries);
  }
  const host = forWindows ? await importFromHost(objects) : [];
  link('busbar.node', '-shared', ...objects, ...library, ...host);
}

async function joinForMacos(output, objects, symbols) {
  linkForMacos({
    compiler,
    architecture: chosen.architecture,
    output: join(folder, output),
    objects: [...objects, ...(await compile(['scripts/lib/macos']))],
    symbols,
  });
}

/**
 * Finds Node's functions in whichever program has loaded the addon: node.exe, or one with another
 * name. On other systems the loader does that by itself.
 */
async function importFromHost(objects) {
  const hook = await compile(['scripts/lib/windows'], nodeApiFlags());
  const symbols = execFileSync(`${chosen.prefix}nm`, ['-u', ...objects], { encoding: 'utf8' });
  const names = [...symbols.matchAll(/ U _*((?:napi|node_api|uv)_\w+)/gu)].map(
    ([, found]) => found,
  );
  const definitions = join(folder, 'node.def');
  const host = join(folder, 'libnode_delay.a');
  writeFileSync(definitions, `EXPORTS\n${[...new Set(names)].sort().join('\n')}\n`);
  run(`${chosen.prefix}dlltool`, ['-d', definitions, '-y', host, '-D', 'node.exe']);
  return [...hook, host, '-ldelayimp'];
}

async function buildLibrary() {
  const objects = await compile(['native/ffi'], defining(libraryDefinitions));
  if (forMacos) {
    return joinForMacos('libbusbar.dylib', [...objects, ...library], ['busbar_*']);
  }
  link('libbusbar.dll', '-shared', ...objects, ...library);
  const strict = ['-pedantic', '-Wall', '-Wextra', '-Werror', '-O2', '-static', '-s'];
  const program = (output) => [
    ...['-Inative/ffi/include', '-o', join(folder, output)],
    ...[`-L${folder}`, '-l:libbusbar.dll', '-lws2_32'],
  ];
  for (const [source, output] of [
    ['test/c/echo.c', 'echo-c.exe'],
    ['test/c/join_options.c', 'join_options-c.exe'],
    ['test/c/metadata.c', 'metadata-c.exe'],
    ['test/c/observe.c', 'observe-c.exe'],
    ['test/c/rpc.c', 'rpc-c.exe'],
    ['examples/c/camera.c', 'camera-c.exe'],
  ])
    run(`${chosen.prefix}gcc`, ['-std=c11', ...strict, source, ...program(output)]);
  run(compiler[0], ['-std=c++17', ...strict, 'test/c/echo.cpp', ...program('echo-cpp.exe')]);
}

async function buildTests() {
  const tests = await compile(['native/loopback', 'test/native'], ['-Itest/native']);
  link(forWindows ? 'core_tests.exe' : 'core_tests', ...tests, ...library);
}

function buildTools() {
  const flags = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-O2', '-static', '-s'];
  const program = join(folder, 'suspend_process.exe');
  run(`${chosen.prefix}gcc`, [...flags, '-o', program, 'test/tools/suspend_process.c']);
}

const builders = { addon: buildAddon, library: buildLibrary, tests: buildTests, tools: buildTools };
for (const target of wanted) await builders[target]();
