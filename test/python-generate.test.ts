// Python that is generated from interfaces: what its formatter and type checker say about it, and
// that its module describes the interface that it was made of.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import {
  type Interface,
  interfaceOf,
  modelOf,
  moduleName,
  parseYaml,
  printPython,
} from 'busbar/interface';
import fc from 'fast-check';
import { interfaceFrom } from './layers/interface/support/interfaces.js';
import { lacksPython, PythonProgram } from './support/python.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const checkers = join(root, 'build', 'python', 'bin');
const run = promisify(execFile);

/** Whether a test has to be left out: `npm run check:python` installs the checkers. */
function lacksCheckers(t: ExecutionContext): boolean {
  if (lacksPython(t)) return true;
  if (existsSync(join(checkers, 'mypy'))) return false;
  t.pass('skipped');
  t.log('skipped: needs ruff and mypy, see npm run check:python');
  return true;
}

function folderOf(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-python-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function examples(): Promise<[name: string, yaml: string, given: Interface][]> {
  const folder = join(root, 'examples', 'heating');
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return Promise.all(
    names.map(async (name) => {
      const yaml = readFileSync(join(folder, name), 'utf8');
      return [name, yaml, await parseYaml(yaml, { file: name })] as const;
    }),
  ) as Promise<[string, string, Interface][]>;
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '').length;

test('generated Python has the same bytes each time, and at most 4 lines a line of YAML', async (t) => {
  const all = await examples();
  t.true(all.length > 0);
  for (const [name, yaml, given] of all) {
    const code = printPython(given);
    t.is(printPython(given), code);
    t.true(lines(code) <= 4 * lines(yaml), `${name}: ${lines(code)} of ${lines(yaml)}`);
  }
});

const describe = `
import importlib, json, sys
from busbar import rpc

sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    module = importlib.import_module(name)
    (interface,) = (
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, rpc.Interface) and each is not rpc.Interface
    )
    print(json.dumps(rpc.model(interface)))
`;

/** What the modules of a folder say about their interfaces. */
async function models(t: ExecutionContext, folder: string, names: readonly string[]) {
  const program = new PythonProgram(t, ['-c', describe, folder, ...names]);
  const found: Interface[] = [];
  for (const _ of names) found.push(interfaceOf(JSON.parse(await program.line())));
  t.deepEqual(await program.ended, [0, null], program.errors);
  return found;
}

/** The formatter changes nothing in this width. */
async function format(t: ExecutionContext, files: readonly string[], width = '88') {
  const args = ['format', '--isolated', '--check', '--diff', '--line-length', width, ...files];
  const { stdout } = await run(join(checkers, 'ruff'), args).catch((error) => error);
  t.is(stdout, '', `ruff format --line-length ${width}`);
}

/** The formatter changes nothing, and the type checker finds nothing. */
async function check(t: ExecutionContext, folder: string, names: readonly string[]): Promise<void> {
  const files = names.map((name) => join(folder, `${name}.py`));
  await format(t, files);
  // Wider lines leave what people write as it is; long types in brackets of one part are joined.
  const written = files.filter((file) => !file.includes('made_up'));
  for (const width of ['100', '120']) await format(t, written, width);
  const env = { ...process.env, MYPYPATH: `${root}python/src` };
  const options = ['--strict', '--python-version', '3.11', '--cache-dir', join(folder, 'cache')];
  const { stdout } = await run(join(checkers, 'mypy'), [...options, ...files], { env }).catch(
    (error) => error,
  );
  t.regex(stdout, /^Success/);
}

// Of several lines, a docstring of Python has no white space at its ends.
function withPlainDocs(given: Interface): Interface {
  const isOdd = (doc: string) => /\n/.test(doc) && doc !== doc.trim().replaceAll(/[\t\r]/g, '');
  const text = JSON.stringify(modelOf(given));
  return interfaceOf(
    JSON.parse(text, (key, value) =>
      key === 'doc' && typeof value === 'string' && isOdd(value) ? undefined : value,
    ),
  );
}

test('generated Python is formatted, has no type errors, and describes its interface', async (t) => {
  if (lacksCheckers(t)) return;
  const given = new Map<string, Interface>();
  for (const [name, , each] of await examples())
    given.set(moduleName(name.split('.')[0] ?? ''), each);
  fc.sample(fc.gen().map(interfaceFrom), { numRuns: 60, seed: 20_261_127 }).forEach(
    (each, index) => {
      given.set(`made_up_${index}`, withPlainDocs(each));
    },
  );
  const code = new Map([...given].map(([name, each]) => [name, printPython(each)]));
  const folder = folderOf(
    t,
    Object.fromEntries([...code].map(([name, text]) => [`${name}.py`, text])),
  );
  const names = [...given.keys()];
  // The model that Python makes of its class leads to the same class.
  const again = await models(t, folder, names);
  for (const [index, name] of names.entries()) {
    t.is(printPython(again[index] as Interface), code.get(name) ?? '');
  }
  await check(t, folder, names);
});
