// What the system tells about a bus that cannot be joined. It asks no member.
import { exitCode, Failure } from '../failure.js';
import {
  baseName,
  hasName,
  holdersOf,
  knowsNames,
  otherUsersWith,
  runtimeDirectory,
} from '../system/bus-names.js';
import { isStopped, processFacts, processIds, sharedMemoryOf } from '../system/processes.js';
import type { Output } from '../usage.js';

/** A process that holds the name of a bus. */
export interface Holder {
  readonly pid: number;
  readonly name: string;
  readonly stopped: boolean;
}

/** The process that holds the name of a bus now; `undefined` if none does, or it cannot be seen. */
export function holderOf(bus: string, output: Output): Holder | undefined {
  const { path } = runtimeDirectory(output.env).names;
  const holder = holdersOf(baseName(bus)).find(({ directory }) => directory === path);
  const facts = holder === undefined ? undefined : processFacts(holder.pid);
  if (facts === undefined) return undefined;
  return { pid: facts.pid, name: facts.name, stopped: isStopped(facts) };
}

/** The processes that share memory with the controller of a bus: its members, as far as linked. */
export function processesWith(pid: number): readonly number[] {
  const shared = sharedMemoryOf(pid);
  if (shared.size === 0) return [];
  return processIds().filter(
    (other) => other === pid || [...sharedMemoryOf(other)].some((inode) => shared.has(inode)),
  );
}

/** Whether a bus can still answer: its controller, or a member that takes the place of a stopped one. */
export class Hope {
  readonly #bus: string;
  readonly #output: Output;
  /** All that were seen with the controller. One that takes its place leaves its memory at once. */
  readonly #seen = new Set<number>();
  #isOver = false;

  constructor(bus: string, output: Output) {
    this.#bus = bus;
    this.#output = output;
  }

  /** Whether, at the second look or later, everybody was stopped. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Looks at the processes. */
  look(): void {
    const holder = holderOf(this.#bus, this.#output);
    const isFirst = this.#seen.size === 0;
    if (holder?.stopped !== true) {
      this.#isOver = false;
      return;
    }
    for (const pid of processesWith(holder.pid)) this.#seen.add(pid);
    this.#isOver = !isFirst && [...this.#seen].every(isOut);
  }
}

function isOut(pid: number): boolean {
  const facts = processFacts(pid);
  return facts === undefined || facts.state === 'Z' || isStopped(facts);
}

/** Refuses to look for a bus that has no name, rather than to wait for somebody to found it. */
export function checkBusExists(bus: string, output: Output): void {
  if (!knowsNames) return;
  const { names } = runtimeDirectory(output.env);
  if (names.problem === undefined && hasName(names.path, bus)) return;
  if (names.problem !== undefined && !names.missing) {
    throw new Failure(
      exitCode.failed,
      `${names.path} cannot be used, because ${names.problem}; busbar doctor says how to cure it`,
    );
  }
  throw nobodyOn(bus);
}

/** Nobody is on a bus. */
export function nobodyOn(bus: string): Failure {
  const [other] = otherUsersWith(bus);
  const next =
    other === undefined
      ? 'start a program that joins it, or name another with --bus'
      : `user ${other} has one of that name, which only processes of that user can join`;
  return new Failure(exitCode.nobody, `nobody is on the bus '${bus}'; ${next}`);
}

/** Why a bus could not be joined in time, as far as the system can tell. */
export function whyUnreachable(bus: string, output: Output, cause: unknown): Failure {
  const holder = holderOf(bus, output);
  if (holder === undefined) {
    if (knowsNames) return nobodyOn(bus);
    return new Failure(
      exitCode.nobody,
      `bus '${bus}' does not answer; start a program that joins it, or name another with --bus`,
      cause,
    );
  }
  const { pid, name, stopped } = holder;
  const who = `the controller of bus '${bus}', process ${pid} (${name}),`;
  return new Failure(
    exitCode.failed,
    stopped
      ? `${who} is stopped; continue it with kill -CONT ${pid}, or end it with kill -9 ${pid}`
      : `${who} does not answer; look at what it does, or end it with kill ${pid}`,
    cause,
  );
}
