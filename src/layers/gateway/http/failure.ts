// Errors of calls as answers: which status stands for which code, and what of an error is told.
import { InvalidValueError } from '../../interface/entry-values.js';
import { CallError, type CallErrorCode, DeclaredError } from '../../rpc/entry-port.js';
import { Refusal } from './refusal.js';

/** An error as callers get it, in the body of an answer or in a stream. */
export interface FailureBody {
  /** The code of the call's error, the name of a declared error, or a `RefusalCode`. */
  readonly code: string;
  /** One sentence for people. */
  readonly message: string;
  /** The data of a declared error. */
  readonly data?: unknown;
  /** Facts about a failed call. */
  readonly details?: {
    /** Whether the call was executed: `'no'` and `'yes'` are certain. */
    readonly executed: 'no' | 'maybe' | 'yes';
    /** The calls that a busy server had under way. */
    readonly load?: number;
  };
}

/** An answer that is an error. */
export interface Failure {
  readonly status: number;
  readonly body: FailureBody;
  readonly headers: Readonly<Record<string, string>>;
}

// As ConnectRPC has them, with 422 for what an interface declares.
const statuses: Readonly<Record<CallErrorCode, number>> = {
  NO_RECIPIENT: 503,
  PEER_GONE: 502,
  DEADLINE: 504,
  CANCELLED: 499,
  BUSY: 429,
  OVERRUN: 502,
  INVALID_ARGUMENT: 400,
  INVALID_RESULT: 502,
  UNKNOWN_METHOD: 404,
  HANDLER_FAILED: 500,
  UNSUPPORTED_ATTACHMENT: 501,
  CONFLICT: 412,
  PROTOCOL: 502,
  CLOSED: 503,
};

const declared = 422;
const none: Readonly<Record<string, string>> = {};

/** Encodes the data of a declared error as JSON has it. */
export type DataEncoder = (error: DeclaredError) => unknown;

function isKnown(error: unknown): boolean {
  return error instanceof Refusal || error instanceof CallError;
}

/** What a caller gets of an error. The text of undeclared errors of methods may be withheld. */
export function failureOf(error: unknown, tells: boolean, encode: DataEncoder): Failure {
  if (error instanceof Refusal) {
    const { status, code, message, headers } = error;
    return { status, body: { code, message }, headers };
  }
  if (error instanceof DeclaredError) {
    const { code, message } = error;
    return { status: declared, body: { code, message, data: encode(error) }, headers: none };
  }
  if (error instanceof CallError) {
    const { code, executed } = error;
    const { load } = error as { readonly load?: number };
    const message = code === 'HANDLER_FAILED' && !tells ? 'the method failed' : error.message;
    const details = load === undefined ? { executed } : { executed, load };
    const status = statuses[code as CallErrorCode] ?? 500;
    return { status, body: { code, message, details }, headers: none };
  }
  if (error instanceof InvalidValueError && isKnown(error.cause)) {
    // Something in a result that cannot be sent.
    return failureOf(error.cause, tells, encode);
  }
  if (error instanceof InvalidValueError) {
    return {
      status: 400,
      body: { code: 'INVALID_ARGUMENT', message: error.message },
      headers: none,
    };
  }
  // Of this process: its text may say what nobody outside should know.
  const body = { code: 'INTERNAL', message: 'the gateway failed; its process has the reason' };
  return { status: 500, body, headers: none };
}
