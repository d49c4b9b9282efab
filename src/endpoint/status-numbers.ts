// Numbers of the native error list, for what this side tells the native one.
import { errorList } from '../errors/index.js';

const numbers = new Map<string, number>(errorList.map(({ code, number }) => [code, number]));

/** A message was handled. */
export const handledStatus = 0;
/** Its consumer gave it up. */
export const notHandledStatus = numberOf('ERR_BUSBAR_NOT_HANDLED');

/** The number of an error's stable code; that of `NOT_HANDLED` for a code that is not in the list. */
export function statusOf(code: string): number {
  return numbers.get(code) ?? notHandledStatus;
}

function numberOf(code: string): number {
  const number = numbers.get(code);
  if (number === undefined) throw new Error(`${code} is not in the list of errors`);
  return number;
}
