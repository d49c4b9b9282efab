// A child process that exchanges lines of JSON on standard input and output. It leads a process
// group, so that it is ended together with the processes that it starts. One that hangs is killed.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { streamControl } from './control.mjs';

const KEPT_STDERR = 4000;
const STDERR_GRACE_MS = 200;

/** Process groups that must end with this process, however it ends. */
const running = new Set();
process.on('exit', () => running.forEach(killGroup));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/**
 * @typedef {object} Program
 * @property {number} pid
 * @property {import('./control.mjs').Control} control
 * @property {() => Promise<void>} stop kills it; resolves when it is gone
 * @property {(error: Error) => Promise<Error>} explain a better reason for an error on its control
 *   line: that it took too long, or what it wrote to standard error
 */

/**
 * @param {string[]} command
 * @param {number} deadline milliseconds after which it is killed
 * @returns {Program}
 */
export function startProgram([file, ...args], deadline) {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const gone = once(child, 'exit').catch(() => {}); // the control line reports a failed start
  running.add(child.pid);
  let stderr = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text) => (stderr = (stderr + text).slice(-KEPT_STDERR)));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child.pid);
  }, deadline);

  return {
    pid: child.pid,
    control: streamControl(child.stdout, child.stdin),

    async stop() {
      clearTimeout(timer);
      killGroup(child.pid);
      await gone;
      running.delete(child.pid);
    },

    async explain(error) {
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, STDERR_GRACE_MS))]);
      return new Error(
        late ? `not done after ${deadline} ms` : (reasonIn(stderr) ?? error.message),
        { cause: error },
      );
    },
  };
}

/**
 * Starts a program, lets `use` talk to it, and ends it.
 * @template T
 * @param {string[]} command
 * @param {number} deadline milliseconds
 * @param {(control: import('./control.mjs').Control) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withProgram(command, deadline, use) {
  const program = startProgram(command, deadline);
  try {
    return await use(program.control);
  } catch (error) {
    throw await program.explain(error);
  } finally {
    await program.stop();
  }
}

/** The line with the message in the report of an uncaught error. */
function reasonIn(stderr) {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  return lines.find((line) => /^(\w*Error\b|thread ')/.test(line)) ?? lines.at(-1);
}

function killGroup(pid) {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // the group has already ended
  }
}
