// The errors of a journal. Wrong arguments, closed journals and full queues are errors of the bus;
// these are what only files can do. They extend Error: their codes are this layer's own.
import { nameErrors } from '../../base/name-errors.js';

/** What an error of a journal knows beside its text. */
export interface JournalErrorFacts {
  /** The file or folder concerned. */
  readonly path?: string | undefined;
  /** The error number of the operating system, as in `errno`; positive. */
  readonly osCode?: number | undefined;
  /** The name of the error of the operating system, as in `'ENOSPC'`. */
  readonly osName?: string | undefined;
  /** The byte of the file concerned. */
  readonly offset?: number | undefined;
  /** The process that has the journal open for writing. */
  readonly pid?: number | undefined;
  /** The error that caused this one. */
  readonly cause?: unknown;
}

/** The base of the errors of this layer. Compare `code`, which never changes. */
export abstract class JournalError extends Error {
  /** The stable code, `'ERR_BUSBAR_JOURNAL_…'`. */
  abstract readonly code: `ERR_BUSBAR_JOURNAL_${string}`;
  /** The file or folder concerned. */
  declare readonly path: string | undefined;
  /** The error number of the operating system, as in `errno`. */
  declare readonly osCode: number | undefined;
  /** The name of the error of the operating system, as in `'ENOSPC'`. */
  declare readonly osName: string | undefined;
  /** The byte of the file concerned. */
  declare readonly offset: number | undefined;
  /** The process that has the journal open for writing. */
  declare readonly pid: number | undefined;

  constructor(message: string, facts: JournalErrorFacts = {}) {
    const { cause, ...known } = facts;
    super(message, cause === undefined ? undefined : { cause });
    for (const [name, value] of Object.entries(known)) {
      if (value !== undefined) Object.assign(this, { [name]: value });
    }
  }
}

/** Another process, or another `Journal` of this one, writes to the folder; `pid` is its process. */
export class JournalLockedError extends JournalError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_JOURNAL_LOCKED';
}

/**
 * The file system is full, or a quota is used up. The entries that were not settled are not in the
 * journal, and no part of one is. Free some space, then open the journal again.
 */
export class JournalDiskFullError extends JournalError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_JOURNAL_DISK_FULL';
}

/** The folder or a file of the journal was removed while the journal was open. */
export class JournalGoneError extends JournalError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_JOURNAL_GONE';
}

/** The operating system refused to read, write or sync a file, for a reason in `osName`. */
export class JournalFileError extends JournalError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_JOURNAL_FILE';
}

/**
 * A part of a segment that was complete once does not have the checksum that it was written with;
 * `path` and `offset` say where. Entries before and after it are readable with `damaged: 'skip'`.
 */
export class JournalDamagedError extends JournalError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_JOURNAL_DAMAGED';
}

nameErrors(JournalLockedError, 'JournalLockedError');
nameErrors(JournalDiskFullError, 'JournalDiskFullError');
nameErrors(JournalGoneError, 'JournalGoneError');
nameErrors(JournalFileError, 'JournalFileError');
nameErrors(JournalDamagedError, 'JournalDamagedError');

/** The names of the system's errors that mean that there is no room. */
const noRoom = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/**
 * The error of this layer for one of the operating system. `doing` is what was tried, as in 'write'.
 */
export function fileError(error: unknown, doing: string, path: string): JournalError {
  if (error instanceof JournalError) return error;
  const { errno, code: osName } = error as NodeJS.ErrnoException;
  const facts = {
    path,
    osCode: errno === undefined ? undefined : Math.abs(errno),
    osName,
    cause: error,
  };
  const text = `cannot ${doing} ${path}: ${error instanceof Error ? error.message : String(error)}`;
  if (osName !== undefined && noRoom.includes(osName)) return new JournalDiskFullError(text, facts);
  if (osName === 'ENOENT' || osName === 'ENOTDIR' || osName === 'ESTALE') {
    return new JournalGoneError(text, facts);
  }
  return new JournalFileError(text, facts);
}
