// Programs in C++ on their own, and a client in C++ that calls the conformance interface in Node,
// Python and C++.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { cppBuilds, cppProgram } from '../../support/cpp-builds.js';
import { codeBlocks } from '../../support/markdown.js';
import { newBus } from '../../support/program.js';
import { lacksPython, spawnPython } from '../../support/python.js';
import { type Launch, ServerProgram } from '../conformance/place.js';
import type { Start } from '../conformance/server-program.js';

const run = promisify(execFile);
const pathOf = (relative: string) =>
  fileURLToPath(new URL(`../../../${relative}`, import.meta.url));
const nodeServer = fileURLToPath(new URL('../conformance/server-program.js', import.meta.url));
const pythonServer = pathOf('python/tests/conformance.py');
// Servers of all languages speak in lines.
const stdio: ('pipe' | 'inherit')[] = ['pipe', 'pipe', 'inherit'];

/** The programs that docs/guide/cpp.md shows, and what they print. */
const examples: Readonly<Record<string, readonly string[]>> = {
  'thermostat.cpp': [
    'accepted: true',
    'at most 30',
    'minute 0: 20 °C',
    'minute 1: 20.5 °C',
    'minute 2: 21 °C',
    'later: done',
    'overheated: 29',
    'target: 29',
  ],
  'asking.cpp': [
    'the first that answers: true',
    'all: 2 answers',
    'there is one that answers',
    'history: The temperatures of the last minutes, the oldest first.',
    'setTarget: Sets the temperature to reach. Returns whether the heating has to run.',
    'com.example.thermostat 1.0: setTarget was called',
  ],
  'over_a_wire.cpp': [
    'the heating runs: true',
    'another token: the token is not the one of this bus',
  ],
};

test('all C++ of the guide is a program that is built and run', (t) => {
  const guide = readFileSync(pathOf('docs/guide/cpp.md'), 'utf8');
  const shown = codeBlocks(guide).filter(({ info }) => /^(?:cpp|c\+\+|cc)\b/.test(info));
  t.deepEqual(
    shown.map(({ info }) => info),
    Object.keys(examples).map((name) => `cpp examples/cpp/${name}`),
  );
});

test('every compiler that CI has was used', (t) => {
  t.true(process.platform !== 'linux' || cppBuilds.length > 0);
});

for (const compiler of cppBuilds) {
  const program = (source: string) => cppProgram(compiler, source);

  test(`the codec, and bytes that no peer should send (${compiler})`, async (t) => {
    await t.notThrowsAsync(run(program('codec.cpp')));
  });

  for (const [name, lines] of Object.entries(examples)) {
    test(`the example ${name} of the guide (${compiler})`, async (t) => {
      const { stdout } = await run(program(name), [newBus()]);
      t.deepEqual(stdout.trimEnd().split('\n'), lines);
    });
  }

  const launches: Readonly<Record<string, Launch>> = {
    Node: (start) => spawn(process.execPath, [nodeServer, start], { stdio }),
    Python: (start) => spawnPython([pythonServer, start], stdio),
    'C++': (start) => spawn(program('conformance_server.cpp'), [start], { stdio }),
  };
  for (const [language, launch] of Object.entries(launches)) {
    for (const codec of ['messagepack', 'json']) {
      test.serial(
        `a client in C++ calls servers in ${language}, in ${codec} (${compiler})`,
        async (t) => {
          if (language === 'Python' && lacksPython(t)) return;
          const bus = newBus();
          const servers = new Map<string, ServerProgram>();
          const client = spawn(program('conformance_client.cpp'), [bus, codec], {
            stdio: ['pipe', 'pipe', 'inherit'],
          });
          t.teardown(() => client.kill('SIGKILL'));
          // What a server tells when the client has all it wants has no reader.
          client.stdin.on('error', () => undefined);
          const done: string[] = [];
          // The client says what the servers shall do, and hears of what they tell.
          const obey = (what: string, name: string, argument = '', value = '') => {
            if (what === 'passed') done.push(name);
            else if (what === 'start') {
              const options = JSON.parse(argument === '' ? '{}' : argument) as Start['options'];
              const child = launch(JSON.stringify({ name, place: bus, options } satisfies Start));
              t.teardown(() => child.kill('SIGKILL'));
              const tell = (news: string) => client.stdin.write(`${name} ${news}\n`);
              servers.set(name, new ServerProgram(child, tell));
            } else if (what === 'kill') void servers.get(name)?.kill();
            else servers.get(name)?.order(what, argument, value);
          };
          createInterface(client.stdout).on('line', (line) => {
            const [what = '', name = '', ...order] = line.split('\t');
            obey(what, name, ...order);
          });
          const [code] = await once(client, 'close');
          t.log(done.join(' '));
          t.is(code, 0);
          t.true(done.length >= 24, `${done.length}`);
        },
      );
    }
  }
}
