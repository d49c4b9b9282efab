// The error of bridges. Wrong arguments are InvalidArgumentErrors of the bus, and what becomes of a
// call is the table of the rpc layer.
import { nameErrors } from '../../base/name-errors.js';

/** The codes of {@link BridgeError}. */
export type BridgeErrorCode =
  | 'CANNOT_CONNECT'
  | 'BROKER_CLOSED'
  | 'BUS_CLOSED'
  | 'CANNOT_SUBSCRIBE';

/**
 * A bridge could not be made, or has ended. Compare `code`:
 *
 * - `CANNOT_CONNECT`: no server of the broker takes the connection; `cause` has the reason.
 * - `CANNOT_SUBSCRIBE`: the broker refuses a subscription that a rule needs.
 * - `BROKER_CLOSED`: the connection is closed for good; `cause` has the reason.
 * - `BUS_CLOSED`: an endpoint of the bridge was expelled from the bus.
 */
export class BridgeError extends Error {
  /** What went wrong; see the class. */
  readonly code: BridgeErrorCode;

  constructor(code: BridgeErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

nameErrors(BridgeError, 'BridgeError');
