// Programs that tests run in processes or worker threads of their own. A program is a function of the test, written
// where it is used; it runs elsewhere, so it sees only what it is given.
import { type ChildProcess, fork } from 'node:child_process';
import { type EventEmitter, on, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ExecutionContext } from 'ava';
import type * as Busbar from 'busbar';
import { continueProcess, stopProcess } from './suspend.js';

/** What a program is given. */
export interface Tools {
  readonly busbar: typeof Busbar;
  readonly bus: string;
  /** Tells the test something. */
  readonly tell: (news: unknown) => void;
  /** The next thing the test says. */
  readonly told: () => Promise<unknown>;
  /** Listens to the test no more, which kept it alive. */
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
  /** Nothing that it told is still to come: of a process, that is later than its end. */
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

  /** The next thing the program tells. Fails if it ends instead. */
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

  /** SIGKILL, and its end. */
  async kill(): Promise<void> {
    this.child?.kill('SIGKILL');
    await this.worker?.terminate();
    await this.ended;
  }

  stop(): void {
    if (this.child !== undefined) stopProcess(this.child);
  }

  /** Stops it, and resolves when none of its threads runs any more: the signal takes effect one thread at a time. */
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
// The fixtures' sources are used where they are: the tests are compiled into a folder beside them.
let buses = 0;

/** A name for a bus that nobody else uses. */
export function newBus(): string {
  return `test-${process.pid}-${++buses}`;
}

/** What runs programs in a process of their own: the command of another JavaScript runtime, or this Node. */
const runtime = (process.env.BUSBAR_PROGRAM_RUNTIME ?? '').split(' ').filter((word) => word !== '');

/** Runs a program in a process of its own; it is killed at the end of the test if it still runs. */
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

/** Runs a program in a process that fixtures/with_descriptors.py has opened descriptors for. */
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

/** Joins in this process; closed at the end of the test. */
export async function joined<B extends Busbar.MessageBox = Busbar.PlainBox>(
  t: ExecutionContext,
  bus: string,
  options: Busbar.JoinOptions<B> = {},
): Promise<Busbar.Endpoint<B>> {
  const { join } = await import('busbar');
  const endpoint = await join<B>(bus, options);
  // What a test leaves undelivered is its own affair.
  t.teardown(() => endpoint.close({ linger: 0 }).catch(() => undefined));
  return endpoint;
}

/** What the next event of this kind carries. Keeps the process alive meanwhile, which events alone do not. */
export function nextEvent(emitter: EventEmitter, event: string): Promise<unknown> {
  const alive = setInterval(() => undefined, 1000);
  return once(emitter, event)
    .then(([value]) => value)
    .finally(() => clearInterval(alive));
}
