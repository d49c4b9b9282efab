// A disk in memory for tests of journals: it can lose power, losing or tearing what was not synced,
// and it can be full. Each operation takes some turns, so that those of several callers mix.
import { dirname, sep } from 'node:path';
import { fileError, JournalGoneError } from '../../dist/layers/journal/errors.js';
import type {
  FolderWatch,
  JournalFile,
  JournalFiles,
  OpenMode,
} from '../../dist/layers/journal/files.js';

/** A random number from 0 up to 1, as Math.random makes them. */
export type Random = () => number;

/** Random numbers that a seed determines. */
export function randomFrom(seed: number): Random {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // The low bits of this generator are no good.
    return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
  };
}

const pageBytes = 4096;
const sectorBytes = 512;

/** A piece of a file that was written and is not synced; `undefined` bytes: the file was cut there. */
interface Change {
  readonly at: number;
  readonly bytes: Buffer | undefined;
}

interface Inode {
  synced: Buffer;
  current: Buffer;
  changes: Change[];
  links: number;
}

type Names = Map<string, Inode>;

/** The disk. */
export class Disk implements JournalFiles {
  readonly #random: Random;
  readonly #folders = new Set<string>();
  /** Names as programs see them, and as they are on the disk. */
  #names: Names = new Map();
  #syncedNames: Names = new Map();
  readonly #watchers = new Map<string, Set<() => void>>();
  /** Operations until the power is cut. */
  operationsLeft = Number.POSITIVE_INFINITY;
  /** Bytes that still fit. */
  bytesLeft = Number.POSITIVE_INFINITY;
  /** Syncs that succeed before one fails. */
  syncsLeft = Number.POSITIVE_INFINITY;
  /** Whether it writes to the disk at once where that is asked for, as some systems can. */
  readonly writesThrough: boolean;

  constructor(random: Random) {
    this.#random = random;
    this.writesThrough = random() < 0.5;
  }

  get isOff(): boolean {
    return this.operationsLeft <= 0;
  }

