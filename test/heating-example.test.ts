// The example of one small system in several languages, by hand and generated: each part with each
// other part, and the generated files as the generator writes them now.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { parseYaml, printCpp, printPython, printTypeScript } from 'busbar/interface';
import ts from 'typescript';
import { cppProgram } from './support/cpp-builds.js';
import { newBus } from './support/program.js';
import { lacksPython, spawnPython } from './support/python.js';

const folder = fileURLToPath(new URL('../examples/heating/', import.meta.url));
const read = (name: string) => readFileSync(folder + name, 'utf8');

test('the generated files are those that the generator writes', async (t) => {
  const heating = await parseYaml(read('heating.busbar.yaml'));
  t.is(read('python/heating.py'), printPython(heating));
  t.is(read('node/heating.ts'), printTypeScript(heating));
  t.is(read('cpp/heating.hpp'), printCpp(heating));
});

test('the programs in C++ are there', (t) => {
  t.true(process.platform !== 'linux' || hasCpp);
});

/** The generated TypeScript without its types, in a folder that is not checked in. */
function generatedModule(): string {
  const { outputText } = ts.transpileModule(read('node/heating.ts'), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const made = fileURLToPath(new URL('heating-example/', import.meta.url));
  mkdirSync(made, { recursive: true });
  writeFileSync(`${made}heating.mjs`, outputText);
  return `${made}heating.mjs`;
}

const stdio = ['ignore', 'pipe', 'inherit'] as const;
const node = (module: string) => (role: string, bus: string) =>
  spawn(process.execPath, [`${folder}node/system.mjs`, module, role, bus], { stdio: [...stdio] });
const python = (module: string) => (role: string, bus: string) =>
  spawnPython([`${folder}python/system.py`, module, role, bus], [...stdio]);
const cpp = (source: string) => (role: string, bus: string) =>
  spawn(cppProgram('gcc', source), [role, bus], { stdio: [...stdio] });
const hasCpp = existsSync(cppProgram('gcc', 'heating_generated.cpp'));
const parts = {
  'Node by hand': node(`${folder}node/by-hand.mjs`),
  'Node generated': node(generatedModule()),
  'Python by hand': python('by_hand'),
  'Python generated': python('heating'),
  // Where scripts/build/c.mjs has built them.
  ...(hasCpp && {
    'C++ by hand': cpp('heating_by_hand.cpp'),
    'C++ generated': cpp('heating_generated.cpp'),
  }),
};

const said = `on: true
eco: false
refused: 5 to 30
00:00 20.0
00:01 20.5
deviation: 0.75
target: 19
overheated: 29`;

function linesOf(t: ExecutionContext, child: ChildProcess): AsyncIterable<string> {
  t.teardown(() => child.kill('SIGKILL'));
  if (child.stdout === null) throw new Error('no output');
  return createInterface(child.stdout);
}

for (const [server, serve] of Object.entries(parts)) {
  for (const [client, use] of Object.entries(parts)) {
    test.serial(`${client} uses ${server}`, async (t) => {
      if (/Python/.test(server + client) && lacksPython(t)) return;
      const bus = newBus();
      for await (const line of linesOf(t, serve('serve', bus))) {
        t.is(line, 'ready');
        break;
      }
      const heard: string[] = [];
      for await (const line of linesOf(t, use('use', bus))) heard.push(line);
      t.is(heard.join('\n'), said);
    });
  }
}
