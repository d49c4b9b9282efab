// One worker as its pool has it: a thread or a process, with the same three things to do.
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { WorkerError } from '../errors.js';
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

const ownFile = /\/layers\/handlers\/workers\/channel\.js$/;
// As a variable: webpack would take the address of a literal for a file to copy.
const programFile = './main.js';

/** The program of a worker, which is a file of the package. */
function workerProgram(): URL {
  // Bundlers that emit CommonJS leave `import.meta` empty. Beside a bundle, a file of this name would
  // be another program, perhaps the bundle itself.
  const url = import.meta.url as string | undefined;
  const program = url !== undefined && ownFile.test(url) ? new URL(programFile, url) : undefined;
  if (program !== undefined && existsSync(program)) return program;
  throw new WorkerError(
    'a table in workers needs the installed package: leave busbar out of the bundle, as external',
  );
}

/**
 * Starts a worker.
 * @throws WorkerError if this code is in a bundle, without the program of a worker.
 */
export function openChannel(kind: WorkerKind, events: ChannelEvents): Channel {
  return kind === 'thread' ? thread(events) : childProcess(events);
}

function thread(events: ChannelEvents): Channel {
  const worker = new Worker(workerProgram(), { name: 'busbar handlers' });
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
  const child: ChildProcess = fork(fileURLToPath(workerProgram()), [], {
    serialization: 'advanced',
  });
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
