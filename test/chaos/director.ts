// Starts members and observers, then kills them, stops them or has them leave, one after another,
// and checks the histories at the end.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { continueProcess, stopProcess } from '../support/suspend.js';
import { judge, type Verdict } from './checker.js';
import { ChaosProcess } from './process.js';
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
  /** Of members; kills of observers are counted apart. */
  readonly kills: number;
  readonly observerKills: number;
  readonly stops: number;
  readonly leaves: number;
  /** Changes of labels that all members have seen. */
  readonly labels: number;
  /** The folder with the histories; removed if nothing was wrong. */
  readonly folder: string;
}

/** The most milliseconds between two disasters. */
const mostPause = 60;
const mostStop = 900;
/** Nobody depends on an observer, so it may be stopped for longer. */
const mostObserverStop = 4000;
/** With fewer joined members, none is killed. */
const fewest = 3;
/** How much of each payload the observers want: one nearly all, the other only the headers. */
const steadyBytes = 2048;
const victimBytes = 0;

/** One run. */
export class Director {
  readonly #options: ChaosOptions;
  readonly #random: Random;
  readonly #folder = mkdtempSync(joinPath(tmpdir(), 'busbar-chaos-'));
  readonly #bus = `chaos-${process.pid}`;
  readonly #all: ChaosProcess[] = [];
  readonly #observers: ChaosProcess[] = [];
  readonly #members: (ChaosProcess | undefined)[] = [];
  /** The observer that is killed and stopped; the other one is left in peace. */
  #victim: ChaosProcess | undefined;
  #born = 0;
  #kills = 0;
  #observerKills = 0;
  #stops = 0;
  #leaves = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async run(): Promise<ChaosResult> {
    try {
      // An observer founds no bus.
      await this.#joined(this.#start(0));
      await this.#joined(this.#observe(steadyBytes));
      this.#victim = this.#observe(victimBytes);
      for (let place = 1; place < this.#options.members; place++) this.#start(place);
      await this.#disasters();
      await this.#calm();
    } finally {
      for (const each of [...this.#all, ...this.#observers]) each.child.kill('SIGKILL');
    }
    await Promise.all([...this.#all, ...this.#observers].map(({ gone }) => gone));
    const verdict = this.#judge();
    const labels = this.#all.reduce((sum, each) => sum + each.labels, 0);
    if (verdict.violations.length === 0) rmSync(this.#folder, { recursive: true });
    return {
      ...verdict,
      kills: this.#kills,
      observerKills: this.#observerKills,
      stops: this.#stops,
      leaves: this.#leaves,
      labels,
      folder: this.#folder,
    };
  }

  #start(place: number): ChaosProcess {
    const seed = this.#random.below(2 ** 31);
    const name = `m${place}-${++this.#born}`;
    const member = new ChaosProcess('./member.js', this.#folder, this.#bus, name, `${seed}`);
    this.#all.push(member);
    this.#members[place] = member;
    return member;
  }

  #observe(bytes: number): ChaosProcess {
    const name = `observer-${++this.#born}`;
    const started = new ChaosProcess('./observer.js', this.#folder, this.#bus, name, `${bytes}`);
    this.#observers.push(started);
    return started;
  }

  // Fails with the process, if that cannot join.
  async #joined(started: ChaosProcess): Promise<void> {
    let failed: unknown;
    started.gone.catch((error: unknown) => {
      failed = error;
    });
    while (!started.hasJoined) {
      if (failed !== undefined) throw failed;
      await pause(5);
    }
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
    const joined = [...this.#members.keys()].filter((place) => this.#members[place]?.hasJoined);
    // Without any member left, a new bus would begin.
    if (joined.length < fewest) return;
    const place = joined[this.#random.below(joined.length)] as number;
    const member = this.#members[place] as ChaosProcess;
    switch (this.#random.below(26)) {
      case 0:
      case 1:
        this.#leave(place, member);
        break;
      case 2:
      case 3:
      case 4:
      case 5:
        this.#stop(member);
        break;
      case 6:
      case 7:
      case 8:
      case 9:
        this.#killController();
        break;
      case 10:
        this.#killVictim();
        break;
      case 11:
        if (this.#victim?.hasJoined) this.#stop(this.#victim, mostObserverStop);
        break;
      default:
        this.#kill(place, member);
    }
  }

  #kill(place: number, member: ChaosProcess): void {
    this.#kills++;
    member.kill();
    this.#start(place);
  }

  #killController(): void {
    const place = this.#members.findIndex((member) => member?.isController);
    if (place >= 0) this.#kill(place, this.#members[place] as ChaosProcess);
  }

  #killVictim(): void {
    if (!this.#victim?.hasJoined) return;
    this.#observerKills++;
    this.#victim.kill();
    this.#victim = this.#observe(victimBytes);
  }

  #stop({ child }: ChaosProcess, most = mostStop): void {
    this.#stops++;
    stopProcess(child);
    setTimeout(() => continueProcess(child), this.#random.below(most));
  }

  #leave(place: number, member: ChaosProcess): void {
    this.#leaves++;
    member.fate = 'left';
    member.order('leave');
    const killed = setTimeout(() => {
      // A member must be able to leave within half a minute.
      member.fate = 'survived';
      member.child.kill('SIGKILL');
    }, 30_000);
    member.gone.finally(() => clearTimeout(killed)).catch(() => undefined);
    this.#start(place);
  }

  // Sending stops, everything arrives, and all report what they still hold and what they have seen.
  // Waits for half a minute at most: after that, the checker reports what is wrong.
  async #calm(): Promise<void> {
    const members = this.#members.filter((member) => member !== undefined);
    await pause(mostObserverStop);
    for (const member of members) member.order('quiet');
    const end = performance.now() + 30_000;
    do {
      for (const member of members) member.order('resources');
      for (const observer of this.#observers) observer.order('report');
      await pause(500);
    } while (this.#judge().unsettled > 0 && performance.now() < end);
  }

  #judge(): Verdict {
    return judge(
      this.#all.map(({ life }) => life),
      this.#observers.map(({ life }) => life),
    );
  }
}
