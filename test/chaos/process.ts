// One process of the chaos, with its history.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Fate, type Life, readHistory } from './history.js';

/** Started at once; `fate` is what it is meant to end by. */
export class ChaosProcess {
  readonly name: string;
  readonly child: ChildProcess;
  /** Rejects if it has failed by itself. */
  readonly gone: Promise<unknown>;
  readonly #path: string;
  fate: Fate = 'survived';
  #ended = false;
  #life: Life | undefined;

  /** `script`: a file of this folder, which gets the name of the bus, its own, and its history's. */
  constructor(script: string, folder: string, bus: string, name: string, ...more: string[]) {
    this.name = name;
    this.#path = `${folder}/${name}.jsonl`;
    closeSync(openSync(this.#path, 'a'));
    const file = fileURLToPath(new URL(script, import.meta.url));
    this.child = fork(file, [bus, name, this.#path, ...more]);
    this.gone = once(this.child, 'exit').then(([code]) => {
      this.#ended = true;
      // A killed process has no code; one that fails on its own is a violation.
      if (code !== null && code !== 0) throw new Error(`${name} ended with ${code}`);
    });
    // Reported where `gone` is awaited.
    this.gone.catch(() => undefined);
  }

  /** It has noted something: it has joined. */
  get hasJoined(): boolean {
    return statSync(this.#path).size > 0;
  }

  /** The member that reported last that it is controller. */
  get isController(): boolean {
    const history = readHistory(this.#path);
    const joined = history.find((each) => each.kind === 'joined');
    const change = history.findLast((each) => each.kind === 'controller');
    return joined !== undefined && change?.id === joined.id;
  }

  /** All changes of its label that all others have seen. */
  get labels(): number {
    return statSync(this.#path.replace('.jsonl', '.labels'), { throwIfNoEntry: false })?.size ?? 0;
  }

  order(what: 'quiet' | 'leave' | 'resources' | 'report'): void {
    this.child.send(what, () => undefined);
  }

  kill(): void {
    this.fate = 'killed';
    this.child.kill('SIGKILL');
  }

  /** Its history until now. */
  get life(): Life {
    if (this.#life !== undefined) return this.#life;
    const life = { name: this.name, fate: this.fate, history: lastResourcesOnly(this.#path) };
    // Of those that are gone, each file is read once.
    if (this.#ended) this.#life = life;
    return life;
  }
}

// Keeps only a member's last report of what it holds.
function lastResourcesOnly(path: string): Life['history'] {
  if (readFileSync(path).length === 0) return [];
  const history = readHistory(path);
  const last = history.findLast(({ kind }) => kind === 'resources');
  return history.filter((each) => each.kind !== 'resources' || each === last);
}
