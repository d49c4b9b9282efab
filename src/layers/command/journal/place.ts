// A place in a journal, as it is written on a command line.
import { UsageError } from '../usage.js';

/** A position, or a time as in RFC 3339; `undefined` if none was given. */
export function placeOf(option: string, text: string | undefined): number | Date | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) > 0) {
    return Number(text);
  }
  const time = new Date(text);
  if (/^\d{4}-/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw new UsageError(
    `--${option} is '${text}'; expected a position from 1 on, or a time as in 2026-05-01T12:00:00Z`,
  );
}
