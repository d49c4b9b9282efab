// Rules for values of a file: each accepts, or refuses with the place. As in JSON Schema, an object
// may have keys that no rule knows.

import { show } from '../../../base/show.js';
import { ModelError, type Place } from '../model-place.js';

/** Refuses a value by throwing a ModelError. */
export type Rule = (value: unknown, place: Place) => void;

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Everything. */
export const anything: Rule = () => undefined;

/** A value of which `is` says whether it is right. */
export function such(is: (value: unknown) => boolean, expected: string): Rule {
  return (value, place) => {
    if (!is(value)) throw new ModelError(place, `is ${show(value)}; expected ${expected}`);
  };
}

/** A text of at most `max` characters. */
export function text(max = Number.POSITIVE_INFINITY): Rule {
  return (value, place) => {
    if (typeof value !== 'string') {
      throw new ModelError(place, `is ${show(value)}; expected a text${quotes(value)}`);
    }
    // As JSON Schema counts: whole characters.
    const { length } = [...value];
    if (length > max) {
      throw new ModelError(place, `has ${length} characters; the limit is ${max}`);
    }
  };
}

function quotes(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean'
    ? `; write '${String(value)}' with quotes`
    : '';
}

/** A text that matches. */
export function matching(pattern: RegExp, expected: string, max?: number): Rule {
  const checkText = text(max);
  return (value, place) => {
    checkText(value, place);
    if (!pattern.test(value as string)) {
      throw new ModelError(place, `is ${show(value)}; expected ${expected}`);
    }
  };
}

/** One of these texts. */
export function word(words: readonly string[]): Rule {
  return such(
    (value) => typeof value === 'string' && words.includes(value),
    words.length === 1 ? `'${words[0]}'` : `one of ${words.join(', ')}`,
  );
}

/** true or false. */
export const truth: Rule = such((value) => typeof value === 'boolean', 'true or false');

/** An integer of at least `least`. */
export function integer(least = Number.NEGATIVE_INFINITY): Rule {
  const expected = Number.isFinite(least) ? `an integer of at least ${least}` : 'an integer';
  return such((value) => Number.isInteger(value) && (value as number) >= least, expected);
}

/** Accepts what one of the rules accepts; `expected` says what that is. */
export function either(rules: readonly Rule[], expected: string): Rule {
  return such((value) => rules.some((rule) => accepts(rule, value)), expected);
}

function accepts(rule: Rule, value: unknown): boolean {
  try {
    rule(value, []);
    return true;
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
}

/** A list, each of whose elements the rule accepts; no two are equal if `unique`. */
export function list(rule: Rule, { least = 0, unique = false } = {}): Rule {
  return (value, place) => {
    if (!Array.isArray(value)) throw new ModelError(place, `is ${show(value)}; expected a list`);
    if (value.length < least) {
      throw new ModelError(place, `has ${value.length} elements; it needs at least ${least}`);
    }
    const seen = new Set<string>();
    for (const [index, element] of value.entries()) {
      rule(element, [...place, index]);
      const key = comparable(element);
      if (unique && seen.has(key)) {
        throw new ModelError([...place, index], 'is there twice');
      }
      seen.add(key);
    }
  };
}

function comparable(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isObject(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Named values. */
export function record(name: Rule, rule: Rule): Rule {
  return (value, place) => {
    if (!isObject(value)) {
      throw new ModelError(place, `is ${show(value)}; expected names with their values`);
    }
    for (const [key, part] of Object.entries(value)) {
      try {
        name(key, [...place, key]);
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        throw new ModelError(error.place, error.problem, true);
      }
      rule(part, [...place, key]);
    }
  };
}

/** The keys of an object. */
export interface Keys {
  /** What must be there. */
  readonly required?: readonly string[];
  /** The rules of values. */
  readonly known?: Readonly<Record<string, Rule>>;
  /** Keys that must not be there, with what is meant instead; empty for nothing. */
  readonly instead?: Readonly<Record<string, string>>;
  /** Whether no other keys may be there. */
  readonly isClosed?: boolean;
}

/** An object with these keys. */
export function object({ required = [], known = {}, instead = {}, isClosed = false }: Keys): Rule {
  return (value, place) => {
    if (!isObject(value)) {
      const some = required[0] ?? Object.keys(known)[0];
      throw new ModelError(place, `is ${show(value)}; expected keys such as '${some}'`);
    }
    for (const [key, part] of Object.entries(value)) {
      const at = [...place, key];
      const meant = Object.hasOwn(instead, key) ? instead[key] : undefined;
      if (meant !== undefined) {
        throw new ModelError(
          at,
          meant === '' ? 'is not allowed here' : `is not allowed here; write '${meant}'`,
          true,
        );
      }
      const rule = Object.hasOwn(known, key) ? known[key] : undefined;
      if (rule !== undefined) rule(part, at);
      else if (isClosed) throw new ModelError(at, 'is not known here', true);
    }
    for (const key of required) {
      if (!Object.hasOwn(value, key)) throw new ModelError(place, `lacks the key '${key}'`);
    }
  };
}
