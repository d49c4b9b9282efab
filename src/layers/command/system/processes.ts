// Processes as the system sees them: name, state, descriptors, memory shared with others. On Linux,
// from /proc; elsewhere nothing is known, and nothing fails.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** What the system says about a process. */
export interface ProcessFacts {
  readonly pid: number;
  /** `node app.mjs`, or the name of the program. */
  readonly name: string;
  /** A letter of `ps`: `R` running, `S` sleeping, `T` stopped, `t` traced, `Z` dead; `?` unknown. */
  readonly state: string;
}

const linux = process.platform === 'linux';

/** Whether facts about processes can be had. */
export const knowsProcesses = linux;

/** Facts about one process; `undefined` if there is no such process, or none can be had. */
export function processFacts(pid: number): ProcessFacts | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name is between parentheses and may have some itself.
  const end = stat.lastIndexOf(')');
  const short = stat.slice(stat.indexOf('(') + 1, end);
  const fields = stat.slice(end + 2).split(' ');
  return {
    pid,
    name: nameOf(pid, short),
    state: fields[0] ?? '?',
  };
}

/** Whether a process is stopped, by SIGSTOP or a debugger, so that nothing in it runs. */
export function isStopped(facts: ProcessFacts | undefined): boolean {
  return facts?.state === 'T' || facts?.state === 't';
}

function nameOf(pid: number, short: string): string {
  const words = (read(`/proc/${pid}/cmdline`) ?? '').split('\0');
  const [program = '', ...rest] = words;
  if (program === '') return short;
  // The first word that is no option: the script of an interpreter.
  const script = rest.find((word) => word !== '' && !word.startsWith('-'));
  const isInterpreter = /^(node|python[\d.]*|bun|deno|electron)$/.test(basename(program));
  return isInterpreter && script !== undefined
    ? `${basename(program)} ${basename(script)}`
    : basename(program);
}

/** The number of the user that a process belongs to; `undefined` if there is no such process. */
export function userOf(pid: number): number | undefined {
  if (!linux) return undefined;
  try {
    return lstatSync(`/proc/${pid}`).uid;
  } catch {
    return undefined;
  }
}

/** The environment that a process was started with; `undefined` for one of somebody else. */
export function environmentOf(
  pid: number,
): Readonly<Record<string, string | undefined>> | undefined {
  const text = read(`/proc/${pid}/environ`);
  if (text === undefined) return undefined;
  const pairs = text.split('\0').flatMap((entry) => {
    const at = entry.indexOf('=');
    return at < 1 ? [] : [[entry.slice(0, at), entry.slice(at + 1)] as const];
  });
  return Object.fromEntries(pairs);
}

/** The largest file that a process may make, in bytes, which shared memory is for the kernel. */
export function largestFileOf(pid: number): number {
  const text = /^Max file size\s+(\d+)/m.exec(read(`/proc/${pid}/limits`) ?? '')?.[1];
  return text === undefined ? Number.POSITIVE_INFINITY : Number(text);
}

/** The addon that a process has loaded, and whether its file has been replaced since. */
export function addonOf(
  pid: number,
): { readonly file: string; readonly replaced: boolean } | undefined {
  const found = / (\/[^\n]*\/busbar\.node)( \(deleted\))?$/m.exec(read(`/proc/${pid}/maps`) ?? '');
  const [, file, deleted] = found ?? [];
  return file === undefined ? undefined : { file, replaced: deleted !== undefined };
}

/** The command line of a process, for people. */
export function commandLine(pid: number): string {
  return (read(`/proc/${pid}/cmdline`) ?? '').split('\0').join(' ').trim();
}

/** What the main thread of a process did, in milliseconds since it began. */
export interface ThreadTimes {
  /** It ran. */
  readonly ran: number;
  /** It was ready to run, and others had the processors. */
  readonly waited: number;
  /** Whether it runs or is ready to now. */
  readonly isReady: boolean;
}

/** The times of a main thread, which in Node has the event loop; `undefined` if unknown. */
export function threadTimes(pid: number): ThreadTimes | undefined {
  const [ran, waited] = (read(`/proc/${pid}/task/${pid}/schedstat`) ?? '').split(' ');
  const stat = read(`/proc/${pid}/task/${pid}/stat`);
  if (ran === undefined || waited === undefined || stat === undefined) return undefined;
  const state = stat[stat.lastIndexOf(')') + 2];
  return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6, isReady: state === 'R' };
}

/** The ids of all processes. */
export function processIds(): readonly number[] {
  if (!linux) return [];
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Descriptors in use and allowed. `undefined` for a process of somebody else. */
export function descriptorsOf(
  pid: number,
): { readonly used: number; readonly most: number } | undefined {
  const limits = read(`/proc/${pid}/limits`);
  const soft = /^Max open files\s+(\d+)/m.exec(limits ?? '')?.[1];
  const used = list(`/proc/${pid}/fd`).length;
  return soft === undefined || used === 0 ? undefined : { used, most: Number(soft) };
}

/** The targets of a process's descriptors that are sockets: their numbers. */
export function socketsOf(pid: number): readonly number[] {
  const found: number[] = [];
  for (const fd of list(`/proc/${pid}/fd`)) {
    const socket = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${fd}`) ?? '')?.[1];
    if (socket !== undefined) found.push(Number(socket));
  }
  return found;
}

/** The numbers of the pieces of shared memory of any bus that a process has mapped. */
export function sharedMemoryOf(pid: number): ReadonlySet<number> {
  const found = new Set<number>();
  const maps = read(`/proc/${pid}/maps`);
  for (const [, inode] of (maps ?? '').matchAll(/ (\d+) +\/memfd:busbar \(deleted\)$/gm)) {
    found.add(Number(inode));
  }
  return found;
}

function read(path: string): string | undefined {
  if (!linux) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function list(path: string): readonly string[] {
  if (!linux) return [];
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
