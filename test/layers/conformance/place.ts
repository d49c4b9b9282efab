// Where a behaviour is tried: over a bus between processes, or over message ports between threads.
import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type TransferListItem, Worker } from 'node:worker_threads';
import type { ExecutionContext } from 'ava';
import type { Interface } from 'busbar/interface';
import {
  type ClientOf,
  type ConnectOptions,
  connect,
  type PortLike,
  type ServerOf,
  serve,
} from 'busbar/rpc';
import { newBus } from '../../support/program.js';
import { continueProcess, stopProcess } from '../../support/suspend.js';
import { Conformance } from './interface.js';
import type { Order, Start } from './server-program.js';

const program = fileURLToPath(new URL('server-program.js', import.meta.url));

/** A server of the conformance interface. */
export class ServerProgram {
  readonly #child: ChildProcess | undefined;
  readonly #worker: Worker | undefined;
  /** What it told so far, in order. */
  readonly news: string[] = [];
  readonly #waiting = new Set<() => void>();
  // It has ended, and everything that it told is here.
  #over = false;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;

  /**
   * A process without an IPC channel, as of another language, speaks in lines of JSON. `listener`
   * hears what it tells, and at last that it `ended`.
   */
  constructor(running: ChildProcess | Worker, listener?: (news: string) => void) {
    this.#child = running instanceof Worker ? undefined : running;
    this.#worker = running instanceof Worker ? running : undefined;
    const emitter: NodeJS.EventEmitter = running;
    const changed = () => {
      for (const look of [...this.#waiting]) look();
    };
    const hear = (news: string) => {
      this.news.push(news);
      listener?.(news);
      changed();
    };
    emitter.on('message', hear);
    const once = (event: string) =>
      new Promise<void>((resolve) => emitter.once(event, () => resolve()));
    this.ended = once('exit');
    let all = this.ended;
    if (this.#child?.connected === true) all = once('disconnect');
    if (this.#child?.connected === false && this.#child.stdout !== null) {
      const lines = createInterface(this.#child.stdout);
      lines.on('line', (line) => hear(JSON.parse(line) as string));
      all = new Promise((resolve) => lines.once('close', resolve));
    }
    void Promise.all([this.ended, all]).then(() => {
      this.#over = true;
      listener?.('ended');
      changed();
    });
  }

  get pid(): number {
    return this.#child?.pid ?? process.pid;
  }

  /** Resolves when it has told this, `times` times in all; rejects if it ends before. */
  heard(news: string, times = 1): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (this.count(news) >= times) resolve();
        else if (this.#over) reject(new Error(`the server ended before it told: ${news}`));
        else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** How often it told this. */
  count(news: string): number {
    return this.news.filter((each) => each === news).length;
  }

  order(...order: Order): void {
    if (this.#child === undefined) this.#worker?.postMessage(order);
    else if (this.#child.connected) this.#child.send(order);
    else this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** Gives an order and waits until it is done. */
  async obeys(...order: Order): Promise<void> {
    const done = `done ${order[0]}`;
    const before = this.count(done);
    this.order(...order);
    await this.heard(done, before + 1);
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#worker?.terminate();
    await this.ended;
  }

  stop(): void {
    if (this.#child !== undefined) stopProcess(this.#child);
  }

  goOn(): void {
    if (this.#child !== undefined) continueProcess(this.#child);
  }
}

/** What a behaviour gets. */
export interface Place {
  readonly t: ExecutionContext;
  readonly kind: 'bus' | 'port';
  /** The name of the bus, if there is one. */
  readonly bus?: string;
  /** Serves an interface without properties here, in the process of the test, for the server. */
  serveHere<I extends Interface>(
    source: I,
    implementation: ServerOf<I>,
  ): Promise<{ close(options: { linger: number }): Promise<void> }>;
  /** Starts a server, and resolves when it serves. Over a port there is one. */
  server(options?: Start['options'], name?: string): Promise<ServerProgram>;
  /** A client of the conformance interface. */
  client(options?: ConnectOptions): Promise<ClientOf<typeof Conformance>>;
  /** A client of another one. */
  clientOf<I extends Interface>(source: I, options?: ConnectOptions): Promise<ClientOf<I>>;
}

/** How a server's program is started; its argument is a {@link Start} as JSON. */
export type Launch = (start: string) => ChildProcess;

/** A bus of its own. `usual` are options of every client. */
export function onBus(
  t: ExecutionContext,
  launch: Launch = (start) => fork(program, [start]),
  usual: ConnectOptions = {},
): Place {
  const bus = newBus();
  return {
    t,
    kind: 'bus',
    bus,
    serveHere: (source, implementation) => serveAt(bus, source, implementation),
    async server(options = {}, name = 'one') {
      const start: Start = { name, place: bus, options };
      const child = launch(JSON.stringify(start));
      t.teardown(() => child.kill('SIGKILL'));
      const server = new ServerProgram(child);
      await server.heard('serving');
      return server;
    },
    client: (options) => clientOf(t, bus, Conformance, { ...usual, ...options }),
    clientOf: (source, options) => clientOf(t, bus, source, { ...usual, ...options }),
  };
}

/** A message channel of its own, with the server in a worker thread. */
export function onPort(t: ExecutionContext): Place {
  const { port1, port2 } = new MessageChannel();
  t.teardown(() => port1.close());
  return {
    t,
    kind: 'port',
    serveHere: (source, implementation) => serveAt(port1, source, implementation),
    async server(options = {}, name = 'one') {
      const workerData: Start = { name, place: port2, options };
      const transferList: TransferListItem[] = [port2];
      const worker = new Worker(program, { workerData, transferList });
      t.teardown(() => worker.terminate());
      const server = new ServerProgram(worker);
      await server.heard('serving');
      return server;
    },
    client: (options) => clientOf(t, port1, Conformance, options),
    clientOf: (source, options) => clientOf(t, port1, source, options),
  };
}

function serveAt<I extends Interface>(
  here: string | PortLike,
  source: I,
  implementation: ServerOf<I>,
): Promise<{ close(options: { linger: number }): Promise<void> }> {
  const options = {} as never;
  return serve(here, source, implementation, options);
}

async function clientOf<I extends Interface>(
  t: ExecutionContext,
  here: string | PortLike,
  source: I,
  options?: ConnectOptions,
): Promise<ClientOf<I>> {
  const client = await connect(here, source, options);
  t.teardown(() => client.close());
  return client;
}

/** One behaviour of the list. */
export interface Behaviour {
  /** Never changes: other languages refer to it. */
  readonly id: string;
  readonly title: string;
  /** Only one kind of place has what it needs. */
  readonly only?: Place['kind'];
  readonly run: (place: Place) => Promise<void>;
}
