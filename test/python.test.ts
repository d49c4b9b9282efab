// The package for Python: its own tests, and that it is of one version with the package for Node.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { lacksPython, PythonProgram } from './support/python.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = `${root}python/tests/`;
const files = readdirSync(folder).filter((name) => /^test_\w+\.py$/.test(name));

for (const file of files) {
  test(`python/tests/${file}`, async (t) => {
    if (lacksPython(t)) return;
    const program = new PythonProgram(t, [folder + file]);
    const ended = await program.ended;
    t.log(
      program.errors
        .split('\n')
        .slice(ended[0] === 0 ? -4 : 0)
        .join('\n'),
    );
    t.deepEqual(ended, [0, null]);
  });
}

test('the packages for Node and for Python have one version', (t) => {
  t.true(files.length > 0);
  const { version }: { version: string } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const [, python] = /^version = "(.*)"$/m.exec(
    readFileSync(`${root}python/pyproject.toml`, 'utf8'),
  ) ?? ['', ''];
  t.is(python, version);
});
