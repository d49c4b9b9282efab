// The return codes of Stinger's programs, and what they mean on the bus.
import { CallError, type CallErrorCode, DeclaredError } from '../../rpc/entry-port.js';
import { PayloadError } from './payload.js';

/** The codes, as the user property `ReturnCode` has them. */
export const returnCode = {
  success: 0,
  clientError: 1,
  serverError: 2,
  transportError: 3,
  payloadError: 4,
  clientSerializationError: 5,
  clientDeserializationError: 6,
  serverSerializationError: 7,
  serverDeserializationError: 8,
  methodNotFound: 9,
  unauthorized: 10,
  timeout: 11,
  outOfSync: 12,
  unknownError: 13,
  notImplemented: 14,
  serviceUnavailable: 15,
} as const;

const names: readonly string[] = [
  'success',
  'client error',
  'server error',
  'transport error',
  'payload error',
  'client serialization error',
  'client deserialization error',
  'server serialization error',
  'server deserialization error',
  'method not found',
  'unauthorized',
  'timeout',
  'out of sync',
  'unknown error',
  'not implemented',
  'service unavailable',
];

const ofCodes: Readonly<Partial<Record<CallErrorCode, number>>> = {
  NO_RECIPIENT: returnCode.serviceUnavailable,
  PEER_GONE: returnCode.transportError,
  DEADLINE: returnCode.timeout,
  CANCELLED: returnCode.serviceUnavailable,
  BUSY: returnCode.serviceUnavailable,
  OVERRUN: returnCode.serviceUnavailable,
  INVALID_ARGUMENT: returnCode.serverDeserializationError,
  INVALID_RESULT: returnCode.serverSerializationError,
  UNKNOWN_METHOD: returnCode.methodNotFound,
  HANDLER_FAILED: returnCode.serverError,
  CONFLICT: returnCode.outOfSync,
  PROTOCOL: returnCode.serverError,
  CLOSED: returnCode.serviceUnavailable,
};

/** The code that tells Stinger's programs of an error of a call on the bus. */
export function codeOf(error: unknown): number {
  if (error instanceof PayloadError) return returnCode.serverDeserializationError;
  if (error instanceof DeclaredError || !(error instanceof CallError)) {
    return returnCode.serverError;
  }
  return ofCodes[error.code as CallErrorCode] ?? returnCode.unknownError;
}

/** What callers on the bus get for a code of a Stinger program. */
export function errorCodeOf(code: number): CallErrorCode {
  switch (code) {
    case returnCode.serverSerializationError:
      return 'INVALID_RESULT';
    case returnCode.serverDeserializationError:
    case returnCode.payloadError:
    case returnCode.clientError:
    case returnCode.clientSerializationError:
      return 'INVALID_ARGUMENT';
    case returnCode.methodNotFound:
    case returnCode.notImplemented:
      return 'UNKNOWN_METHOD';
    case returnCode.timeout:
      return 'DEADLINE';
    case returnCode.outOfSync:
      return 'CONFLICT';
    case returnCode.serviceUnavailable:
      return 'BUSY';
    default:
      return 'HANDLER_FAILED';
  }
}

/** A code in words. */
export function nameOfCode(code: number): string {
  return names[code] ?? `return code ${code}`;
}

/** The code in a user property; that of an unknown error if it is none, and success without one. */
export function readCode(text: string | undefined): number {
  if (text === undefined) return returnCode.success;
  return /^\d{1,2}$/.test(text) && Number(text) < names.length
    ? Number(text)
    : returnCode.unknownError;
}
