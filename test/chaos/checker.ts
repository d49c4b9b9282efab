// Reads the histories of all incarnations and reports what should not have happened.
import type { Happening, Life, Way } from './history.js';
import { judgeObservers, type ObserverVerdict } from './observer-checker.js';

/** The result of a run. */
export interface Verdict {
  readonly violations: readonly string[];
  /** Those that may end by themselves: something has not arrived, or is not over yet. */
  readonly unsettled: number;
  readonly sent: number;
  readonly received: number;
  readonly undelivered: number;
  /** Messages that a killed receiver had got but not yet noted. */
  readonly takenAtDeath: number;
  readonly generations: number;
  /** Milliseconds that a survivor was without a controller, for all changes, sorted. */
  readonly gaps: readonly number[];
  readonly observers: Omit<ObserverVerdict, 'violations' | 'unsettled'>;
}

/** Messages of a sender that a receiver may have got and not noted when it dies. */
const mostInHand = 1;

type Sent = Extract<Happening, { kind: 'sent' }>;

class Checker {
  readonly violations: string[] = [];
  unsettled = 0;
  takenAtDeath = 0;
  readonly #lives: ReadonlyMap<string, Life>;
  /** By 'receiver sender': the number of direct messages received. */
  readonly #direct = new Map<string, number>();
  /** 'sender number' of all messages that some receiver noted as handled. */
  readonly #handled = new Set<string>();

  constructor(lives: readonly Life[]) {
    this.#lives = new Map(lives.map((life) => [life.name, life]));
    for (const { name, history } of lives) {
      for (const each of history) {
        if (each.kind !== 'received') continue;
        if (each.way === 'direct') this.#direct.set(`${name} ${each.from}`, each.n);
        if (each.way === 'handled') this.#handled.add(`${each.from} ${each.n}`);
      }
    }
  }

  run(): void {
    for (const life of this.#lives.values()) {
      this.#checkWrongs(life);
      this.#checkReceived(life);
      this.#checkDirect(life);
      this.#checkHandled(life);
    }
    this.#checkGroups();
    this.#checkControllers();
  }

