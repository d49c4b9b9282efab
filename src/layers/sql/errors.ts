// The errors of this layer. Those of a call itself, such as a deadline or a server that is gone, are
// the errors of `busbar/rpc`.
import { nameErrors } from '../../base/name-errors.js';
import { DeclaredError, isError } from '../rpc/index.js';
import { SqlService } from './service.js';

/** The base of the errors of this layer. Compare `code`, which never changes. */
export abstract class SqlError extends Error {
  /** The stable code, `'ERR_BUSBAR_SQL_…'`. */
  abstract readonly code: `ERR_BUSBAR_SQL_${string}`;
}

/** SQLite has refused a statement. Nothing of the statement has an effect. */
export class SqliteError extends SqlError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_SQL_SQLITE';
  /** SQLite's result code, the extended one, as in `'SQLITE_CONSTRAINT_UNIQUE'`. */
  readonly result: string;
  /** The number of {@link result}. */
  readonly resultNumber: number;
  /** The step of a batch or script, from 0. */
  readonly step: number | undefined;

  /** @internal */
  constructor(message: string, result: string, number: number, step?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.result = result;
    this.resultNumber = number;
    this.step = step;
  }
}

/**
 * The server runs this statement for nobody, or not here: it would concern other callers, or leave
 * the file. `reason` says which rule; nothing was executed.
 */
export class StatementRefusedError extends SqlError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_SQL_REFUSED';
  /** Which rule: `'transaction'`, `'attach'`, `'pragma'` and others, see the guide. */
  readonly reason: string;
  /** The step of a batch or script, from 0. */
  readonly step: number | undefined;

  /** @internal */
  constructor(message: string, reason: string, step?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.step = step;
  }
}

/** The transaction is over, so the call had no effect. */
export class TransactionOverError extends SqlError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_SQL_TRANSACTION_OVER';
  /**
   * Why: `'committed'` or `'rolled-back'` by its owner; `'idle'`, no call came for too long;
   * `'failed'`, an error has undone it; `'lost'`, its server or its stream is gone; `'unknown'`.
   */
  readonly why: string;

  /** @internal */
  constructor(message: string, why: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.why = why;
  }
}

/** The transaction did not begin in time. Nothing was executed. */
export class TransactionWaitError extends SqlError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_SQL_WAIT';
  /** Who had the write transaction; `undefined` if no member of the bus had it. */
  readonly holder: TransactionHolder | undefined;

  /** @internal */
  constructor(message: string, holder: TransactionHolder | undefined, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.holder = holder;
  }
}

/** Who has the transaction that others wait for. */
export interface TransactionHolder {
  /** The id of its endpoint. */
  readonly peer: number;
  /** Its process. */
  readonly pid: number;
  /** Its labels. */
  readonly label: readonly string[];
  /** For how many milliseconds it has it. */
  readonly held: number;
}

/** The result is larger than the server's `maxResult`. Stream it, or ask for less. */
export class ResultTooLargeError extends SqlError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_SQL_TOO_LARGE';
  /** The limit in bytes. */
  readonly limit: number;

  /** @internal */
  constructor(message: string, limit: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.limit = limit;
  }
}

/** A value or an option of this process is wrong; nothing was sent. */
export class SqlArgumentError extends SqlError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_SQL_ARGUMENT';
}

/** The database cannot be served: `cause` says why in a text. */
export class DatabaseOpenError extends SqlError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_SQL_OPEN';
  /** The path. */
  readonly path: string;
  /** SQLite's result code, if it is one of SQLite's reasons. */
  readonly result: string | undefined;

  /** @internal */
  constructor(message: string, path: string, result?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.path = path;
    this.result = result;
  }
}

/** Neither this Node nor an installed package has SQLite; the text has the command. */
export class MissingEngineError extends SqlError {
  /** The stable code. */
  readonly code = 'ERR_BUSBAR_SQL_MISSING_ENGINE';
}

nameErrors(SqliteError, 'SqliteError');
nameErrors(StatementRefusedError, 'StatementRefusedError');
nameErrors(TransactionOverError, 'TransactionOverError');
nameErrors(TransactionWaitError, 'TransactionWaitError');
nameErrors(ResultTooLargeError, 'ResultTooLargeError');
nameErrors(SqlArgumentError, 'SqlArgumentError');
nameErrors(DatabaseOpenError, 'DatabaseOpenError');
nameErrors(MissingEngineError, 'MissingEngineError');

/** The error of this layer for one of a call; other errors stay as they are. */
export function sqlError(error: unknown): unknown {
  if (!(error instanceof DeclaredError)) return error;
  const { message } = error;
  if (isError(SqlService, 'Sqlite', error)) {
    const { name, number, step } = error.data;
    return new SqliteError(message, name, number, step, error);
  }
  if (isError(SqlService, 'Refused', error)) {
    return new StatementRefusedError(message, error.data.reason, error.data.step, error);
  }
  if (isError(SqlService, 'TransactionOver', error)) {
    return new TransactionOverError(message, error.data.why, error);
  }
  if (isError(SqlService, 'TooLarge', error)) {
    return new ResultTooLargeError(message, error.data.limit, error);
  }
  return error;
}
