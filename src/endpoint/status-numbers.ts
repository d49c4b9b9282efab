// Numbers of the native error list that this side reports to the native side.
import { errorList } from '../errors/index.js';

const numbers = new Map<string, number>(errorList.map(({ code, number }) => [code, number]));

/** The message was handled. */
export const handledStatus = 0;
/** The consumer did not handle the message. */
export const notHandledStatus = numberOf('ERR_BUSBAR_NOT_HANDLED');

/** The number of a stable code; that of `NOT_HANDLED` for a code outside the list. */
export function statusOf(code: string): number {
  return numbers.get(code) ?? notHandledStatus;
}

function numberOf(code: string): number {
  const number = numbers.get(code);
  if (number === undefined) throw new Error(`${code} is not in the list of errors`);
  return number;
}
