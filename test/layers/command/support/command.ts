// Runs the program `busbar` as a shell does, in a runtime directory of its own, with members that
// are processes.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { Program } from '../../../support/program.js';
import { RuntimeDirectory } from '../../../support/runtime-directory.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const { bin } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
  readonly bin: { readonly busbar: string };
};

/** The file of the program. */
export const programFile = root + bin.busbar;

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What a command may be given beside its arguments. */
export interface Surroundings {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The variables that change what a command does, away. */
const noVariables = { BUSBAR_BUS: undefined, BUSBAR_TOKEN: undefined, NO_COLOR: undefined };

/** A place for a test: a runtime directory with buses that only its processes see. */
export class Stage {
  readonly directory: RuntimeDirectory;
  readonly env: NodeJS.ProcessEnv;
  readonly #t: ExecutionContext;

  constructor(t: ExecutionContext) {
    this.#t = t;
    this.directory = new RuntimeDirectory(t);
    // Nor is anything kept for the next test.
    const cache = { XDG_CACHE_HOME: join(this.directory.path, 'cache') };
    this.env = { ...process.env, ...noVariables, ...cache, ...this.directory.env };
  }

  /** Starts a command, which is killed at the end of the test. */
  start(args: readonly string[], { cwd, env }: Surroundings = {}): ChildProcess {
    const child = spawn(process.execPath, [programFile, ...args], {
      cwd,
      env: { ...this.env, ...env },
    });
    this.#t.teardown(() => child.kill('SIGKILL'));
    return child;
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
    const child = this.start(args, surroundings);
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(surroundings.input ?? '');
    return endOf(child);
  }

  /** Runs a command without further ado. */
  busbar(...args: readonly string[]): Promise<Ended> {
    return this.run(args);
  }

  /** The lines of JSON that a command prints; it has to end well. */
  async json<T = Record<string, unknown>>(...args: readonly string[]): Promise<readonly T[]> {
    const { code, out, err } = await this.run([...args, '--json']);
    this.#t.is(code, 0, err);
    return linesOf(out).map((line) => JSON.parse(line) as T);
  }

  /** Makes a folder with the command `busbar`, and returns a PATH that begins with it. */
  pathWithCommand(): string {
    const folder = join(this.directory.path, 'bin');
    mkdirSync(folder);
    const script = `#!/bin/sh\nexec '${process.execPath}' '${programFile}' "$@"\n`;
    writeFileSync(join(folder, 'busbar'), script, { mode: 0o755 });
    return `${folder}:${process.env.PATH}`;
  }

  /** Starts a member of member-program.ts, and resolves once it has joined. */
  async member(bus: string, role: string, ...args: readonly string[]): Promise<Program> {
    const child = fork(new URL('./member-program.js', import.meta.url), [bus, role, ...args], {
      env: this.env,
    });
    this.#t.teardown(() => child.kill('SIGKILL'));
    const program = new Program(child);
    await program.next();
    return program;
  }
}

/** Resolves with how a command ends. */
export async function endOf(child: ChildProcess): Promise<Ended> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the command has no pipes');
  const [out, err, [code]] = await Promise.all([
    text(stdout),
    text(stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, out, err };
}

/** The lines of an output. */
export function linesOf(out: string): readonly string[] {
  return out.split('\n').filter((line) => line !== '');
}
