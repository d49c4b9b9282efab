// Programs that tests run in processes or worker threads of their own. A program is a function
// written in the test that uses it; it runs elsewhere, so it sees only its arguments.
import { type ChildProcess, fork } from 'node:child_process';
import { type EventEmitter, on, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ExecutionContext } from 'ava';
import type * as Busbar from 'busbar';
import { continueProcess, stopProcess } from './suspend.js';

/** The arguments of a program. */
export interface Tools {
  readonly busbar: typeof Busbar;
  readonly bus: string;
  /** Sends something to the test. */
  readonly tell: (news: unknown) => void;
  /** Resolves with the next thing that the test sends. */
  readonly told: () => Promise<unknown>;
  /** Stops listening to the test, which keeps the program alive. */
  readonly hangUp: () => void;
}

export type Source = (tools: Tools) => unknown;

const onWindows = process.platform === 'win32';

/** A running program. */
export class Program {
  readonly #news: AsyncIterator<unknown[]>;
  readonly #say: (news: unknown) => void;
  readonly child: ChildProcess | undefined;
  readonly worker: Worker | undefined;
  /** Exit code and signal, once it has ended. */
  readonly ended: Promise<readonly unknown[]>;
  /** Resolves when nothing more will arrive from it; for a process, that is after its end. */
  readonly #silent: Promise<unknown>;

  constructor(running: ChildProcess | Worker) {
    const emitter: EventEmitter = running;
    this.#news = on(emitter, 'message') as unknown as AsyncIterator<unknown[]>;
    this.ended = once(emitter, 'exit');
    this.#silent =
      running instanceof Worker
        ? this.ended
        : Promise.all([this.ended, once(emitter, 'disconnect')]);
    this.child = running instanceof Worker ? undefined : running;
    this.worker = running instanceof Worker ? running : undefined;
    this.#say =
      running instanceof Worker
        ? (news) => running.postMessage(news)
        : (news) => running.send(news as string);
  }

  get pid(): number {
    return this.child?.pid ?? process.pid;
  }

  /** Resolves with the next thing that the program sends; rejects if it ends instead. */
  async next<T = unknown>(): Promise<T> {
    const ended = this.#silent.then(async () => {
      const [code, signal] = await this.ended;
      throw new Error(`the program ended with ${signal ?? code} instead of telling something`);
    });
    const { value } = await Promise.race([this.#news.next(), ended]);
    return (value as unknown[])[0] as T;
  }

  say(news: unknown): void {
    this.#say(news);
  }

  /** Kills it with SIGKILL, and resolves when it has ended. */
  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.worker?.terminate();
    await this.ended;
  }

  stop(): void {
    if (this.child !== undefined) stopProcess(this.child);
  }

  /**
   * Stops it, and resolves when none of its threads runs: the signal takes effect one thread at a
   * time.
   */
  async stopped(): Promise<void> {
    this.stop();
    if (onWindows) return;
    const threads = `/proc/${this.pid}/task`;
    const runs = (thread: string) =>
      !/\) [Tt] /.test(readFileSync(`${threads}/${thread}/stat`, 'utf8'));
    while (readdirSync(threads).some(runs)) await turn();
  }

  goOn(): void {
    if (this.child !== undefined) continueProcess(this.child);
  }
}

const runner = new URL('../fixtures/run-program.js', import.meta.url);
// The fixtures' sources are used in place: the tests are compiled into a folder beside them.
let buses = 0;

/** A name for a bus that no other test uses. */
export function newBus(): string {
  return `test-${process.pid}-${++buses}`;
}

/**
 * The command that runs a program in a process: that of another JavaScript runtime, or this Node.
 */
const runtime = (process.env.BUSBAR_PROGRAM_RUNTIME ?? '').split(' ').filter((word) => word !== '');

/**
 * Runs a program in a process of its own, which is killed at the end of the test if it still runs.
 */
export function inProcess(
  t: ExecutionContext,
  bus: string,
  source: Source,
  env: NodeJS.ProcessEnv = {},
): Program {
  const [execPath = process.execPath, ...execArgv] = runtime;
  const options = { env: { ...process.env, ...env }, execPath, execArgv };
  const child = fork(runner, [bus, source.toString()], options);
  t.teardown(() => child.kill('SIGKILL'));
  return new Program(child);
}

/** Runs a program in a process for which fixtures/with_descriptors.py has opened descriptors. */
export function inProcessWithDescriptors(
  t: ExecutionContext,
  bus: string,
  source: Source,
): Program {
  return startedBy('with_descriptors.py', t, bus, source, {});
}

/** Runs a program in a process with at most 1,024 descriptors. */
export function inProcessWithFewDescriptors(
  t: ExecutionContext,
  bus: string,
  source: Source,
  env: NodeJS.ProcessEnv = {},
): Program {
  return startedBy('with_few_descriptors.py', t, bus, source, env);
}

function startedBy(
  fixture: string,
  t: ExecutionContext,
  bus: string,
  source: Source,
  env: NodeJS.ProcessEnv,
): Program {
  const execPath = fileURLToPath(new URL(`../../test/fixtures/${fixture}`, import.meta.url));
  const child = fork(runner, [bus, source.toString()], {
    env: { ...process.env, NODE_BINARY: process.execPath, ...env },
    execPath,
  });
  t.teardown(() => child.kill('SIGKILL'));
  return new Program(child);
}

/** Runs a program in a worker thread. */
export function inWorker(t: ExecutionContext, bus: string, source: Source): Program {
  const worker = new Worker(runner, { argv: [bus, source.toString()] });
  t.teardown(() => worker.terminate());
  return new Program(worker);
}

/** Joins in this process; the endpoint is closed at the end of the test. */
export async function joined<B extends Busbar.MessageBox = Busbar.PlainBox>(
  t: ExecutionContext,
  bus: string,
  options: Busbar.JoinOptions<B> = {},
): Promise<Busbar.Endpoint<B>> {
  const { join } = await import('busbar');
  const endpoint = await join<B>(bus, options);
  // Messages that a test leaves undelivered are not an error.
  t.teardown(() => endpoint.close({ linger: 0 }).catch(() => undefined));
  return endpoint;
}

/**
 * Resolves with the value of the next such event. Keeps the process alive meanwhile, which a
 * listener does not.
 */
export function nextEvent(emitter: EventEmitter, event: string): Promise<unknown> {
  const alive = setInterval(() => undefined, 1000);
  return once(emitter, event)
    .then(([value]) => value)
    .finally(() => clearInterval(alive));
}
