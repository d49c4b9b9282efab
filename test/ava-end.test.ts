// The end of a run of tests in which a program outlives its test file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import test from 'ava';

const script = `
import { spawn } from 'node:child_process';
import { endWithTests, mark } from '${new URL('../scripts/lib/ava-end.mjs', import.meta.url)}';
endWithTests();
// As a program that a killed test file has left behind: it holds a pipe open that is read here.
const env = { ...process.env, ...mark };
const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { env });
left.stdout.resume();
console.log(left.pid);
process.exitCode = 3;
`;

(process.platform === 'linux' ? test : test.skip)(
  'a run ends although a program of a test does not, and ends it',
  async (t) => {
    const run = spawn(process.execPath, ['--input-type=module', '-e', script]);
    t.teardown(() => run.kill('SIGKILL'));
    const [out, err, [code]] = await Promise.all([
      text(run.stdout),
      text(run.stderr),
      once(run, 'exit'),
    ]);
    t.is(code, 3);
    const left = Number(out);
    t.is(err, `killed, since it outlived its test: process ${left}\n`);
    // Whoever adopted it may not have asked for its exit code yet; it runs no more in any case.
    const isRunning = () => {
      try {
        return process.kill(left, 0);
      } catch {
        return false;
      }
    };
    while (isRunning()) await new Promise(setImmediate);
    t.pass();
  },
);
