// The errors of wires themselves. What becomes of a call when its wire ends is the table of the rpc
// layer; its error then has one of these as `cause`.

/** The codes of {@link WireError}. */
export type WireErrorCode =
  | 'CANNOT_CONNECT'
  | 'CANNOT_LISTEN'
  | 'NOT_A_WIRE'
  | 'WIRE_VERSION'
  | 'WIRE_TOKEN'
  | 'HANDSHAKE_TIMEOUT'
  | 'TOO_MANY_WIRES'
  | 'FRAME_TOO_LARGE'
  | 'FRAME_MALFORMED'
  | 'WIRE_CORRUPTED'
  | 'WIRE_SILENT'
  | 'WIRE_CUT'
  | 'WIRE_CLOSED'
  | 'WIRE_OPTION';

const codes: ReadonlySet<unknown> = new Set<WireErrorCode>([
  'CANNOT_CONNECT',
  'CANNOT_LISTEN',
  'NOT_A_WIRE',
  'WIRE_VERSION',
  'WIRE_TOKEN',
  'HANDSHAKE_TIMEOUT',
  'TOO_MANY_WIRES',
  'FRAME_TOO_LARGE',
  'FRAME_MALFORMED',
  'WIRE_CORRUPTED',
  'WIRE_SILENT',
  'WIRE_CUT',
  'WIRE_CLOSED',
  'WIRE_OPTION',
]);

/**
 * A wire could not be opened, or has ended. Compare `code`:
 *
 * - `CANNOT_CONNECT`: nobody listens there; `cause` has the reason.
 * - `CANNOT_LISTEN`: nobody can connect there; `cause` has the reason.
 * - `NOT_A_WIRE`: the other side does not begin as a wire does.
 * - `WIRE_VERSION`: it speaks another version of the protocol.
 * - `WIRE_TOKEN`: it expects another token.
 * - `HANDSHAKE_TIMEOUT`: it did not end its handshake in time.
 * - `TOO_MANY_WIRES`: the listener has as many wires as it takes.
 * - `FRAME_TOO_LARGE`: a frame is larger than its receiver takes.
 * - `FRAME_MALFORMED`: a frame is not as the protocol has it.
 * - `WIRE_CORRUPTED`: bytes changed on their way, and could not be had again.
 * - `WIRE_SILENT`: the other side did not answer a ping.
 * - `WIRE_CUT`: the bytes ended without a farewell.
 * - `WIRE_CLOSED`: one of the sides has closed the wire.
 * - `WIRE_OPTION`: an argument or option of this process is wrong.
 */
export class WireError extends Error {
  /** What went wrong; see the class. */
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

// On the prototype, as for built-in errors: logs print all own properties.
Object.defineProperty(WireError.prototype, 'name', {
  value: 'WireError',
  writable: true,
  configurable: true,
});

/** A code that the other side wrote; one that is not known here stands for the end of the wire. */
export function codeOf(value: unknown): WireErrorCode {
  return codes.has(value) ? (value as WireErrorCode) : 'WIRE_CLOSED';
}

/** An argument of this process that is wrong. */
export function optionError(message: string): WireError {
  return new WireError('WIRE_OPTION', message);
}
