// Another machine, as far as the network goes: a network namespace at the end of a line that delays
// packets and loses some.
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { Program } from './program.js';
import { has } from './tools.js';

const line = fileURLToPath(new URL('../../test/fixtures/poor_link.py', import.meta.url));
let links = 0;

/** What the line does with packets: milliseconds each way, and the share that it loses. */
export interface Quality {
  readonly delay: number;
  readonly loss: number;
}

export class PoorLink {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #namespace: string;

  private constructor(
    child: ChildProcess,
    answers: AsyncIterator<string>,
    namespace: string,
    /** The address of this side. */
    readonly near: string,
    /** The address of the other machine. */
    readonly far: string,
  ) {
    this.#child = child;
    this.#answers = answers;
    this.#namespace = namespace;
  }

  /** A line to a new machine, perfect at first; undefined where none can be made: the test is over. */
  static async make(t: ExecutionContext): Promise<PoorLink | undefined> {
    if (process.getuid?.() !== 0 && process.env.CI !== 'true') {
      t.log('skipped: only root may make network namespaces');
      t.pass();
      return undefined;
    }
    if (!has(t, 'ip') || !has(t, 'python3')) return undefined;
    const namespace = `busbar-${process.pid}-${++links}`;
    execFileSync('ip', ['netns', 'add', namespace]);
    t.teardown(() => execFileSync('ip', ['netns', 'del', namespace]));
    // A network of four addresses out of those that are for tests of networks: 198.18.0.0/15.
    const network = (process.pid * 8 + links) & 0x7fff;
    const prefix = `198.${18 + (network >> 14)}.${(network >> 6) & 255}`;
    const [near, far] = [1, 2].map((host) => `${prefix}.${(network & 63) * 4 + host}`);
    if (near === undefined || far === undefined) throw new Error('no addresses');
    const child = spawn('python3', [line, namespace, near, far], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    if (child.stdout === null) throw new Error('no output');
    const link = new PoorLink(
      child,
      createInterface(child.stdout)[Symbol.asyncIterator](),
      namespace,
      near,
      far,
    );
    await link.#answer();
    return link;
  }

  /** Changes the line; packets that are under way arrive as they would have. */
  async become(quality: Quality): Promise<void> {
    this.#child.stdin?.write(`${JSON.stringify(quality)}\n`);
    await this.#answer();
  }

  /** Runs a program of the tests on the other machine; it is killed at the end of the test. */
  run(t: ExecutionContext, program: URL, args: readonly string[]): Program {
    const child = fork(program, args, {
      execPath: 'ip',
      execArgv: ['netns', 'exec', this.#namespace, process.execPath],
    });
    t.teardown(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    return new Program(child);
  }

  async #answer(): Promise<void> {
    const { done } = await this.#answers.next();
    if (done === true) throw new Error('the line has ended');
  }
}
