// The names of the buses of this user, as they lie in the runtime directory: which buses there are,
// and which process holds a name. It reads files and asks no member, so it works on a sick bus. The
// names are made by native/linux/bus_place.cc and runtime_directory.cc; elsewhere nothing is known.
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { environmentOf, processIds, socketsOf, userOf } from './processes.js';

/** A bus in the runtime directory. */
export interface NamedBus {
  /** Its name; `undefined` if it is too long or unusual to be read from the file's. */
  readonly name: string | undefined;
  /** The beginning of its name, for people. */
  readonly shown: string;
  /** The file name of its socket, without its ending. */
  readonly base: string;
}

const linux = process.platform === 'linux';
/** The letters of a name that its files have. */
const readable = 24;

/** Whether names can be looked up without joining. */
export const knowsNames = linux;

/** What may be said about a directory that is used, or is not. */
export interface Directory {
  readonly path: string;
  /** Why it cannot be used, in words; `undefined` if it can. */
  readonly problem: string | undefined;
  /** Whether it does not exist. */
  readonly missing: boolean;
}

/** The session's directory and that of the names; `session` is `undefined` if there is none. */
export interface RuntimeDirectory {
  readonly session: Directory | undefined;
  readonly names: Directory;
}

/** The runtime directory that processes of this user with this environment use. */
export function runtimeDirectory(
  env: Readonly<Record<string, string | undefined>>,
): RuntimeDirectory {
  const uid = process.geteuid?.() ?? 0;
  const given = env.XDG_RUNTIME_DIR;
  const session = given === undefined || !given.startsWith('/') ? undefined : judge(given, uid);
  const path =
    session !== undefined && session.problem === undefined
      ? join(session.path, 'busbar')
      : `/tmp/busbar-${uid}`;
  return { session, names: judge(path, uid) };
}

function judge(path: string, uid: number): Directory {
  const facts = stat(path);
  if (facts === undefined) return { path, problem: 'it does not exist', missing: true };
  return { path, problem: problemOf(facts, uid), missing: false };
}

function problemOf(facts: Stats, uid: number): string | undefined {
  if (facts.isSymbolicLink()) return 'it is a symbolic link';
  if (!facts.isDirectory()) return 'it is no directory';
  if (facts.uid !== uid) return `it belongs to user ${facts.uid} and not to ${uid}`;
  const mode = facts.mode & 0o777;
  return mode === 0o700 ? undefined : `it has mode ${mode.toString(8).padStart(4, '0')}`;
}

/** The file name, without ending, that a bus has in any runtime directory. */
export function baseName(bus: string): string {
  // As in native code: bytes, each unusual one replaced.
  const bytes = Buffer.from(bus).subarray(0, readable);
  const text = Array.from(bytes, (byte) => {
    const letter = String.fromCharCode(byte);
    return /[a-zA-Z0-9._-]/.test(letter) ? letter : '_';
  }).join('');
  return `${text.replace(/^\./, '_')}-${digestOf(bus)}`;
}

function digestOf(bus: string): string {
  return createHash('sha256').update(bus).digest('hex').slice(0, 32);
}

/** The buses that have a name in a directory, whether anybody is there or not. */
export function busesIn(directory: string): readonly NamedBus[] {
  const found: NamedBus[] = [];
  for (const file of files(directory)) {
    const parts = /^(.{1,24})-([0-9a-f]{32})\.sock$/.exec(file);
    if (parts === null) continue;
    const [, shown = '', digest = ''] = parts;
    const name = digestOf(shown) === digest ? shown : undefined;
    found.push({ name, shown, base: `${shown}-${digest}` });
  }
  return found.sort((a, b) => (a.shown < b.shown ? -1 : 1));
}

/** Whether the bus has a name in this directory. */
export function hasName(directory: string, bus: string): boolean {
  return stat(join(directory, `${baseName(bus)}.sock`)) !== undefined;
}

/** The directories of other users in the temporary directory that have this bus, by user number. */
export function otherUsersWith(bus: string): readonly number[] {
  const uid = process.geteuid?.() ?? 0;
  const found: number[] = [];
  for (const [parent, pattern] of [
    ['/tmp', /^busbar-(\d+)$/],
    ['/run/user', /^(\d+)$/],
  ] as const) {
    for (const folder of files(parent)) {
      const user = Number(pattern.exec(folder)?.[1] ?? uid);
      if (user === uid) continue;
      const path = parent === '/tmp' ? join(parent, folder) : join(parent, folder, 'busbar');
      // The folder cannot be read, except by root; its owner tells enough if it can.
      if (hasName(path, bus)) found.push(user);
    }
  }
  return found;
}

/** A process of this user that listens for a bus. */
export interface BusHolder {
  readonly pid: number;
  /** Where it has the name. */
  readonly directory: string;
}

/**
 * The processes of this user that listen for a bus, in any directory, the one that took its name last
 * in front. A controller that was deposed while it was stopped still listens.
 */
export function holdersOf(base: string): readonly BusHolder[] {
  return holdersOfAll([base]).get(base) ?? [];
}

/** The same for several buses, with one look at all processes. */
export function holdersOfAll(bases: readonly string[]): ReadonlyMap<string, readonly BusHolder[]> {
  const listening = new Map<number, string>();
  for (const { inode, path } of listeners()) {
    const base = bases.find((each) => path.includes(`${each}.`));
    if (base !== undefined) listening.set(inode, base);
  }
  const found = new Map<string, { readonly inode: number; readonly pid: number }[]>();
  if (listening.size === 0) return new Map();
  const uid = process.geteuid?.() ?? 0;
  for (const pid of processIds()) {
    if (userOf(pid) !== uid) continue;
    for (const inode of socketsOf(pid)) {
      const base = listening.get(inode);
      if (base === undefined) continue;
      const holders = found.get(base) ?? [];
      found.set(base, holders);
      holders.push({ inode, pid });
    }
  }
  return new Map(
    [...found].map(([base, holders]) => [
      base,
      [...new Set(holders.sort((a, b) => b.inode - a.inode).map(({ pid }) => pid))].map((pid) => ({
        pid,
        directory: runtimeDirectory(environmentOf(pid) ?? {}).names.path,
      })),
    ]),
  );
}

// Fields of /proc/net/unix: Num RefCount Protocol Flags Type St Inode Path. Flag 0x10000: listens.
function* listeners(): Generator<{ readonly inode: number; readonly path: string }> {
  if (!linux) return;
  let text: string;
  try {
    text = readFileSync('/proc/net/unix', 'utf8');
  } catch {
    return;
  }
  for (const line of text.split('\n')) {
    const [, , , flags = '0', , , inode = '0', ...path] = line.trim().split(/ +/);
    if ((Number.parseInt(flags, 16) & 0x10000) === 0) continue;
    yield { inode: Number(inode), path: path.join(' ') };
  }
}

function stat(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function files(path: string): readonly string[] {
  if (!linux) return [];
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
