// Numbers of the native error list, for what this side tells the native one.
import { errorList } from '../errors/index.js';

/** The number of an error's stable code; that of `NOT_HANDLED` for a code that is not in the list. */
export function statusOf(code: string): number {
  return errorList.find((entry) => entry.code === code)?.number ?? notHandledStatus;
}

/** A message was handled. */
export const handledStatus = 0;
/** Its consumer gave it up. */
export const notHandledStatus = 30;
