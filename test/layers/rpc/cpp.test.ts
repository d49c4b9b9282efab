// Programs in C++ on their own, and a client in C++ that calls the conformance interface in Node.
import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { newBus } from '../../support/program.js';

const run = promisify(execFile);
const pathOf = (relative: string) =>
  fileURLToPath(new URL(`../../../${relative}`, import.meta.url));
const compilers = ['gcc', 'clang'].filter((compiler) =>
  existsSync(pathOf(`build/c/${compiler}/codec-cpp`)),
);
const serverProgram = fileURLToPath(new URL('../conformance/server-program.js', import.meta.url));

test('every compiler that CI has was used', (t) => {
  t.true(process.platform !== 'linux' || compilers.length > 0);
});

for (const compiler of compilers) {
  const program = (name: string) => pathOf(`build/c/${compiler}/${name}`);

  test(`the codec, and bytes that no peer should send (${compiler})`, async (t) => {
    await t.notThrowsAsync(run(program('codec-cpp')));
  });

  test(`the example of the guide (${compiler})`, async (t) => {
    const { stdout } = await run(program('thermostat-cpp'), [newBus()]);
    t.deepEqual(stdout.trimEnd().split('\n'), [
      'accepted: true',
      'at most 30',
      'minute 0: 20 °C',
      'minute 1: 20.5 °C',
      'minute 2: 21 °C',
      'later: done',
      'overheated: 29',
      'target: 29',
    ]);
  });

  for (const codec of ['messagepack', 'json']) {
    test(`a client in C++ calls servers in Node, in ${codec} (${compiler})`, async (t) => {
      const bus = newBus();
      const servers = new Map<string, ChildProcess>();
      const client = spawn(program('conformance_client-cpp'), [bus, codec], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      t.teardown(() => client.kill('SIGKILL'));
      // What a server tells when the client has all it wants has no reader.
      client.stdin.on('error', () => undefined);
      const done: string[] = [];
      // The client says what the servers shall do, and hears of what they tell.
      const obey = (what: string, name: string, ...order: string[]) => {
        if (what === 'passed') done.push(name);
        else if (what === 'start') {
          const start = {
            name,
            place: bus,
            options: JSON.parse(order[0] === '' ? '{}' : (order[0] ?? '{}')),
          };
          const child = fork(serverProgram, [JSON.stringify(start)]);
          t.teardown(() => child.kill('SIGKILL'));
          servers.set(name, child);
          child.on('message', (news) => client.stdin.write(`${name} ${String(news)}\n`));
          child.on('exit', () => client.stdin.write(`${name} ended\n`));
        } else if (what === 'kill') servers.get(name)?.kill('SIGKILL');
        else servers.get(name)?.send([what, ...order]);
      };
      createInterface(client.stdout).on('line', (line) => {
        const [what = '', name = '', ...order] = line.split('\t');
        obey(what, name, ...order);
      });
      const [code] = await once(client, 'close');
      t.log(done.join(' '));
      t.is(code, 0);
      t.true(done.length >= 20, `${done.length}`);
    });
  }
}
