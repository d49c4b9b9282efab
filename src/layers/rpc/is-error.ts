// Telling declared errors from all others.
import type { Interface } from '../interface/entry-values.js';
import { DeclaredError } from './errors.js';
import type { ErrorCodeOf, ErrorDataOf } from './types.js';

/**
 * Whether `error` is the declared error `code` of an interface; then `error.data` has its type.
 *
 * ```ts
 * if (isError(Thermostat, 'OutOfRange', error)) console.log(error.data.max);
 * ```
 */
export function isError<I extends Interface, C extends ErrorCodeOf<I>>(
  source: I,
  code: C,
  error: unknown,
): error is DeclaredError & {
  readonly code: C;
  /** What the method said about it. */
  readonly data: ErrorDataOf<I, C>;
} {
  return error instanceof DeclaredError && error.interface === source.name && error.code === code;
}
