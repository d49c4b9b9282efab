// One worker as its pool has it: a thread or a process, with the same three things to do.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker } from './protocol.js';

/** Where a worker runs. */
export type WorkerKind = 'thread' | 'process';

/** What a worker reports. */
export interface ChannelEvents {
  message(message: FromWorker): void;
  /** It is gone; `error` is what a thread threw. Called once. */
  exit(code: number | string, error: unknown): void;
}

/** A worker. */
export interface Channel {
  /** The id of its process. */
  readonly pid: number;
  send(message: ToWorker): void;
  /** Ends it at once. */
  kill(): void;
}

const program = new URL('./main.js', import.meta.url);

/** Starts a worker. */
export function openChannel(kind: WorkerKind, events: ChannelEvents): Channel {
  return kind === 'thread' ? thread(events) : childProcess(events);
}

function thread(events: ChannelEvents): Channel {
  const worker = new Worker(program, { name: 'busbar handlers' });
  let failure: unknown;
  worker.on('message', (message: FromWorker) => events.message(message));
  worker.on('error', (error) => {
    failure = error;
  });
  worker.on('exit', (code) => events.exit(code, failure));
  return {
    pid: process.pid,
    send: (message) => worker.postMessage(message),
    kill: () => void worker.terminate(),
  };
}

function childProcess(events: ChannelEvents): Channel {
  const child: ChildProcess = fork(fileURLToPath(program), [], { serialization: 'advanced' });
  let over = false;
  const exit = (code: number | string, error: unknown) => {
    if (over) return;
    over = true;
    events.exit(code, error);
  };
  child.on('message', (message) => events.message(message as FromWorker));
  // It could not be started.
  child.on('error', (error) => exit(1, error));
  child.on('exit', (code, signal) => exit(code ?? signal ?? 1, undefined));
  return {
    pid: child.pid ?? 0,
    // One that is about to end does not hear it.
    send: (message) => void (child.connected && child.send(message, () => undefined)),
    kill: () => void child.kill('SIGKILL'),
  };
}
