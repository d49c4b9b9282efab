// A named place in a journal that survives restarts: how far one consumer has come. Its file has two
// slots that are written in turn, so that a write that is cut off leaves the other one.
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { show } from '../../base/show.js';
import { checkWhole, refused } from './checks.js';
import { JournalGoneError } from './errors.js';
import type { JournalFile, JournalFiles } from './files.js';
import type { Durability } from './writer.js';

const slotBytes = 32;
const mark = 0x4243_5242;
const cursorName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/;
const cursorFile = /^(.+)\.cursor$/;

/** What a slot has. */
interface Slot {
  readonly serial: number;
  readonly position: number;
}

/**
 * A named cursor: pass it as `from` to go on behind the last committed entry. It belongs to one
 * consumer: of two that commit at the same time, one wins.
 */
export class JournalCursor {
  /** The name that it was asked for by. */
  readonly name: string;
  readonly #files: JournalFiles;
  readonly #folder: string;
  readonly #durability: Durability;
  #last: Promise<Slot> | undefined;
  #known = true;

  /** @internal */
  constructor(files: JournalFiles, folder: string, name: string, durability: Durability) {
    if (typeof name !== 'string' || !cursorName.test(name)) {
      throw refused(
        `cursor is ${show(name)}; expected 1 to 100 letters, digits, '_', '-' and '.'`,
        'cursor',
      );
    }
    this.name = name;
    this.#files = files;
    this.#folder = join(folder, 'cursors');
    this.#durability = durability;
  }

  /**
   * The position of the last committed entry; 0 before the first commit.
   * @throws JournalFileError and its siblings if its file cannot be read.
   */
  async position(): Promise<number> {
    await this.#last?.catch(() => undefined);
    return (await readSlots(this.#files, this.#path())).position;
  }

  /**
   * Notes that all entries up to `position` are done. Resolves when that has reached the level of
   * the journal: at `disk` it is on the disk. Committing an earlier position goes back.
   * @throws InvalidArgumentError if it is no position.
   */
  commit(position: number): Promise<void> {
    try {
      checkWhole('position', position, 0, Number.MAX_SAFE_INTEGER - 1);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const before = this.#last ?? readSlots(this.#files, this.#path());
    const done = before
      // A commit that failed leaves the slots as they were.
      .catch(() => readSlots(this.#files, this.#path()))
      .then((slot) => this.#write({ serial: slot.serial + 1, position }));
    this.#last = done;
    return done.then(() => undefined);
  }

  #path(): string {
    return join(this.#folder, `${this.name}.cursor`);
  }

  async #write(slot: Slot): Promise<Slot> {
    const file = await this.#open();
    try {
      await file.write([slotOf(slot)], (slot.serial % 2) * slotBytes);
      if (this.#durability === 'disk') {
        await file.sync();
        if (!this.#known) {
          await this.#files.syncFolder(this.#folder);
          await this.#files.syncFolder(join(this.#folder, '..'));
        }
        this.#known = true;
      }
    } finally {
      await file.close();
    }
    return slot;
  }

  async #open(): Promise<JournalFile> {
    try {
      return await this.#files.open(this.#path(), 'update');
    } catch (error) {
      if (!(error instanceof JournalGoneError)) throw error;
      await this.#files.list(join(this.#folder, '..'));
      await this.#files.makeFolder(this.#folder);
      this.#known = false;
      return this.#files.open(this.#path(), 'create');
    }
  }
}

function slotOf({ serial, position }: Slot): Uint8Array {
  const slot = Buffer.alloc(slotBytes);
  slot.writeUInt32LE(mark, 0);
  slot.writeBigUInt64LE(BigInt(serial), 8);
  slot.writeBigUInt64LE(BigInt(position), 16);
  slot.writeUInt32LE(crc32(slot.subarray(8)), 4);
  return slot;
}

async function readSlots(files: JournalFiles, path: string): Promise<Slot> {
  let file: JournalFile;
  try {
    file = await files.open(path, 'read');
  } catch (error) {
    if (error instanceof JournalGoneError) return { serial: 0, position: 0 };
    throw error;
  }
  try {
    const bytes = Buffer.alloc(2 * slotBytes);
    await file.read(bytes, 0);
    const slots = [0, 1].map((index) => slotFrom(bytes.subarray(index * slotBytes)));
    return slots.reduce((a, b) => (b.serial > a.serial ? b : a));
  } finally {
    await file.close();
  }
}

function slotFrom(bytes: Buffer): Slot {
  const valid =
    bytes.readUInt32LE(0) === mark && bytes.readUInt32LE(4) === crc32(bytes.subarray(8, slotBytes));
  if (!valid) return { serial: 0, position: 0 };
  return {
    serial: Number(bytes.readBigUInt64LE(8)),
    position: Number(bytes.readBigUInt64LE(16)),
  };
}

/** A cursor of a journal, as lists show it. */
export interface CursorState {
  /** The name of the cursor. */
  readonly name: string;
  /** The position of the last committed entry. */
  readonly position: number;
}

/** All cursors of a folder. */
export async function cursorsOf(files: JournalFiles, folder: string): Promise<CursorState[]> {
  const cursors = join(folder, 'cursors');
  let names: string[];
  try {
    names = await files.list(cursors);
  } catch (error) {
    if (error instanceof JournalGoneError) return [];
    throw error;
  }
  const found = names.flatMap((name) => cursorFile.exec(name)?.[1] ?? []).sort();
  return Promise.all(
    found.map(async (name) => ({
      name,
      position: (await readSlots(files, join(cursors, `${name}.cursor`))).position,
    })),
  );
}