  #violate(what: string): void {
    this.violations.push(what);
  }

  #violateUntilSettled(what: string): void {
    this.violations.push(what);
    this.unsettled++;
  }

  #checkWrongs({ name, history, fate }: Life): void {
    for (const each of history) {
      if (each.kind === 'wrong') this.#violate(`${name}: ${each.what}`);
      if (each.kind !== 'resources') continue;
      const { regions, relabelling } = each;
      if (regions > 0)
        this.#violateUntilSettled(`${name} (${fate}): ${regions} regions are still in use`);
      if (relabelling > 0)
        this.#violateUntilSettled(`${name} (${fate}): relabel() has not resolved`);
    }
  }

  // Direct messages and multicasts of one sender arrive in order, without a gap, and once.
  #checkReceived({ name, history }: Life): void {
    const last = new Map<string, number>();
    for (const each of history) {
      if (each.kind !== 'received' || (each.way !== 'direct' && each.way !== 'all')) continue;
      const key = `${each.way} ${each.from}`;
      const before = last.get(key);
      // Multicasts from before the receiver joined do not count.
      const expected = before === undefined ? (each.way === 'direct' ? 1 : each.n) : before + 1;
      if (each.n !== expected) {
        this.#violate(`${name}: ${key} came as number ${each.n} instead of ${expected}`);
      }
      last.set(key, each.n);
    }
  }

  // Messages to one incarnation: those that it noted, then, if it was killed, those it had in hand,
  // then those reported as undelivered.
  #checkDirect(sender: Life): void {
    const targets = new Set<string>();
    for (const each of sender.history) {
      if (each.kind === 'sent' && each.way === 'direct') targets.add(each.to);
    }
    for (const to of targets) this.#checkPair(sender, to);
  }

  #checkPair(sender: Life, to: string): void {
    const count = countOf(sender, 'direct', to);
    const receiver = this.#lives.get(to);
    const received = this.#direct.get(`${to} ${sender.name}`) ?? 0;
    const undelivered = numbersOf(sender, 'undelivered', 'direct', to);
    const pair = `${sender.name} to ${to}`;
    // A dead sender reports nothing, and its own memory died with it.
    if (sender.fate === 'killed') return;
    if (new Set(undelivered).size !== undelivered.length) this.#violate(`${pair}: reported twice`);
    const told = undelivered.filter((n) => n <= received);
    if (told.length > 0)
      this.#violate(`${pair}: ${told[0]} arrived and is reported as undelivered`);
    const missing = count - received - undelivered.length;
    const fate = receiver?.fate ?? 'never seen';
    // A sender that has left gets no report about messages that a later receiver leaves behind.
    const afterwards = sender.fate === 'left' && (abandoned(sender) > 0 || fate !== 'survived');
    if (missing === 0 || afterwards) return;
    if (fate !== 'killed') {
      this.#violateUntilSettled(
        `${pair} (${fate}): ${missing} of ${count} neither arrived nor are reported`,
      );
      return;
    }
    this.takenAtDeath += missing;
    if (missing > mostInHand) this.#violate(`${pair}: ${missing} lost with its receiver`);
    const gap = undelivered.findIndex((n, i) => n !== received + missing + 1 + i);
    if (gap >= 0)
      this.#violate(`${pair}: reported as undelivered, but not the last: ${undelivered[gap]}`);
  }

  // A message that deliver() reported as handled was noted by a receiver.
  #checkHandled(sender: Life): void {
    for (const each of sender.history) {
      if (each.kind === 'delivered' && !this.#handled.has(`${sender.name} ${each.n}`)) {
        this.#violate(`${sender.name}: delivery ${each.n} is said to be handled; nobody noted it`);
      }
    }
  }

  // A unicast reaches one of many, once; if it reaches none, it was reported, or a killed receiver
  // had it in hand.
  #checkGroups(): void {
    const seen = new Map<string, number>();
    for (const { history } of this.#lives.values()) {
      for (const each of history) {
        if (each.kind !== 'received' || !isGroup(each.way)) continue;
        const key = `${each.way} ${each.from} ${each.n}`;
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
    }
    for (const [key, times] of seen) {
      if (times > 1) this.#violate(`message ${key} came ${times} times`);
    }
    const kills = [...this.#lives.values()].filter(({ fate }) => fate === 'killed').length;
    let missing = 0;
    for (const life of this.#lives.values()) {
      if (life.fate !== 'survived') continue;
      for (const way of groupWays) {
        const told = new Set(numbersOf(life, 'undelivered', way, ''));
        for (let n = 1; n <= countOf(life, way, ''); n++) {
          if (!seen.has(`${way} ${life.name} ${n}`) && !told.has(n)) missing++;
        }
      }
    }
    this.takenAtDeath += missing;
    if (missing > kills * mostInHand) this.#violate(`${missing} group messages are gone`);
    if (kills === 0 && missing > 0)
      this.#violate(`${missing} group messages are gone, nobody died`);
  }

  // All members that saw a generation saw the same controller in it.
  #checkControllers(): void {
    const byGeneration = new Map<number, number>();
    for (const { name, history } of this.#lives.values()) {
      for (const each of history) {
        if (each.kind !== 'controller') continue;
        const known = byGeneration.get(each.generation) ?? each.id;
        byGeneration.set(each.generation, known);
        if (known !== each.id) {
          this.#violate(
            `${name}: generation ${each.generation} is of ${each.id}, for others of ${known}`,
          );
        }
      }
    }
  }
}

/** The ways of unicasts to any one of many. */
const groupWays: readonly Way[] = ['group', 'free'];
const isGroup = (way: Way) => groupWays.includes(way);

function countOf(sender: Life, way: Way, to: string): number {
  let count = 0;
  for (const each of sender.history) {
    if (each.kind === 'sent' && each.way === way && (each as Sent).to === to) count = each.n;
  }
  return count;
}

function numbersOf(life: Life, kind: 'undelivered', way: Way, to: string): number[] {
  const numbers: number[] = [];
  for (const each of life.history) {
    if (each.kind === kind && each.way === way && each.to === to) numbers.push(each.n);
  }
  return numbers.sort((a, b) => a - b);
}

function abandoned(life: Life): number {
  const last = life.history.at(-1);
  return last?.kind === 'left' ? last.abandoned : 0;
}

/** Judges a whole run. */
export function judge(lives: readonly Life[], observers: readonly Life[]): Verdict {
  const checker = new Checker(lives);
  checker.run();
  const { violations, unsettled, seen, lost, exact, unlinked, unmet } = judgeObservers(
    observers,
    lives,
  );
  const all = lives.flatMap(({ history }) => history);
  const count = (kind: Happening['kind']) => all.filter((each) => each.kind === kind).length;
  const controllers = all.filter((each) => each.kind === 'controller');
  return {
    violations: [...checker.violations, ...violations],
    unsettled: checker.unsettled + unsettled,
    sent: count('sent'),
    received: count('received'),
    undelivered: count('undelivered'),
    takenAtDeath: checker.takenAtDeath,
    generations: new Set(controllers.map(({ generation }) => generation)).size,
    gaps: controllers.map(({ gapMs }) => gapMs).sort((a, b) => a - b),
    observers: { seen, lost, exact, unlinked, unmet },
  };
}
