// Names of Stinger, which may begin with any letter, digit, _ or -, as names of ours.
import { InvalidInterfaceError } from '../errors.js';
import { ModelError, type Place } from '../model-place.js';
import { pascalCase } from '../spelling.js';

const maxLength = 64;

/** Gives names within one scope, each once. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #check: (name: string) => void;

  /** `check` throws an InvalidInterfaceError at a name that is reserved. */
  constructor(check: (name: string) => void) {
    this.#check = check;
  }

  /** A name that is allowed as it is, unless it is taken. */
  take(given: string): string {
    if (this.#taken.has(given) || !this.#isAllowed(given)) return this.give(given, []);
    this.#taken.add(given);
    return given;
  }

  /** A name like the given one that is allowed and free. */
  give(given: string, place: Place): string {
    const letters = given.replaceAll('-', '_').replace(/^(?=[^A-Za-z])/, 'x');
    if (letters.length > maxLength) {
      throw new ModelError(
        place,
        `has ${letters.length} characters; the limit is ${maxLength}`,
        true,
      );
    }
    let name = this.#isAllowed(letters) ? letters : `${letters}_`;
    for (let count = 2; this.#taken.has(name); count++) name = `${letters}_${count}`;
    this.#taken.add(name);
    return name;
  }

  #isAllowed(name: string): boolean {
    try {
      this.#check(name);
      return true;
    } catch (error) {
      if (error instanceof InvalidInterfaceError) return false;
      throw error;
    }
  }
}

/** Gives names to types: `dayOfTheWeek` becomes `DayOfTheWeek`. */
export class TypeNames {
  readonly #taken = new Set<string>();

  give(given: string): string {
    const first = pascalCase(given.replace(/^[^A-Za-z]+/, '')) || `T${given.replace(/\W/g, '')}`;
    let name = first;
    for (let count = 2; this.#taken.has(name); count++) name = `${first}${count}`;
    this.#taken.add(name);
    return name;
  }
}
