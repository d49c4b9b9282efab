// The broker mosquitto for tests: on a free port, with a folder of its own. Where it is not installed,
// tests that need it say so and are left out; in CI they fail.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExecutionContext } from 'ava';

const program = ['mosquitto', '/usr/sbin/mosquitto'].find(
  (each) => spawnSync(each, ['-h']).error === undefined,
);

/** Whether a test has to be left out. In CI nothing may be missing. */
export function lacksMosquitto(t: ExecutionContext): boolean {
  if (program !== undefined || process.env.CI === 'true') return false;
  t.pass('skipped');
  t.log('skipped: needs mosquitto (apt-get install mosquitto)');
  return true;
}

/** A broker. */
export class Mosquitto {
  readonly port: number;
  readonly #folder: string;
  readonly #more: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, more: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#more = more;
  }

  /** Starts one; `more` are lines of its configuration. It ends with the test. */
  static async start(t: ExecutionContext, more: readonly string[] = []): Promise<Mosquitto> {
    const folder = mkdtempSync(join(tmpdir(), 'busbar-mqtt-'));
    for (;;) {
      const broker = new Mosquitto(await freePort(), folder, more);
      if (!(await broker.begin())) continue;
      t.teardown(async () => {
        await broker.kill('SIGKILL');
        rmSync(folder, { recursive: true, force: true });
      });
      return broker;
    }
  }

  /** Where it is. */
  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Starts it again, at the same place. Returns false if something else has the port by now. */
  async begin(): Promise<boolean> {
    const file = join(this.#folder, 'mosquitto.conf');
    const lines = [
      `listener ${this.port} 127.0.0.1`,
      'allow_anonymous true',
      'log_dest stderr',
      'log_type all',
      `persistence_location ${this.#folder}/`,
      ...this.#more,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    // A broker that is root looks for a user of its own, who could not read the folder.
    const own = process.getuid?.() === 0 ? ['user root'] : [];
    writeFileSync(file, `${[...lines, ...own].join('\n')}\n`);
    const child = spawn(program ?? 'mosquitto', ['-c', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    for await (const line of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
      if (line.endsWith(' running')) {
        child.stderr?.resume();
        return true;
      }
    }
    return false;
  }

  /** Ends it. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Stops it in the middle of whatever it does, or lets it go on. */
  suspend(wanted: boolean): void {
    this.#child?.kill(wanted ? 'SIGSTOP' : 'SIGCONT');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
