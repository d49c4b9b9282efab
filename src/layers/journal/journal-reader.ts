// A journal as readers have it, in any process, beside the writer or without one.
import { show } from '../../base/show.js';
import { ClosedError } from '../../index.js';
import { checkAbort, checkKeys, checkWhole, checkWord, refused } from './checks.js';
import { type CursorState, cursorsOf, JournalCursor } from './cursor.js';
import { type JournalFiles, nodeFiles } from './files.js';
import type { JournalReadOptions } from './options.js';
import { JournalRead } from './read.js';
import { endOf, listSegments, type Place, type Reading, timeOf } from './reading.js';
import type { Durability } from './writer.js';

const readOptionNames = [
  'from',
  'to',
  'follow',
  'damaged',
  'signal',
] as const satisfies readonly (keyof JournalReadOptions)[];

/** Reads a journal; made by {@link openJournalReader}. Any number of processes may have one. */
export class JournalReader {
  /** The folder of the journal. */
  readonly folder: string;
  readonly #files: JournalFiles;
  readonly #durability: Durability;
  readonly #reads = new Set<JournalRead>();
  #closed = false;

  /** @internal */
  constructor(files: JournalFiles, folder: string, durability: Durability) {
    this.folder = folder;
    this.#files = files;
    this.#durability = durability;
  }

  /**
   * Entries in the order of their positions, read when they are asked for. With `follow`, reading
   * goes on with new entries as they are written; none comes twice and none is left out. An entry
   * can be read as soon as it is in the file, which may be before it is settled at `disk`. The loop
   * rejects with a JournalDamagedError, a JournalGoneError or an AbortedError.
   * @throws InvalidArgumentError if an option is wrong.
   * @throws ClosedError if the journal is closed.
   */
  read(options?: JournalReadOptions): JournalRead {
    if (this.#closed) throw this.closedError();
    const own = checkKeys('read()', options, readOptionNames);
    const { from = 'oldest', to, follow = false, damaged = 'throw' } = own;
    if (typeof follow !== 'boolean') {
      throw refused(`follow is ${show(follow)}; expected true or false`, 'follow');
    }
    const begin = fromOf(from);
    const end = to === undefined ? undefined : placeOf('to', to);
    const checked = checkWord('damaged', damaged, ['throw', 'skip'] as const);
    const signal = checkAbort(own.signal);
    const read = new JournalRead(async (): Promise<Reading> => {
      const start = await begin(this);
      // Without `follow`, reading ends where the journal ends now, even if the writer is faster.
      const last = end ?? (follow ? undefined : { position: await this.end() });
      const place = { from: start, to: last, follow, damaged: checked, signal };
      return { files: this.#files, folder: this.folder, ...place };
    });
    this.#reads.add(read);
    return read;
  }

  /**
   * A named cursor, which notes how far a consumer has come. It is made by its first commit.
   * @throws InvalidArgumentError if the name is empty, too long or not a plain file name.
   */
  cursor(name: string): JournalCursor {
    return new JournalCursor(this.#files, this.folder, name, this.#durability);
  }

  /** All cursors that have committed, by name. */
  cursors(): Promise<CursorState[]> {
    return cursorsOf(this.#files, this.folder);
  }

  /** The position behind the last entry that can be read: the next one to come. */
  async end(): Promise<number> {
    return (await endOf({ files: this.#files, folder: this.folder })).next;
  }

  /** The position of the oldest entry that is kept, or of the next one to come if there is none. */
  async start(): Promise<number> {
    const [oldest] = await listSegments({ files: this.#files, folder: this.folder });
    return oldest?.first ?? (await this.end());
  }

  /** Ends all loops over entries and closes their files. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#reads].map((read) => read.return()));
    this.#reads.clear();
  }

  /** @ignore */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  protected closedError(): ClosedError {
    return new ClosedError(`the journal ${this.folder} is closed`);
  }
}

/**
 * Opens a journal for reading. Works beside a writer in another process, and without one.
 * @throws InvalidArgumentError if `folder` is no path.
 * @throws JournalGoneError if there is no such folder.
 */
export async function openJournalReader(folder: string): Promise<JournalReader> {
  checkFolder(folder);
  await nodeFiles.list(folder);
  return new JournalReader(nodeFiles, folder, 'os');
}

/** Refuses anything except a path. */
export function checkFolder(folder: unknown): asserts folder is string {
  if (typeof folder === 'string' && folder !== '' && !folder.includes('\0')) return;
  throw refused(`folder is ${show(folder)}; expected a path`, 'folder');
}

/** Finds the place to begin at when the loop does. */
function fromOf(
  from: NonNullable<JournalReadOptions['from']>,
): (reader: JournalReader) => Promise<Place> {
  if (from === 'oldest') return () => Promise.resolve({ position: 0 });
  if (from === 'newest') return async (reader) => ({ position: await reader.end() });
  if (from instanceof JournalCursor) {
    return async () => ({ position: (await from.position()) + 1 });
  }
  const place = placeOf('from', from);
  return () => Promise.resolve(place);
}

function placeOf(option: string, value: number | Date): Place {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) {
      throw refused(`${option} is an invalid Date`, option);
    }
    return { time: timeOf(value) };
  }
  if (typeof value !== 'number') {
    throw refused(`${option} is ${show(value)}; expected a position or a Date`, option);
  }
  return { position: checkWhole(option, value, 1, Number.MAX_SAFE_INTEGER) };
}
