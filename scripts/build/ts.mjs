// Compiles one TypeScript project: `node scripts/build/ts.mjs src` (into dist/) or `test` (into
// test-build/). Does nothing if no input has changed. Removes the outputs of deleted sources, so
// that neither a test nor an import outlives its source.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { listFiles, root, runInstalled } from '../lib/project.mjs';

// Tests use the package as its users do: they are compiled again when a dist/*.d.ts has changed.
const projects = {
  src: { config: 'tsconfig.build.json', output: 'dist', inputs: ['src'] },
  test: { config: 'test/tsconfig.json', output: 'test-build', inputs: ['test', 'dist'] },
};

const name = process.argv[2];
const project = projects[name];
if (project === undefined) throw new Error(`unknown project '${name}'; known: src, test`);

/** The page is a part of the package with types of its own, those of a browser. */
const page = 'page';
const pageFiles = ['.ts', '.html', '.css', '.svg'];

const compiled = ['.js', '.d.ts'];
/** Made from the compiled files. */
const linked = ['.cjs'];
const inputs = [
  'scripts/build/link-command.mjs',
  ...listFiles(project.inputs, ['.ts']),
  ...(name === 'src' ? [...listFiles([page], pageFiles), `${page}/tsconfig.json`] : []),
  project.config,
  'tsconfig.json',
  'package.json',
];

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(`${file}\0${statSync(join(root, file)).mtimeMs}\0`);
  for (const file of listFiles([project.output], [...compiled, ...linked]))
    hash.update(`${file}\0`);
  return hash.digest('hex');
}

// In node_modules/.cache, because node-gyp empties build/ and dist/ is published whole.
const stampFile = join(root, 'node_modules', '.cache', 'busbar', `${name}.stamp`);
if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint()) process.exit(0);

runInstalled('typescript/bin/tsc', ['-p', project.config]);

const sources = new Set(listFiles([name], ['.ts']));
for (const file of listFiles([project.output], compiled)) {
  if (file.startsWith(`dist/${page}/`)) continue;
  const source = `${name}/${file.slice(project.output.length + 1).replace(/(\.d\.ts|\.js)$/, '.ts')}`;
  if (!sources.has(source)) rmSync(join(root, file));
}
if (name === 'src') {
  await import('./link-command.mjs');
  buildPage();
}
mkdirSync(dirname(stampFile), { recursive: true });
writeFileSync(stampFile, fingerprint());

function buildPage() {
  rmSync(join(root, 'dist', page), { recursive: true, force: true });
  runInstalled('typescript/bin/tsc', ['-p', `${page}/tsconfig.json`]);
  for (const file of listFiles([page], pageFiles)) {
    if (!file.endsWith('.ts')) copyFileSync(join(root, file), join(root, 'dist', file));
  }
}
