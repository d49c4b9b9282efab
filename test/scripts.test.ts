// The scripts: each of them is in use.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { filesIn } from './support/markdown.js';
import { unusedScripts } from './support/scripts.js';

const root = fileURLToPath(new URL('..', import.meta.url));

test('every file of scripts/ is reached from a command or a build file', (t) => {
  const scripts = filesIn(root, 'scripts/');
  t.true(scripts.includes('scripts/lib/project.mjs'));
  const roots = ['package.json', 'binding.gyp', '.ci/run', 'typedoc.json', 'ava.config.js'];
  const unused = unusedScripts(scripts, roots, (path) => readFileSync(root + path, 'utf8'));
  t.deepEqual(unused, []);
});

test('a script that only a comment or an unused script names is noticed', (t) => {
  const files: Readonly<Record<string, string>> = {
    'package.json': '{ "scripts": { "a": "node scripts/test/a.mjs" } }',
    'scripts/test/a.mjs': `// See scripts/test/b.mjs.
import { c } from '../lib/c.mjs';
compile(['scripts/lib/d']);
`,
    'scripts/test/b.mjs': "import '../lib/e.mjs';",
    'scripts/lib/c.mjs': '',
    'scripts/lib/d/f.cc': '',
    'scripts/lib/e.mjs': "run('scripts/test/b.mjs');",
  };
  const scripts = Object.keys(files).filter((path) => path.startsWith('scripts/'));
  const unused = unusedScripts(scripts, ['package.json'], (path) => files[path] ?? '');
  t.deepEqual(unused, ['scripts/test/b.mjs', 'scripts/lib/e.mjs']);
});
