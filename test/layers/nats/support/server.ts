// A server of NATS for one test, on a port of its own; and clients of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { has } from '../../../support/tools.js';

/** A server that can be killed and started again. */
export class NatsServer {
  readonly #t: ExecutionContext;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #port = -1;

  constructor(t: ExecutionContext, args: readonly string[]) {
    this.#t = t;
    this.#args = args;
    t.teardown(() => this.kill());
  }

  get port(): number {
    return this.#port;
  }

  /** For bridges and clients. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Starts it; the second time on the same port. */
  async start(): Promise<void> {
    const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', `${this.#port}`, ...this.#args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const lines = createInterface({ input: child.stderr });
    const log: string[] = [];
    const ready = new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        log.push(line);
        const [, port] = /Listening for client connections on \S+:(\d+)/.exec(line) ?? [];
        if (port !== undefined) this.#port = Number(port);
        if (line.includes('Server is ready')) resolve();
      });
      child.once('exit', () => reject(new Error(`nats-server has ended:\n${log.join('\n')}`)));
    });
    await ready;
  }

  /** Kills it, and resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** A client, closed at the end of the test. */
  async client(options: NodeConnectionOptions = {}): Promise<NatsConnection> {
    const client = await connect({ servers: this.address, ...options });
    this.#t.teardown(() => client.close());
    return client;
  }
}

/** Starts a server; `undefined` if there is none here, and the test is over. */
export async function natsServer(
  t: ExecutionContext,
  ...args: readonly string[]
): Promise<NatsServer | undefined> {
  if (!has(t, 'nats-server')) return undefined;
  const server = new NatsServer(t, args);
  await server.start();
  return server;
}

/** A server with a file of settings. */
export function natsServerWith(t: ExecutionContext, settings: string) {
  const file = `${temporaryFolder(t)}/nats.conf`;
  writeFileSync(file, settings);
  return natsServer(t, '-c', file);
}
