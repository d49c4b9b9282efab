// Checks of the options that programs pass to a layer. Each layer says what they throw.
import { show } from './show.js';

/** Checks of one layer. */
export interface OptionChecks {
  /** Refuses options that are no object, or that have a key outside `known`. */
  checkKeys<T extends object>(
    where: string,
    options: T | undefined,
    known: readonly string[],
  ): Partial<T>;
  /** Refuses anything except an integer from `min` to `max`. */
  checkWhole(option: string, value: unknown, min: number, max: number): number;
  /** Refuses anything except one of the words. */
  checkWord<T extends string>(option: string, value: unknown, words: readonly T[]): T;
}

/** Makes checks that throw what `refused` returns for a text and the option that it names. */
export function optionChecks(refused: (text: string, option: string) => Error): OptionChecks {
  return {
    checkKeys(where, options, known) {
      if (options === undefined) return {};
      if (typeof options !== 'object' || options === null || Array.isArray(options)) {
        throw refused(`options of ${where} are ${show(options)}; expected an object`, 'options');
      }
      const unknown = Object.keys(options).find((name) => !known.includes(name));
      if (unknown === undefined) return { __proto__: null, ...options };
      const names = known.map((name) => `'${name}'`).join(', ');
      throw refused(`unknown option '${unknown}' of ${where}; known: ${names}`, unknown);
    },
    checkWhole(option, value, min, max) {
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
        return value;
      }
      const text = `${option} is ${show(value)}; expected an integer of ${min} to ${max}`;
      throw refused(text, option);
    },
    checkWord(option, value, words) {
      const word = words.find((known) => known === value);
      if (word !== undefined) return word;
      const known = words.map((name) => `'${name}'`).join(', ');
      throw refused(`${option} is ${show(value)}; expected one of ${known}`, option);
    },
  };
}
