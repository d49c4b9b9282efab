// Arguments from a command line: `name=value` or a JSON object. What a value is, its schema decides:
// `21` is a text for a text, and a number for a number.
import {
  type AnySchema,
  type Fields,
  InvalidValueError,
  noAttachments,
  type Shape,
  type StructSchema,
  shapeOf,
} from '../../interface/index.js';
import { didYouMean } from '../nearest.js';
import { UsageError } from '../usage.js';

/** The fields of arguments, data or a struct, by name. */
export function fieldsOf(types: Fields | AnySchema): Fields {
  return '~standard' in types ? (types as StructSchema).fields : (types as Fields);
}

/** The value of arguments that have a schema, checked and with defaults. */
export function checkedArguments(words: readonly string[], shape: Shape, fields: Fields): unknown {
  const json = collected(words, (name, text) => {
    const schema = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (schema === undefined) throw unknownArgument(name, fields);
    return jsonOf(name, text, schema);
  });
  for (const name of Object.keys(json)) {
    if (!Object.hasOwn(fields, name)) throw unknownArgument(name, fields);
  }
  return decoded(shape, json);
}

/** Checks JSON by a shape. */
export function decoded(shape: Shape, json: unknown): unknown {
  try {
    return checked(shape, json);
  } catch (error) {
    if (error instanceof InvalidValueError) throw new UsageError(error.message);
    throw error;
  }
}

/** The value of one word that has a schema, checked. */
export function checkedValue(name: string, text: string, schema: AnySchema): unknown {
  return decoded(shapeOf(schema), jsonOf(name, text, schema));
}

/** Arguments without a schema: JSON where it is some, else text. */
export function freeArguments(words: readonly string[]): Readonly<Record<string, unknown>> {
  return collected(words, (_, text) => freeValue(text));
}

/** JSON if a text is some, else the text. */
export function freeValue(text: string): unknown {
  const json = parsed(text);
  return json === undefined ? text : json.value;
}

function collected(
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

function jsonOf(name: string, text: string, schema: AnySchema): unknown {
  const shape = shapeOf(schema);
  const json = parsed(text);
  const asText = refusalOf(shape, text);
  const asJson = json === undefined ? asText : refusalOf(shape, json.value);
  // Both fit where anything does: then JSON is meant, but a text in quotes has its quotes.
  if (asJson === undefined && json !== undefined) {
    return asText === undefined && typeof json.value === 'string' ? text : json.value;
  }
  if (asText === undefined) return text;
  const refusal = (json === undefined ? asText : asJson) ?? asText;
  throw new UsageError(`argument ${name}: ${refusal}`);
}

/** What may be received is more than what may be sent: a value of an enum that is not known yet. */
function checked(shape: Shape, json: unknown): unknown {
  const value = shape.decode(json, noAttachments, 'json');
  shape.encode(value, noAttachments, 'json');
  return value;
}

function refusalOf(shape: Shape, json: unknown): string | undefined {
  try {
    checked(shape, json);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function unknownArgument(name: string, fields: Fields): UsageError {
  const names = Object.keys(fields);
  const guess = didYouMean(name, names);
  const known = names.length === 0 ? '; it takes none' : `; known: ${names.join(', ')}`;
  return new UsageError(`there is no argument '${name}'${guess === '' ? known : guess}`);
}
