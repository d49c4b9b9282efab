// Errors as SQLite MPI's messages have them: a path of words, and SQLite's result.
import { resultName } from '../engine/results.js';
import {
  DatabaseOpenError,
  SqlArgumentError,
  SqliteError,
  StatementRefusedError,
  TransactionOverError,
} from '../errors.js';

/** The `error` of an answer. */
export interface SmpiErrorBody {
  readonly error_type: string;
  readonly message: string | null;
  readonly data: { readonly return_status?: ReturnStatus };
}

/** SQLite's result. */
interface ReturnStatus {
  readonly is_ok: boolean;
  readonly is_err: boolean;
  readonly primary: { readonly id: string; readonly code: number };
  readonly extended?: { readonly id: string; readonly code: number };
  readonly err_msg?: string;
}

/** A request that fails with this path. */
export class SmpiFailure extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

function statusOf(number: number, message: string): ReturnStatus {
  const code = number & 0xff;
  return {
    ...{ is_ok: false, is_err: true, primary: { id: resultName(code), code } },
    ...(code === number ? {} : { extended: { id: resultName(number), code: number } }),
    err_msg: message,
  };
}

/** The error of an answer. `path` is where SQLite's own errors belong, as in `TxOp`. */
export function bodyOf(error: unknown, path: string): SmpiErrorBody {
  const { message } = error as Error;
  if (error instanceof SmpiFailure) return { error_type: error.path, message, data: {} };
  if (error instanceof TransactionOverError) {
    return { error_type: 'TxOp/InvalidTxId', message, data: {} };
  }
  if (error instanceof SqliteError) {
    return {
      error_type: `${path}/ReturnStatus`,
      message: null,
      data: { return_status: statusOf(error.resultNumber, message) },
    };
  }
  if (error instanceof DatabaseOpenError) {
    const cannotOpen = 14;
    const return_status = statusOf(cannotOpen, message);
    return { error_type: 'FileOp/ReturnStatus', message: null, data: { return_status } };
  }
  if (error instanceof StatementRefusedError) {
    return { error_type: `${path}/Refused`, message, data: {} };
  }
  if (error instanceof SqlArgumentError) {
    const error_type = `${path}/ErrorBind/PlaceholderDataTypeNotCompatible`;
    return { error_type, message, data: {} };
  }
  return { error_type: `${path}/Failed`, message: String(message ?? error), data: {} };
}
