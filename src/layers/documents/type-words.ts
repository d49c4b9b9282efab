// Types as documents write them: texts with the names of structs and enums as links.
import { type AnySchema, isOwn, type OwnSchema } from '../interface/index.js';

/** A piece of a type: a text, or the name of a struct or enum. */
export type Word = string | { readonly type: string };

/** A type: its pieces in order. */
export type TypeWords = readonly Word[];

/** A type in words: `list<`, `Sample`, `>?`. */
export function typeWords(schema: AnySchema): TypeWords {
  if (!isOwn(schema)) return ['json'];
  switch (schema.kind) {
    case 'list':
    case 'map':
      return [`${schema.kind}<`, ...typeWords(schema.of), '>'];
    case 'optional':
      return [...typeWords(schema.of), '?'];
    case 'struct':
      return [schema.name === undefined ? 'struct' : { type: schema.name }];
    case 'enum':
      return schema.name === undefined ? [schema.values.join(' | ')] : [{ type: schema.name }];
    default:
      return [schema.kind];
  }
}

/** The words as one text. */
export function textOf(words: TypeWords): string {
  return words.map((word) => (typeof word === 'string' ? word : word.type)).join('');
}

/** What is within optionals, lists and maps, and how to write the way to it: `[]`, `{}`. */
export function innermost(schema: AnySchema, path = ''): { of: AnySchema; path: string } {
  if (!isOwn(schema) || !('of' in schema)) return { of: schema, path };
  const step = { list: '[]', map: '{}', optional: '' }[schema.kind];
  return innermost(schema.of, path + step);
}

/** The documentation of a value: its own, or that of what it may be. */
export function docsOf(schema: AnySchema): string | undefined {
  if (!isOwn(schema)) return undefined;
  const own: OwnSchema = schema;
  // A struct or enum with a name has its documentation where it is defined.
  const isType = 'name' in own && own.name !== undefined && own.origin === undefined;
  if (own.docs !== undefined && !isType) return own.docs;
  return own.kind === 'optional' ? docsOf(own.of) : undefined;
}
