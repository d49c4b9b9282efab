// Programs in Python that tests start. Without Python 3.11 and msgspec their tests are skipped, and
// say so; `npm run check:python` names an interpreter, and then nothing is skipped.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { findPython } = (await import(
  new URL('../../scripts/lib/python.mjs', import.meta.url).href
)) as {
  findPython(): string | undefined;
};

/** The interpreter, if there is a suitable one. */
export const python = process.platform === 'linux' ? findPython() : undefined;

/** Whether a test has to be left out. */
export function lacksPython(t: ExecutionContext): boolean {
  if (python !== undefined) return false;
  t.pass('skipped');
  t.log('skipped: needs Python 3.11 or newer with msgspec on Linux, see npm run check:python');
  return true;
}

/** Starts a program in Python, with `more` variables. */
export function spawnPython(
  args: readonly string[],
  stdio: StdioOptions,
  more: NodeJS.ProcessEnv = {},
): ChildProcess {
  // An installed package is used as it is installed; otherwise the sources and the library.
  const sources = {
    PYTHONPATH: `${root}python/src`,
    BUSBAR_LIBRARY: `${root}build/Release/ffi/libbusbar.so`,
  };
  const env = process.env.BUSBAR_INSTALLED === undefined ? sources : {};
  return spawn(python ?? '', ['-W', 'error', ...args], {
    stdio,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env, ...more },
  });
}

/** A program in Python that speaks in lines. */
export class PythonProgram {
  readonly child: ChildProcess;
  /** Its exit code and signal, once it has ended and everything that it printed is read. */
  readonly ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
  /** What it has printed as errors. */
  errors = '';
  readonly #lines: AsyncIterator<string>;

  constructor(t: ExecutionContext, args: readonly string[]) {
    this.child = spawnPython(args, ['pipe', 'pipe', 'pipe']);
    t.teardown(() => this.child.kill('SIGKILL'));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve([code, signal]));
    });
    if (this.child.stdout === null) throw new Error('no output');
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.#lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
  }

  /** The next line that it prints; rejects if it ends instead. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true)
      throw new Error(`the program ended: ${(await this.ended).join(' ')}\n${this.errors}`);
    return value;
  }

  /** Kills it with SIGKILL, and resolves when it has ended. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
