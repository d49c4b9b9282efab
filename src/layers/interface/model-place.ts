// Where something stands in a model, and refusals that say so.
import { hint } from '../../base/misspelt.js';
import { show } from '../../base/show.js';
import { InvalidInterfaceError, type PathStep, pathText } from './errors.js';

/** The steps from the model to one of its parts. */
export type Place = readonly PathStep[];

/** A refusal of a part of a model; the reader of files looks up its line. */
export class ModelError extends InvalidInterfaceError {
  /** The steps to the part. */
  readonly place: Place;
  /** Whether the key is wrong, and not its value. */
  readonly atKey: boolean;

  constructor(place: Place, problem: string, atKey = false) {
    super(pathText(place), problem);
    this.place = place;
    this.atKey = atKey;
  }
}

/** An object of the model; refuses all else, and keys that are not `known`. */
export function checkObject(
  place: Place,
  given: unknown,
  known?: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    const expected = known === undefined ? 'names with their values' : `keys such as '${known[0]}'`;
    throw new ModelError(place, `is ${show(given)}; expected ${expected}`);
  }
  for (const key of Object.keys(given)) {
    if (known !== undefined && !known.includes(key)) {
      throw new ModelError([...place, key], `is not known here${hint(key, known)}`, true);
    }
  }
  return given as Readonly<Record<string, unknown>>;
}

/** Calls a function of the value form, and gives its refusals the place of the model. */
export function within<T>(place: Place, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof InvalidInterfaceError) || error instanceof ModelError) throw error;
    // Paths such as 't.list()' name a builder, which a file does not have.
    const steps = error.path === '' || error.path.includes('(') ? [] : error.path.split('.');
    const isName = / is no name for | is reserved$/.test(` ${error.problem}`);
    throw new ModelError([...place, ...steps], error.problem, isName);
  }
}
