// Checks the package for Python: sets up build/python with the checkers and build/python-user with
// nothing but the wheel, as a user has it; formats, lints and type checks the sources; and runs all
// tests, those with Node included, against the installed wheel; lets Python's own reader of MCAP
// read what a journal has written; compares our reader of Stinger's files with Stinger's schemas; and
// lets programs that stinger-ipc generates talk to bridges.
// Needs Python 3.11 or newer with venv and pip, and `npm run compile:tests`.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from '../lib/project.mjs';
import { environment } from '../lib/python.mjs';
import { setUpStinger } from '../lib/stinger.mjs';

const requirements = join(root, 'python', 'requirements-dev.txt');
const user = join(root, 'build', 'python-user');
const binary = (name) => join(environment, 'bin', name);
const examples = ['examples/python', 'examples/heating/python'];
// Each is checked on its own: files of several folders may have one name, which is one module.
const sources = [
  ['python/src', 'python/build_backend', 'python/tests'],
  ...examples.map((e) => [e]),
];

/** Makes the environment of the checkers, unless it has these requirements already. */
function setUp() {
  const stamp = join(environment, 'requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  rmSync(environment, { recursive: true, force: true });
  run('python3', ['-m', 'venv', environment]);
  run(binary('python'), ['-m', 'pip', 'install', '--quiet', '-r', requirements]);
  writeFileSync(stamp, wanted);
}

/** Makes an environment in which only the wheel and what it depends on is installed. */
function install() {
  run(process.execPath, ['scripts/build/wheel.mjs', binary('python')]);
  const wheels = join(root, 'build', 'wheels');
  const [wheel] = readdirSync(wheels);
  rmSync(user, { recursive: true, force: true });
  run('python3', ['-m', 'venv', user]);
  run(join(user, 'bin', 'pip'), ['install', '--quiet', join(wheels, wheel)]);
  console.log(`installed ${wheel}`);
}

/** The packages of Stinger with the schemas that our reader of its files is compared with. */
const stinger = ['0.9.7.post1', '0.11.2b1'];

/** Fetches them, as files: they need a newer Python than we do, and nothing of them is run. */
function fetchStinger() {
  const folder = join(root, 'build', 'stinger');
  for (const version of stinger) {
    const target = join(folder, version);
    if (existsSync(join(target, 'stingeripc'))) continue;
    rmSync(target, { recursive: true, force: true });
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--ignore-requires-python'];
    run(binary('python'), [...pip, '--dest', target, `stinger-ipc==${version}`]);
    const [wheel] = readdirSync(target);
    run(binary('python'), ['-m', 'zipfile', '-e', join(target, wheel), target]);
  }
  return folder;
}

setUp();
for (const options of [['python'], ['--config', 'python/pyproject.toml', ...examples]]) {
  run(binary('ruff'), ['check', ...options]);
  run(binary('ruff'), ['format', '--check', ...options]);
}
process.env.MYPYPATH = 'python/src';
for (const folders of sources) {
  run(binary('mypy'), ['--config-file', 'python/pyproject.toml', ...folders]);
}
install();
// The tests use what is installed: an interpreter that is named must not be skipped.
process.env.BUSBAR_PYTHON = join(user, 'bin', 'python');
process.env.BUSBAR_INSTALLED = '1';
process.env.BUSBAR_TEST_PYTHON = binary('python');
process.env.BUSBAR_STINGER = fetchStinger();
process.env.BUSBAR_STINGER_PYTHON = setUpStinger();
const tests = readdirSync(join(root, 'test-build')).filter((name) =>
  /^(?:python.*|heating-example)\.test\.js$/.test(name),
);
run(process.execPath, [
  'node_modules/ava/entrypoints/cli.mjs',
  ...tests.map((name) => `test-build/${name}`),
  'test-build/layers/journal/mcap.test.js',
  'test-build/layers/interface/stinger-schema.test.js',
  'test-build/layers/mqtt/stinger-python.test.js',
]);
