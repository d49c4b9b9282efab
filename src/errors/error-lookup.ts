// Finds rows of the error list by name, number or code, so that no other file writes a number of
// the list.
import { type EntryOf, type ErrorName, errorList } from './error-list.js';

/** The status of a call that succeeded; not in the list, which has only failures. */
export const okStatus = 0;

/** The row of a name; every {@link ErrorName} has one. */
export function entryOf<N extends ErrorName>(name: N): EntryOf<N> {
  return errorList.find((entry) => entry.name === name) as EntryOf<N>;
}

/** The native number of a failure, as in `statusOf('QueueFull')`. */
export function statusOf(name: ErrorName): number {
  return entryOf(name).number;
}

const numbers = new Map<string, number>(errorList.map(({ code, number }) => [code, number]));

/** The native number of a stable code; `undefined` for a code that is not in the list. */
export function statusOfCode(code: string): number | undefined {
  return numbers.get(code);
}

/** The stable code of a native number, for reports that carry a reason. */
export function codeOf(status: number): string {
  return errorList.find((entry) => entry.number === status)?.code ?? entryOf('System').code;
}
