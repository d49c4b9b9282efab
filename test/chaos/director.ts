// Starts members, then kills them, stops them or has them leave, one after another, and checks the
// histories at the end.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { continueProcess, stopProcess } from '../support/suspend.js';
import { type Fate, judge, type Life, type Verdict } from './checker.js';
import { readHistory } from './history.js';
import { Random } from './random.js';

/** The options of a run. */
export interface ChaosOptions {
  readonly seed: number;
  /** Members at a time. */
  readonly members: number;
  /** The run ends after this many milliseconds, or deaths. */
  readonly forMs: number;
  readonly kills: number;
  readonly say: (line: string) => void;
}

/** The result of a run. */
export interface ChaosResult extends Verdict {
  readonly kills: number;
  readonly stops: number;
  readonly leaves: number;
  /** The folder with the histories; removed if nothing was wrong. */
  readonly folder: string;
}

interface Member {
  readonly name: string;
  readonly child: ChildProcess;
  readonly gone: Promise<unknown>;
}

const memberFile = fileURLToPath(new URL('./member.js', import.meta.url));
/** The most milliseconds between two disasters. */
const mostPause = 60;
const mostStop = 900;
/** With fewer joined members, none is killed. */
const fewest = 3;

/** One run. */
export class Director {
  readonly #options: ChaosOptions;
  readonly #random: Random;
  readonly #folder = mkdtempSync(joinPath(tmpdir(), 'busbar-chaos-'));
  readonly #bus = `chaos-${process.pid}`;
  readonly #members: (Member | undefined)[] = [];
  readonly #fates = new Map<string, Fate>();
  #born = 0;
  #kills = 0;
  #stops = 0;
  #leaves = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async run(): Promise<ChaosResult> {
    try {
      for (let place = 0; place < this.#options.members; place++) this.#start(place);
      await this.#disasters();
      await this.#calm();
    } finally {
      for (const member of this.#members) member?.child.kill('SIGKILL');
    }
    await Promise.all(this.#members.map((member) => member?.gone));
    const verdict = judge(this.#lives());
    if (verdict.violations.length === 0) rmSync(this.#folder, { recursive: true });
    const [kills, stops, leaves] = [this.#kills, this.#stops, this.#leaves];
    return { ...verdict, kills, stops, leaves, folder: this.#folder };
  }

  #start(place: number): void {
    const name = `m${place}-${++this.#born}`;
    const seed = this.#random.below(2 ** 31);
    const path = this.#path(name);
    closeSync(openSync(path, 'a'));
    const child = fork(memberFile, [this.#bus, name, path, `${seed}`]);
    this.#fates.set(name, 'survived');
    const gone = once(child, 'exit').then(([code]) => {
      // A killed process has no code; one that fails on its own is a violation.
      if (code !== null && code !== 0) throw new Error(`${name} ended with ${code}`);
    });
    // Reported where `gone` is awaited.
    gone.catch(() => undefined);
    this.#members[place] = { name, child, gone };
  }

  async #disasters(): Promise<void> {
    const end = performance.now() + this.#options.forMs;
    let said = performance.now();
    while (performance.now() < end && this.#kills < this.#options.kills) {
      await pause(this.#random.below(mostPause));
      this.#disaster();
      if (performance.now() - said < 10_000) continue;
      said = performance.now();
      this.#options.say(`${this.#kills} kills, ${this.#stops} stops, ${this.#leaves} leaves`);
    }
  }

  #disaster(): void {
    const joined = [...this.#members.keys()].filter((place) => this.#hasJoined(place));
    // Without any member left, a new bus would begin.
    if (joined.length < fewest) return;
    const place = joined[this.#random.below(joined.length)] as number;
    const member = this.#members[place] as Member;
    switch (this.#random.below(12)) {
      case 0:
        this.#leave(place, member);
        break;
      case 1:
      case 2:
        this.#stop(member);
        break;
      case 3:
      case 4:
        this.#killController();
        break;
      default:
        this.#kill(place, member);
    }
  }

  #hasJoined(place: number): boolean {
    const member = this.#members[place];
    return member !== undefined && statSync(this.#path(member.name)).size > 0;
  }

  #kill(place: number, member: Member): void {
    this.#kills++;
    this.#fates.set(member.name, 'killed');
    member.child.kill('SIGKILL');
    this.#start(place);
  }

  // The member that reported last that it is controller.
  #killController(): void {
    const place = this.#members.findIndex(
      (member) => member !== undefined && isController(this.#path(member.name)),
    );
    if (place >= 0) this.#kill(place, this.#members[place] as Member);
  }

  #stop(member: Member): void {
    this.#stops++;
    stopProcess(member.child);
    setTimeout(() => continueProcess(member.child), this.#random.below(mostStop));
  }

  #leave(place: number, member: Member): void {
    this.#leaves++;
    this.#fates.set(member.name, 'left');
    member.child.send('leave', () => undefined);
    const killed = setTimeout(() => {
      // A member must be able to leave within half a minute.
      this.#fates.set(member.name, 'survived');
      member.child.kill('SIGKILL');
    }, 30_000);
    member.gone.finally(() => clearTimeout(killed)).catch(() => undefined);
    this.#start(place);
  }

  // Sending stops, everything arrives, and all members report what they still hold.
  async #calm(): Promise<void> {
    const members = this.#members.filter((member) => member !== undefined);
    await pause(mostStop);
    for (const { child } of members) child.send('quiet', () => undefined);
    await this.#until(() => this.#missing() === 0);
    await this.#until(() => {
      for (const { child } of members) child.send('resources', () => undefined);
      return members.every(({ name }) => lastRegions(this.#path(name)) === 0);
    });
  }

  // Waits for half a minute at most: after that, the checker reports what is wrong.
  async #until(done: () => boolean): Promise<void> {
    const end = performance.now() + 30_000;
    do await pause(200);
    while (!done() && performance.now() < end);
  }

  #missing(): number {
    return judge(this.#lives()).violations.filter((text) => text.includes('neither there')).length;
  }

  #lives(): Life[] {
    return [...this.#fates]
      .filter(([name]) => existsSync(this.#path(name)))
      .map(([name, fate]) => ({ name, fate, history: lastResourcesOnly(this.#path(name)) }));
  }

  #path(name: string): string {
    return joinPath(this.#folder, `${name}.jsonl`);
  }

  /** Histories of the run. */
  get histories(): readonly string[] {
    return readdirSync(this.#folder);
  }
}

// Keeps only a member's last report of what it holds.
function lastResourcesOnly(path: string): Life['history'] {
  const history = readHistory(path);
  const last = history.findLast(({ kind }) => kind === 'resources');
  return history.filter((each) => each.kind !== 'resources' || each === last);
}

function isController(path: string): boolean {
  const history = readHistory(path);
  const joined = history.find((each) => each.kind === 'joined');
  const change = history.findLast((each) => each.kind === 'controller');
  return joined !== undefined && change?.id === joined.id;
}

function lastRegions(path: string): number {
  const text = readFileSync(path, 'utf8');
  return text === ''
    ? 0
    : (readHistory(path).findLast((each) => each.kind === 'resources')?.regions ?? 1);
}
