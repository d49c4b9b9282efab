// Starts servers and callers, then kills and stops them and the bus controller, one after another.
// It has a server and a caller of its own, which survive: what they have left over is counted.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Endpoint, join, type PlainBox } from 'busbar';
import type { ServiceOf } from 'busbar/rpc';
import { Random } from '../../chaos/random.js';
import { continueProcess, stopProcess } from '../../support/suspend.js';
import { Calling, startServer } from './chaos-calls.js';
import type { Counting, Outcome } from './chaos-interface.js';

const program = fileURLToPath(new URL('chaos-program.js', import.meta.url));
/** A caller has this many numbers for its calls. */
const numbers = 2 ** 32;
const servers = 3;
const callers = 2;
/** Calls that are executed between two disasters. */
const pause = 60;
const mostStop = 300;

type Role = 'server' | 'caller';

interface Member {
  readonly child: ChildProcess;
  readonly role: Role;
  ready: boolean;
  killed: boolean;
}

/** What became of a run. */
export interface ChaosReport {
  kills: number;
  stops: number;
  done: number;
  lost: number;
  refused: number;
  /** What must not happen. */
  readonly wrong: string[];
}

/** One run. */
export class RpcChaos {
  readonly #bus: string;
  readonly #random: Random;
  readonly #members = new Set<Member>();
  readonly #stopped = new Set<ChildProcess>();
  /** How often each call of a caller was executed. */
  readonly #executed = new Map<number, Uint8Array>();
  readonly #report: ChaosReport = { kills: 0, stops: 0, done: 0, lost: 0, refused: 0, wrong: [] };
  #looker: Endpoint<PlainBox> | undefined;
  #home: ServiceOf<typeof Counting> | undefined;
  #calling: Calling | undefined;
  #calls = 0;
  #callers = 0;
  #step = 'starting';

  constructor(bus: string, seed: number) {
    this.#bus = bus;
    this.#random = new Random(seed);
  }

  /** Starts everything; resolves when each process is ready. */
  async start(): Promise<void> {
    // The first process is the controller: this one must survive.
    await this.#start('server');
    const quiet = { controllerAffinity: false };
    this.#looker = await join(this.#bus, quiet);
    this.#home = await startServer(this.#bus, 'home', async (id) => this.#note(id));
    this.#calling = await Calling.start(this.#bus, numbers * ++this.#callers);
    for (let count = 1; count < servers; count++) await this.#start('server');
    for (let count = 0; count < callers; count++) await this.#start('caller');
  }

  /** So many disasters. */
  async disasters(count: number): Promise<void> {
    for (let done = 0; done < count; done++) {
      this.#step = `waiting for calls before disaster ${done}`;
      const before = this.#calls;
      while (this.#calls < before + pause) await turn();
      this.#step = `disaster ${done}`;
      await this.#disaster();
    }
    this.#step = 'the end of all calls';
  }

  /** Ends all calls and processes; what this process has for them is closed, except one endpoint. */
  async finish(): Promise<ChaosReport> {
    for (const child of this.#stopped) continueProcess(child);
    this.#stopped.clear();
    const calling = this.#calling as Calling;
    this.#add(await calling.finish());
    for (const { child, role } of this.#members) {
      if (role !== 'caller') continue;
      const [outcome] = (await this.#asked(child)) as [Outcome];
      this.#add(outcome);
    }
    for (const member of this.#members) this.#end(member);
    await calling.close();
    await this.#home?.close();
    await this.#looker?.close();
    this.#step = 'finished';
    return this.#report;
  }

  /** Ends the processes that are left; after an error, returns how far the run came. */
  kill(): string | undefined {
    const members = [...this.#members].map(
      ({ child, role, ready, killed }) =>
        `${role} ${child.pid}${ready ? '' : ' not ready'}${killed ? ' killed' : ''}${this.#stopped.has(child) ? ' stopped' : ''}`,
    );
    for (const member of this.#members) this.#end(member);
    if (this.#step === 'finished') return undefined;
    const { kills, stops } = this.#report;
    const last = `${this.#step}; ${this.#calls} calls, ${kills} kills, ${stops} stops`;
    return `${last}; ${members.join(', ')}; ${JSON.stringify(this.#calling?.outcome)}`;
  }

  #asked(child: ChildProcess): Promise<unknown[]> {
    const answered = once(child, 'message');
    child.send('finish');
    return answered;
  }

  #add({ done, lost, refused, wrong }: Outcome): void {
    this.#report.done += done;
    this.#report.lost += lost;
    this.#report.refused += refused.length;
    this.#report.wrong.push(...wrong);
    for (const id of refused)
      if (this.#count(id) > 0) this.#report.wrong.push(`${id} was executed`);
  }

  async #start(role: Role): Promise<void> {
    const name = role === 'server' ? 'server' : `${numbers * ++this.#callers}`;
    const child = fork(program, [role, this.#bus, name]);
    const member: Member = { child, role, ready: false, killed: false };
    this.#members.add(member);
    await new Promise<void>((resolve) => {
      child.on('message', (news: number | 'ready' | Outcome) => {
        if (news === 'ready') {
          member.ready = true;
          resolve();
        } else if (typeof news === 'number') this.#note(news);
      });
      child.on('exit', (code) => {
        this.#members.delete(member);
        this.#stopped.delete(child);
        if (!member.killed && code !== 0) this.#report.wrong.push(`a ${role} ended with ${code}`);
        resolve();
      });
    });
  }

  #note(id: number): void {
    this.#calls++;
    const caller = Math.floor(id / numbers);
    const at = id % numbers;
    let counts = this.#executed.get(caller) ?? new Uint8Array(1024);
    if (at >= counts.length) {
      const more = new Uint8Array(2 ** Math.ceil(Math.log2(at + 1)));
      more.set(counts);
      counts = more;
    }
    this.#executed.set(caller, counts);
    counts[at] = Math.min(255, (counts[at] ?? 0) + 1);
    // Even calls are idempotent.
    if (id % 2 === 1 && (counts[at] ?? 0) > 1) this.#report.wrong.push(`${id} was executed twice`);
  }

  #count(id: number): number {
    return this.#executed.get(Math.floor(id / numbers))?.[id % numbers] ?? 0;
  }

  async #disaster(): Promise<void> {
    const victim = this.#victim();
    if (victim === undefined) return;
    if (this.#random.below(3) === 0) this.#stop(victim);
    else await this.#kill(victim);
  }

  #victim(): Member | undefined {
    const ready = [...this.#members].filter((member) => member.ready);
    if (this.#random.below(4) === 0) {
      const pid = this.#looker?.controller?.pid;
      return ready.find(({ child }) => child.pid === pid);
    }
    return ready[this.#random.below(ready.length)];
  }

  // One that was stopped before may be killed: it has calls that it never took.
  async #kill(member: Member): Promise<void> {
    this.#report.kills++;
    const died = once(member.child, 'exit');
    this.#end(member);
    await Promise.all([died, this.#start(member.role)]);
  }

  #end(member: Member): void {
    member.killed = true;
    member.child.kill('SIGKILL');
  }

  #stop({ child }: Member): void {
    // Some process must be able to answer.
    if (this.#stopped.size > 1 || this.#stopped.has(child)) return;
    this.#report.stops++;
    stopProcess(child);
    this.#stopped.add(child);
    setTimeout(() => {
      if (this.#stopped.delete(child)) continueProcess(child);
    }, this.#random.below(mostStop)).unref();
  }
}
