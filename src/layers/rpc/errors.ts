// The errors of calls. This layer has classes of its own because it also runs where the bus cannot:
// in a browser's or Electron's renderer. Which class an error has is decided by its receiver, never
// by a name that came from a peer.
import { nameErrors } from '../../base/name-errors.js';

/** Whether a failed call was executed. */
export type Executed = 'no' | 'maybe' | 'yes';

/** The codes of errors that the layer itself makes. Declared errors have the code of their name. */
export type CallErrorCode =
  | 'NO_RECIPIENT'
  | 'PEER_GONE'
  | 'DEADLINE'
  | 'CANCELLED'
  | 'BUSY'
  | 'OVERRUN'
  | 'INVALID_ARGUMENT'
  | 'INVALID_RESULT'
  | 'UNKNOWN_METHOD'
  | 'HANDLER_FAILED'
  | 'UNSUPPORTED_ATTACHMENT'
  | 'CONFLICT'
  | 'PROTOCOL'
  | 'CLOSED';

/** The facts that an error carries beside its text. */
export interface CallErrorFacts {
  /** Whether the call was executed. */
  readonly executed: Executed;
  /** The id of the server; `undefined` if the call reached none. */
  readonly peerId?: number | undefined;
  /** What caused it. */
  readonly cause?: unknown;
}

/** The base of all errors of calls. Compare `code`, or use `instanceof` with the subclasses. */
export abstract class CallError extends Error {
  /** A {@link CallErrorCode}, or the name of a declared error. */
  abstract readonly code: string;
  /** Whether the call was executed: `'no'` is certain, and so is `'yes'`. */
  readonly executed: Executed;
  /** The id of the server that the call was sent to last. */
  readonly peerId: number | undefined;

  constructor(message: string, facts: CallErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.executed = facts.executed;
    this.peerId = facts.peerId;
  }
}

/** No server matches, and none came before the deadline. The call was not executed. */
export class NoRecipientError extends CallError {
  readonly code = 'NO_RECIPIENT';
}

/**
 * The server died or left with the call in hand. A call of an `idempotent` method is sent to another
 * server instead.
 */
export class PeerGoneError extends CallError {
  readonly code = 'PEER_GONE';
}

/** The `timeout` of the call, or the deadline of the call it was made in, has passed. */
export class DeadlineError extends CallError {
  readonly code = 'DEADLINE';
}

/**
 * The `signal` of the call was aborted, or its stream was left. `name` is `'AbortError'`, as
 * everywhere; `cause` is the signal's reason.
 */
export class CancelledError extends CallError {
  readonly code = 'CANCELLED';
}

/** Every matching server has as many calls as it takes. The call was not executed. */
export class BusyError extends CallError {
  readonly code = 'BUSY';
  /** The calls that the last server had under way; 0 if it did not say. */
  readonly load: number;

  constructor(message: string, facts: CallErrorFacts, load: number) {
    super(message, facts);
    this.load = load;
  }
}

/**
 * This process did not take the answers of the server in time, so the server dropped them: more than
 * 1,024 answers, or 16 MiB, waited for room. The call may have been executed.
 */
export class OverrunError extends CallError {
  readonly code = 'OVERRUN';
}

/** An argument does not fit the interface; the text has its path. The call was not executed. */
export class InvalidArgumentError extends CallError {
  readonly code = 'INVALID_ARGUMENT';
}

/** A result or an item does not fit the interface; the text has its path. */
export class InvalidResultError extends CallError {
  readonly code = 'INVALID_RESULT';
}

/** No matching server has this method. The call was not executed. */
export class UnknownMethodError extends CallError {
  readonly code = 'UNKNOWN_METHOD';
}

/** The method threw an error that its interface does not declare. */
export class HandlerFailedError extends CallError {
  readonly code = 'HANDLER_FAILED';
}

/** A kernel object or memory region cannot be sent here: over a `MessagePort`, for example. */
export class UnsupportedAttachmentError extends CallError {
  readonly code = 'UNSUPPORTED_ATTACHMENT';
}

/** The property has another version than `ifVersion`; it was not set. */
export class ConflictError extends CallError {
  readonly code = 'CONFLICT';
}

/** The server broke the protocol of this call, for example by more items than it had credit for. */
export class ProtocolError extends CallError {
  readonly code = 'PROTOCOL';
}

/** The client or the service is closed. */
export class ClosedError extends CallError {
  readonly code = 'CLOSED';
}

/** An error that the interface declares. Use `isError` to get the type of `data`. */
export class DeclaredError extends CallError {
  readonly code: string;
  /** The name of the interface. */
  readonly interface: string;
  /** As the interface declares it. */
  readonly data: unknown;

  constructor(
    interfaceName: string,
    code: string,
    data: unknown,
    message: string,
    facts: CallErrorFacts,
  ) {
    super(message, facts);
    this.interface = interfaceName;
    this.code = code;
    this.data = data;
  }
}

const names: readonly (readonly [{ readonly prototype: Error }, string])[] = [
  [NoRecipientError, 'NoRecipientError'],
  [PeerGoneError, 'PeerGoneError'],
  [DeadlineError, 'DeadlineError'],
  [CancelledError, 'AbortError'],
  [BusyError, 'BusyError'],
  [OverrunError, 'OverrunError'],
  [InvalidArgumentError, 'InvalidArgumentError'],
  [InvalidResultError, 'InvalidResultError'],
  [UnknownMethodError, 'UnknownMethodError'],
  [HandlerFailedError, 'HandlerFailedError'],
  [UnsupportedAttachmentError, 'UnsupportedAttachmentError'],
  [ConflictError, 'ConflictError'],
  [ProtocolError, 'ProtocolError'],
  [ClosedError, 'ClosedError'],
  [DeclaredError, 'DeclaredError'],
];
for (const [errors, name] of names) nameErrors(errors, name);
