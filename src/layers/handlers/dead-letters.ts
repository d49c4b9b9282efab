// The places for messages that were given up: a function, or anything with the `append` of a
// journal.
import { show } from '../../base/show.js';
import { type AnyMessageType, messageBox } from '../../index.js';
import { TableError } from './errors.js';
import type { AnyLetter } from './plan.js';
import type { DeadLetterLog } from './types.js';

/** A place as it was given, whatever its box. */
export type DeadLetterPlace = DeadLetterLog | ((letter: never) => unknown);

/** The function that takes the dead letters of routes of one type. */
export function deadLetterOf(
  where: string,
  place: DeadLetterPlace | undefined,
  type: AnyMessageType,
): ((letter: AnyLetter) => unknown) | undefined {
  if (place === undefined) return undefined;
  if (typeof place === 'function') return place as (letter: AnyLetter) => unknown;
  if (typeof place?.append === 'function') return (letter) => write(place, letter, type);
  throw new TableError(
    `deadLetter of ${where} is ${show(place)}; expected a function or a journal`,
  );
}

// Encoded again by its type, since what arrived was decoded.
function write(log: DeadLetterLog, { message }: AnyLetter, type: AnyMessageType) {
  const { metadata, from, id, format, payload } = message;
  const box = messageBox({ letter: type });
  const letter = box.letter as (payload: unknown, options: object) => never;
  const facts = { label: from.label, peerId: from.id, id };
  return log.append(
    letter(payload, { format }),
    metadata === undefined ? facts : { ...facts, metadata },
  );
}
