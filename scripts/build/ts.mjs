// Compiles one TypeScript project: `node scripts/build/ts.mjs src` (into dist/) or `test` (into
// test-build/). Does nothing where no input changed, and removes what deleted sources left behind, so
// that a test or an import cannot live on after its source is gone.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listFiles, root, runInstalled } from '../lib/project.mjs';

// Tests see the package as its users do: a new dist/*.d.ts means compiling them again.
const projects = {
  src: { config: 'tsconfig.build.json', output: 'dist', inputs: ['src'] },
  test: { config: 'test/tsconfig.json', output: 'test-build', inputs: ['test', 'dist'] },
};

const name = process.argv[2];
const project = projects[name];
if (project === undefined) throw new Error(`unknown project '${name}'; known: src, test`);

const compiled = ['.js', '.d.ts'];
const inputs = [
  ...listFiles(project.inputs, ['.ts']),
  project.config,
  'tsconfig.json',
  'package.json',
];

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of inputs) hash.update(`${file}\0${statSync(join(root, file)).mtimeMs}\0`);
  for (const file of listFiles([project.output], compiled)) hash.update(`${file}\0`);
  return hash.digest('hex');
}

// Stands in node_modules/.cache, because node-gyp empties build/ and dist/ is published whole.
const stampFile = join(root, 'node_modules', '.cache', 'busbar', `${name}.stamp`);
if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint()) process.exit(0);

runInstalled('typescript/bin/tsc', ['-p', project.config]);

const sources = new Set(listFiles([name], ['.ts']));
for (const file of listFiles([project.output], compiled)) {
  const source = `${name}/${file.slice(project.output.length + 1).replace(/(\.d\.ts|\.js)$/, '.ts')}`;
  if (!sources.has(source)) rmSync(join(root, file));
}
mkdirSync(dirname(stampFile), { recursive: true });
writeFileSync(stampFile, fingerprint());
