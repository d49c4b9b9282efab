// Processes that are meant to crash: like inProcess(), but without their stack traces in the
// output.
import { fork } from 'node:child_process';
import type { ExecutionContext } from 'ava';
import { Program, type Source } from './program.js';

const runner = new URL('../fixtures/run-program.js', import.meta.url);

/** Runs a program in a process of its own and discards its standard error. */
export function inCrashingProcess(t: ExecutionContext, bus: string, source: Source): Program {
  const child = fork(runner, [bus, source.toString()], {
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return new Program(child);
}