  /** The disk after the power came back: of what was not synced, anything may be there. */
  afterPowerCut(): Disk {
    const disk = new Disk(this.#random);
    for (const folder of this.#folders) disk.#folders.add(folder);
    const names = new Map(this.#syncedNames);
    for (const path of new Set([...this.#names.keys(), ...this.#syncedNames.keys()])) {
      const now = this.#names.get(path);
      if (now === this.#syncedNames.get(path) || this.#random() < 0.5) continue;
      if (now === undefined) names.delete(path);
      else names.set(path, now);
    }
    const survived = new Map<Inode, Inode>();
    for (const [path, inode] of names) {
      const content = survived.get(inode) ?? this.#survivor(inode);
      survived.set(inode, content);
      disk.#names.set(path, content);
    }
    disk.#syncedNames = new Map(disk.#names);
    return disk;
  }

  #survivor(inode: Inode): Inode {
    const fate = this.#random();
    let content: Buffer = Buffer.from(inode.synced);
    for (const { at, bytes } of inode.changes) {
      if (bytes === undefined) {
        if (this.#random() < 0.5) content = content.subarray(0, Math.min(at, content.length));
        continue;
      }
      for (let start = at; start < at + bytes.length; ) {
        const pageEnd = Math.min(
          at + bytes.length,
          (Math.floor(start / pageBytes) + 1) * pageBytes,
        );
        // All, nothing, or each page by itself; a page may be torn between sectors.
        const whole = fate < 0.2 ? 1 : fate < 0.3 ? 0 : this.#random();
        const sectors = Math.floor(this.#random() * (pageBytes / sectorBytes));
        const end = whole > 0.6 ? pageEnd : whole > 0.5 ? start + sectors * sectorBytes : start;
        content = put(content, start, bytes.subarray(start - at, Math.min(end, pageEnd) - at));
        start = pageEnd;
      }
    }
    return { synced: content, current: Buffer.from(content), changes: [], links: 1 };
  }

  /** The bytes of a file, to look at or to damage. */
  bytesOf(path: string): Buffer {
    const inode = this.#names.get(path);
    if (inode === undefined) throw new Error(`no ${path}`);
    return inode.current;
  }

  /** Makes a file with these bytes, or gives it them. */
  setBytes(path: string, bytes: Uint8Array): void {
    const content = Buffer.from(bytes);
    const inode = { synced: content, current: Buffer.from(bytes), changes: [], links: 1 };
    this.#names.set(path, inode);
  }

  async makeFolder(path: string): Promise<void> {
    await this.step();
    for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
      this.#folders.add(folder);
    }
  }

  async list(path: string): Promise<string[]> {
    await this.step();
    if (!this.#folders.has(path)) throw gone(path);
    return [...this.#names.keys()]
      .filter((name) => dirname(name) === path)
      .map((name) => name.slice(path.length + 1));
  }

  async open(path: string, mode: OpenMode): Promise<JournalFile> {
    await this.step();
    const creates = mode === 'create' || mode === 'create-synced';
    let inode = this.#names.get(path);
    if (inode === undefined) {
      if (!creates || !this.#folders.has(dirname(path))) throw gone(path);
      inode = { synced: Buffer.alloc(0), current: Buffer.alloc(0), changes: [], links: 1 };
      this.#names.set(path, inode);
    } else if (creates) this.cut(inode, 0);
    this.changed(path);
    return new DiskFile(this, inode, path, mode === 'create-synced' && this.writesThrough);
  }

  async remove(path: string): Promise<void> {
    await this.step();
    const inode = this.#names.get(path);
    if (inode !== undefined) inode.links--;
    this.#names.delete(path);
    this.changed(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.step();
    const inode = this.#names.get(from);
    if (inode === undefined) throw gone(from);
    this.#names.delete(from);
    this.#names.set(to, inode);
    this.changed(to);
  }

  /** Removes a folder with all that is in it, as others may do. */
  removeFolder(path: string): void {
    this.#folders.delete(path);
    for (const [name, inode] of [...this.#names]) {
      if (!name.startsWith(path + sep)) continue;
      inode.links--;
      this.#names.delete(name);
    }
  }

  async syncFolder(path: string): Promise<void> {
    await this.step();
    for (const names of [this.#syncedNames, this.#names]) {
      for (const name of [...names.keys()]) {
        if (dirname(name) !== path) continue;
        const inode = this.#names.get(name);
        if (inode === undefined) this.#syncedNames.delete(name);
        else this.#syncedNames.set(name, inode);
      }
    }
  }

  watch(path: string, changed: () => void): FolderWatch {
    const watchers = this.#watchers.get(path) ?? new Set();
    this.#watchers.set(path, watchers);
    watchers.add(changed);
    return { close: () => void watchers.delete(changed) };
  }

  async lock(): Promise<{ release: () => Promise<void> }> {
    return { release: () => Promise.resolve() };
  }

  /** Some turns; after a power cut for ever. */
  async step(): Promise<void> {
    for (let turns = Math.floor(this.#random() * 4); turns > 0; turns--) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (--this.operationsLeft > 0) return;
    await new Promise(() => undefined);
  }

  /** Writes as much as there is room for. */
  write(inode: Inode, path: string, bytes: Buffer, at: number): void {
    const some = bytes.subarray(0, Math.max(0, Math.min(bytes.length, this.bytesLeft)));
    this.bytesLeft -= some.length;
    inode.changes.push({ at, bytes: Buffer.from(some) });
    inode.current = put(inode.current, at, some);
    this.changed(path);
    if (some.length < bytes.length) throw fileError(systemError('ENOSPC', -28), 'write', path);
  }

  cut(inode: Inode, size: number): void {
    inode.changes.push({ at: size, bytes: undefined });
    this.bytesLeft += Math.max(0, inode.current.length - size);
    inode.current = Buffer.from(inode.current.subarray(0, size));
  }

  changed(path: string): void {
    for (const watcher of this.#watchers.get(dirname(path)) ?? []) watcher();
  }
}

class DiskFile implements JournalFile {
  readonly synced: boolean;
  readonly #disk: Disk;
  readonly #inode: Inode;
  readonly #path: string;

  constructor(disk: Disk, inode: Inode, path: string, synced: boolean) {
    this.synced = synced;
    this.#disk = disk;
    this.#inode = inode;
    this.#path = path;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    await this.#disk.step();
    return this.#inode.current.copy(into, 0, Math.min(position, this.#inode.current.length));
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    const bytes = Buffer.concat(buffers);
    // In two pieces, so that readers and power cuts find one without the other.
    const half = Math.floor(bytes.length / 2);
    await this.#disk.step();
    this.#disk.write(this.#inode, this.#path, bytes.subarray(0, half), position);
    await this.#disk.step();
    this.#disk.write(this.#inode, this.#path, bytes.subarray(half), position + half);
    if (this.synced) await this.sync();
  }

  async sync(): Promise<void> {
    await this.#disk.step();
    if (--this.#disk.syncsLeft < 0) throw fileError(systemError('EIO', -5), 'sync', this.#path);
    this.#inode.synced = Buffer.from(this.#inode.current);
    this.#inode.changes = [];
    await this.#disk.step();
  }

  async truncate(bytes: number): Promise<void> {
    await this.#disk.step();
    this.#disk.cut(this.#inode, bytes);
    this.#disk.changed(this.#path);
  }

  async size(): Promise<number> {
    await this.#disk.step();
    return this.#inode.current.length;
  }

  checkLinked(): void {
    if (this.#inode.links <= 0) throw gone(this.#path);
  }

  close(): Promise<void> {
    return this.#disk.step();
  }
}

function put(content: Buffer, at: number, bytes: Buffer): Buffer {
  if (bytes.length === 0) return content;
  const size = Math.max(content.length, at + bytes.length);
  const grown = size > content.length ? Buffer.concat([content], size) : content;
  bytes.copy(grown, at);
  return grown;
}

function gone(path: string): JournalGoneError {
  return new JournalGoneError(`${path} is not there`, { path, osName: 'ENOENT' });
}

function systemError(code: string, errno: number): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code, errno });
}
