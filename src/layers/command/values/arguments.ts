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
} from '../../interface/entry-values.js';
import { didYouMean } from '../nearest.js';
import { UsageError } from '../usage.js';
import { collected, parsed } from './free-arguments.js';

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

function unknownArgument(name: string, fields: Fields): UsageError {
  const names = Object.keys(fields);
  const guess = didYouMean(name, names);
  const known = names.length === 0 ? '; it takes none' : `; known: ${names.join(', ')}`;
  return new UsageError(`there is no argument '${name}'${guess === '' ? known : guess}`);
}
