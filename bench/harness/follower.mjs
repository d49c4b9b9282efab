// Starts the second side of a trial: a process, or a worker thread for peers between threads.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { portControl, streamControl } from './control.mjs';
import { coreOf, onCore, pinThread, threadIds } from './placement.mjs';

const SIDE = fileURLToPath(new URL('./side.mjs', import.meta.url));

/**
 * The other side, as the lead sees it.
 * @typedef {object} Follower
 * @property {import('./control.mjs').Control} control
 * @property {import('node:child_process').ChildProcess | undefined} process
 * @property {Worker | undefined} worker
 */

/**
 * Starts a follower in a process of its own; resolves when it is ready (has opened its link).
 * @param {object} job
 * @param {{ ipc?: 'json' | 'advanced' }} [options] ipc: with a channel for process.send
 * @returns {Promise<Follower>}
 */
export async function startProcess(job, { ipc } = {}) {
  const [file, ...args] = onCore(coreOf(job.params.placement, 'follower'), [
    process.execPath,
    SIDE,
    'follow',
    JSON.stringify(job),
  ]);
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'inherit', ...(ipc ? ['ipc'] : [])],
    serialization: ipc,
  });
  const control = streamControl(child.stdout, child.stdin);
  await control.next();
  return { control, process: child, worker: undefined };
}

/**
 * Starts the followers of a job, one per receiver, all at once.
 * @param {object} job
 * @param {(follower: Follower) => void} started
 */
export async function startProcesses(job, started) {
  const starting = Array.from({ length: job.params.receivers ?? 1 }, () => startProcess(job));
  for (const follower of await Promise.all(starting)) started(follower);
}

/**
 * Starts a follower as a worker thread of this process.
 * @param {object} job
 * @param {import('node:worker_threads').MessagePort} port its end of the link
 * @returns {Promise<Follower>}
 */
export async function startThread(job, port) {
  const before = new Set(threadIds());
  const worker = new Worker(SIDE, {
    argv: ['follow', JSON.stringify(job)],
    workerData: { port },
    transferList: [port],
  });
  const control = portControl(worker);
  await control.next();
  const core = coreOf(job.params.placement, 'follower');
  if (core !== undefined) {
    for (const id of threadIds()) if (!before.has(id)) pinThread(id, core);
  }
  return { control, process: undefined, worker };
}

/**
 * @param {Follower} follower
 * @returns {Promise<unknown>} when it is gone
 */
export function stopFollower({ process: child, worker }) {
  if (worker) return worker.terminate();
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  return gone;
}
