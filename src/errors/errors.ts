// One class for each row of error-list.ts, in its order. No logic here: bus-error.ts defines the
// facts of an error, error-from-status.ts chooses the error for a native status.
import { errorClass } from './bus-error.js';

/**
 * An argument or option has the wrong type or is out of range. `option`, `value` and `limit` say
 * which.
 */
export class InvalidArgumentError extends errorClass('InvalidArgument') {}

/** The bus identifier is empty, too long or has a character that is not allowed. */
export class InvalidIdentifierError extends errorClass('InvalidIdentifier') {}

/** A label string is empty, too long or not well-formed Unicode, or there are too many of them. */
export class InvalidLabelError extends errorClass('InvalidLabel') {}

/** A selector cannot be built: its text is wrong or its expression exceeds a limit. */
export class InvalidSelectorError extends errorClass('InvalidSelector') {}

/** The token of the bus differs from the one given to `join`. */
export class TokenMismatchError extends errorClass('TokenMismatch') {}

/** This process and the bus have no protocol version in common. */
export class VersionMismatchError extends errorClass('VersionMismatch') {}

/** The operating system or the bus does not admit this user. */
export class PermissionError extends errorClass('Permission') {}

/** The `timeout` expired first. Retrying is safe after every call except `deliver`. */
export class TimeoutError extends errorClass('Timeout') {}

/**
 * The `signal` given to the call was aborted. `name` is `'AbortError'`, as everywhere in Node, so
 * that code which recognises cancellation by name works unchanged; `code` is
 * `'ERR_BUSBAR_ABORTED'`, and `cause` is the signal's reason.
 */
export class AbortedError extends errorClass('Aborted', 'AbortError') {}

/** The endpoint was closed before or during the call. */
export class ClosedError extends errorClass('Closed') {}

/** The encoded message is larger than `maxMessageBytes`. Nothing of it was sent. */
export class TooLargeError extends errorClass('TooLarge') {}

/** A unicast without `ttl` matches no endpoint. Nothing was sent. */
export class NoRecipientError extends errorClass('NoRecipient') {}

/**
 * A receiver is slow and the sender's queue for it is full. Wait for `drained()`, then send again.
 */
export class QueueFullError extends errorClass('QueueFull') {}

/** The message was not made by the message box of this endpoint. */
export class UnknownTypeError extends errorClass('UnknownType') {}

/** A received payload fails the validation by its type's schema; `cause` has the issues. */
export class SchemaMismatchError extends errorClass('SchemaMismatch') {}

/** A received payload is not valid for its type's codec; `cause` is the codec's error. */
export class DecodeFailedError extends errorClass('DecodeFailed') {}

/** A peer wrote something that the protocol does not allow; its link was closed. */
export class ProtocolViolationError extends errorClass('ProtocolViolation') {}

/**
 * `deliver` could not deliver the message to every receiver; `failures` gives the reason for each.
 */
export class UndeliveredError extends errorClass('Undelivered') {}

/** A quota of the bus or of this endpoint is used up. */
export class LimitExceededError extends errorClass('LimitExceeded') {}

/** Memory, shared or not, could not be allocated. */
export class OutOfMemoryError extends errorClass('OutOfMemory') {}

/** This process or the system has no file descriptor left. */
export class OutOfDescriptorsError extends errorClass('OutOfDescriptors') {}

/** A failure of the operating system that this package does not handle by name; see `osCode`. */
export class SystemError extends errorClass('System') {}

/** The other endpoint left or died. */
export class PeerGoneError extends errorClass('PeerGone') {}

/** No endpoint is controller, and none of the present ones may become it. */
export class NoControllerError extends errorClass('NoController') {}

/** The call would have to wait, and it must not. */
export class WouldBlockError extends errorClass('WouldBlock') {}

/** This platform, process or codec cannot do what was asked for. */
export class UnsupportedError extends errorClass('Unsupported') {}

/**
 * This runtime, for example Electron, forbids views of memory that V8 has not allocated, so
 * `region.bytes` and `region.map()` do not work. `region.read()`, `region.write()` and
 * `region.copy()` work everywhere.
 */
export class NoExternalBuffersError extends errorClass('NoExternalBuffers') {}

/** A queued message with a `key` was replaced by a newer one before it was sent to a receiver. */
export class SupersededError extends errorClass('Superseded') {}

/**
 * `whenFull: 'disconnect'` disconnected the receiver. Messages that it had not taken by then may
 * still reach it, or may not.
 */
export class TooSlowError extends errorClass('TooSlow') {}

/**
 * A receiver took the message but did not finish it: its listener, or the body of its loop, threw.
 */
export class NotHandledError extends errorClass('NotHandled') {}
