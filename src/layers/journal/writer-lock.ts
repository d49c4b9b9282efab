// The right to write to a journal: numbered files `writer-N.lock`, of which the highest counts. Node
// has no flock, and one lock file cannot be taken over from a dead owner without a race. A number
// can be made by one process only, and it is made only after the owner of the number below is known
// to be dead or to have released it, so there is one owner.
import { randomUUID } from 'node:crypto';
import { promises as fs } from 'node:fs';
import { join } from 'node:path';
import { fileError, JournalLockedError } from './errors.js';

/** A claim of the right to write. */
export interface WriterLock {
  /** Gives the right back. */
  release(): Promise<void>;
}

/** Who owns a lock, as its file has it. */
interface Owner {
  readonly pid: number;
  /** When the process started, in the system's own unit; '' where that is not known. */
  readonly started: string;
  /** The boot and the namespace of process numbers; '' where they are not known. */
  readonly machine: string;
  readonly released: boolean;
}

const anyLock = /^writer-\d{1,15}\.lock/;
const lockName = /^writer-(\d{1,15})\.lock$/;

/** Attempts while others take and release the right all the time. */
const attempts = 100;

/** Claims the right to write to `folder`; rejects with a JournalLockedError if it is taken. */
export async function lockFolder(folder: string): Promise<WriterLock> {
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const lock = await claim(folder);
      if (lock !== undefined) return lock;
    }
  } catch (error) {
    throw fileError(error, 'lock', folder);
  }
  throw new JournalLockedError(`${folder} is locked and unlocked all the time by others`, {
    path: folder,
  });
}

/** `undefined` if another process was faster and the whole has to be looked at again. */
async function claim(folder: string): Promise<WriterLock | undefined> {
  const taken = await numbers(folder);
  const highest = taken.at(-1) ?? 0;
  if (highest > 0) {
    const owner = await ownerOf(pathOf(folder, highest));
    // Not there any more: somebody has made a higher one since.
    if (owner === undefined) return undefined;
    if (await isAlive(owner)) throw locked(folder, pathOf(folder, highest), owner);
  }
  const number = highest + 1;
  const path = pathOf(folder, number);
  const self = await thisProcess();
  if (!(await createWhole(path, JSON.stringify(self)))) return undefined;
  // One who judged an owner that has long been followed by others made a number that is too low.
  if (((await numbers(folder)).at(-1) ?? 0) > number) {
    await fs.rm(path, { force: true });
    return undefined;
  }
  await removeOthers(folder, path);
  return { release: () => release(path, self) };
}

/** Removes the files of earlier owners, and what killed processes left of theirs. */
async function removeOthers(folder: string, path: string): Promise<void> {
  for (const name of await fs.readdir(folder)) {
    const other = join(folder, name);
    if (anyLock.test(name) && other !== path) await fs.rm(other, { force: true });
  }
}

// The file stays: were it removed, numbers would begin again, and one who judged a dead owner long
// ago could have the next number at the same time as somebody who found no file.
async function release(path: string, self: Owner): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await fs.writeFile(temporary, JSON.stringify({ ...self, released: true }));
    await fs.rename(temporary, path);
  } catch (error) {
    // The folder is gone or full; a dead owner counts as released.
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(error, 'unlock', path);
  }
}

function locked(folder: string, path: string, { pid, machine }: Owner): JournalLockedError {
  const where = machine === '' ? '' : ', or one of another machine or container';
  return new JournalLockedError(
    `${folder} is open for writing in process ${pid}${where}; if that is not so, remove ${path}`,
    { path: folder, pid },
  );
}

async function numbers(folder: string): Promise<number[]> {
  const names = await fs.readdir(folder);
  return names.flatMap((name) => Number(lockName.exec(name)?.[1] ?? [])).sort((a, b) => a - b);
}

function pathOf(folder: string, number: number): string {
  return join(folder, `writer-${number}.lock`);
}

/** Makes a file with its content; returns whether it was not there. */
async function createWhole(path: string, content: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  await fs.writeFile(temporary, content);
  try {
    await fs.link(temporary, path);
    return true;
  } catch (error) {
    // ENOENT: the owner that came first has removed the temporary file.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw error;
  } finally {
    await fs.rm(temporary, { force: true });
  }
}

async function ownerOf(path: string): Promise<Owner | undefined> {
  let text: string;
  try {
    text = await fs.readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { pid, started, machine, released } = JSON.parse(text) as Partial<Owner>;
    return {
      pid: Number(pid),
      started: String(started),
      machine: String(machine),
      released: released === true,
    };
  } catch {
    // A power cut can leave a file without its content; its owner is of an earlier boot.
    return { pid: 0, started: '', machine: '', released: true };
  }
}

async function thisProcess(): Promise<Owner> {
  return {
    pid: process.pid,
    started: (await startOf(process.pid)) ?? '',
    machine: await machine(),
    released: false,
  };
}

async function isAlive(owner: Owner): Promise<boolean> {
  if (owner.released || !Number.isSafeInteger(owner.pid) || owner.pid <= 0) return false;
  const here = await machine();
  const [boot] = here.split(' ');
  const [ownBoot] = owner.machine.split(' ');
  // After a restart of the machine no process of before is left.
  if (boot !== ownBoot && boot !== '' && ownBoot !== '') return false;
  // A process of another namespace cannot be looked at: it counts as alive.
  if (owner.machine !== here) return true;
  if (here !== '') {
    const started = await startOf(owner.pid);
    return started !== undefined && started === owner.started;
  }
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Boot and namespace of process numbers; '' where the system does not tell them. */
async function machine(): Promise<string> {
  try {
    const boot = await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    return `${boot.trim()} ${await fs.readlink('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/**
 * When a process of this system started; `undefined` if it does not run. A killed process runs until
 * its last thread has ended, for one of them may still write.
 */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (/^[ZX]/.test(state ?? '') && (await fs.readdir(`/proc/${pid}/task`)).length <= 1) {
      return undefined;
    }
    return rest[18];
  } catch {
    return undefined;
  }
}
