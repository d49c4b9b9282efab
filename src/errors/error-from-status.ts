// Turns a native status number into an error of its class, and an aborted signal into an
// AbortedError.
import util from 'node:util';
import type { BusError, BusErrorFacts } from './bus-error.js';
import { type ErrorName, errorList } from './error-list.js';
import * as errors from './errors.js';

type AnyErrorClass = new (message?: string, facts?: BusErrorFacts) => BusError;

// Keyed by name, not by order, so that a missing or misspelt class does not compile.
const classes: { readonly [N in ErrorName]: AnyErrorClass } = {
  InvalidArgument: errors.InvalidArgumentError,
  InvalidIdentifier: errors.InvalidIdentifierError,
  InvalidLabel: errors.InvalidLabelError,
  InvalidSelector: errors.InvalidSelectorError,
  TokenMismatch: errors.TokenMismatchError,
  VersionMismatch: errors.VersionMismatchError,
  Permission: errors.PermissionError,
  Timeout: errors.TimeoutError,
  Aborted: errors.AbortedError,
  Closed: errors.ClosedError,
  TooLarge: errors.TooLargeError,
  NoRecipient: errors.NoRecipientError,
  QueueFull: errors.QueueFullError,
  UnknownType: errors.UnknownTypeError,
  SchemaMismatch: errors.SchemaMismatchError,
  DecodeFailed: errors.DecodeFailedError,
  ProtocolViolation: errors.ProtocolViolationError,
  Undelivered: errors.UndeliveredError,
  LimitExceeded: errors.LimitExceededError,
  OutOfMemory: errors.OutOfMemoryError,
  OutOfDescriptors: errors.OutOfDescriptorsError,
  System: errors.SystemError,
  PeerGone: errors.PeerGoneError,
  NoController: errors.NoControllerError,
  WouldBlock: errors.WouldBlockError,
  Unsupported: errors.UnsupportedError,
  NoExternalBuffers: errors.NoExternalBuffersError,
  Superseded: errors.SupersededError,
  TooSlow: errors.TooSlowError,
  NotHandled: errors.NotHandledError,
};

/** The arguments of {@link errorFromStatus} beside the status. */
export interface StatusFacts extends BusErrorFacts {
  /** The whole text to show; without it, the text of the list. */
  readonly message?: string | undefined;
  /** Advice for the reader of the error. */
  readonly advice?: string | undefined;
}

/**
 * Makes (does not throw) the error for a status that the native side returned. A status outside the
 * list means that addon and package are of different versions: it becomes a `SystemError` that
 * names the number.
 */
export function errorFromStatus(status: number, facts: StatusFacts = {}): BusError {
  const entry = errorList.find((candidate) => candidate.number === status);
  if (entry === undefined) {
    return new errors.SystemError(`unknown native status ${status}`, { ...facts, value: status });
  }
  return new classes[entry.name](facts.message ?? sentence(entry.text, facts), facts);
}

/** In Node's form: `mkdir /run/user/1000/busbar: no space left on device (errno 28); …`. */
function sentence(text: string, facts: StatusFacts): string {
  const { osCode, syscall, path, advice } = facts;
  if (syscall === undefined) return osCode === undefined ? text : `${text} (errno ${osCode})`;
  const what = path === undefined ? syscall : `${syscall} ${path}`;
  const why = osCode === undefined ? text : `${systemText(osCode) ?? text} (errno ${osCode})`;
  return advice === undefined ? `${what}: ${why}` : `${what}: ${why}; ${advice}`;
}

/** The operating system's own text for an error number. */
function systemText(osCode: number): string | undefined {
  // Node has no texts for the error numbers of Windows.
  if (process.platform === 'win32') return undefined;
  // Bun lacks this function.
  const texts: (() => Map<number, [string, string]>) | undefined = util.getSystemErrorMap;
  return texts?.().get(-osCode)?.[1];
}

/**
 * Makes the error for an aborted signal: `cause` is its reason. `what` was aborted, as in 'join'.
 */
export function abortedError(what: string, signal: AbortSignal, facts?: BusErrorFacts): BusError {
  return new errors.AbortedError(`${what} was aborted`, { ...facts, cause: signal.reason });
}
