// Processes that are meant to crash: like inProcess(), but nobody has to read their stack traces.
import { fork } from 'node:child_process';
import type { ExecutionContext } from 'ava';
import { Program, type Source } from './program.js';

const runner = new URL('../fixtures/run-program.js', import.meta.url);

/** Runs a program in a process of its own whose standard error goes nowhere. */
export function inCrashingProcess(t: ExecutionContext, bus: string, source: Source): Program {
  const child = fork(runner, [bus, source.toString()], {
    stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  return new Program(child);
}
