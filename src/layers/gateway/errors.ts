// The errors of a gateway in its own process. What its callers get is in http/refusal.ts.

/** The codes of {@link GatewayError}. */
export type GatewayErrorCode = 'GATEWAY_OPTION' | 'CANNOT_LISTEN' | 'GATEWAY_CLOSED';

/**
 * A gateway could not be opened, or cannot be used. Compare `code`:
 *
 * - `GATEWAY_OPTION`: an argument or option is wrong; the text names it.
 * - `CANNOT_LISTEN`: nobody can connect there; `cause` has the reason.
 * - `GATEWAY_CLOSED`: the gateway is closed, or its bus is gone.
 */
export class GatewayError extends Error {
  /** What went wrong; see the class. */
  readonly code: GatewayErrorCode;

  constructor(code: GatewayErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

// On the prototype, as for built-in errors: logs print all own properties.
Object.defineProperty(GatewayError.prototype, 'name', {
  value: 'GatewayError',
  writable: true,
  configurable: true,
});

/** An argument of this process that is wrong. */
export function optionError(message: string): GatewayError {
  return new GatewayError('GATEWAY_OPTION', message);
}
