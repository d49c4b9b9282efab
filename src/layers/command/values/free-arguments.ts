// Arguments from a command line that no schema describes: `name=value`, or JSON.
import { UsageError } from '../usage.js';

/** Arguments without a schema: JSON where it is some, else text. */
export function freeArguments(words: readonly string[]): Readonly<Record<string, unknown>> {
  return collected(words, (_, text) => freeValue(text));
}

/** JSON if a text is some, else the text. */
export function freeValue(text: string): unknown {
  const json = parsed(text);
  return json === undefined ? text : json.value;
}

/** The values of words by their names; `read` makes a value of a text. */
export function collected(
  words: readonly string[],
  read: (name: string, text: string) => unknown,
): Record<string, unknown> {
  const found: Record<string, unknown> = Object.create(null);
  for (const word of words) {
    if (word.trimStart().startsWith('{')) {
      const json = parsed(word);
      if (json === undefined) throw new UsageError(`'${word}' is no JSON`);
      Object.assign(found, json.value);
      continue;
    }
    const at = word.indexOf('=');
    if (at < 1) throw new UsageError(`'${word}' is neither name=value nor a JSON object`);
    const name = word.slice(0, at);
    found[name] = read(name, word.slice(at + 1));
  }
  return found;
}

/** The JSON of a text; `undefined` if it is none. */
export function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
