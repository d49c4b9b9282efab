// Values for examples, written in some language: one walk over a schema, and the literals of each
// language.
import {
  type AnySchema,
  type EnumSchema,
  type Fields,
  isOwn,
  isSchema,
  type NamedTypes,
  type SimpleKind,
  type StructSchema,
  type TypeOf,
} from '../../interface/index.js';
import type { Part, Piece } from './layout.js';

/** How a language writes values. */
export interface Literals {
  /** A value without parts. */
  readonly simple: Readonly<Record<SimpleKind, string>>;
  /** Any JSON value. */
  readonly json: string;
  /** The name of a field, or the key of a map, as it stands before its value. */
  readonly field: (name: string) => string;
  readonly key: (name: string) => string;
  readonly list: (parts: readonly Piece[], of: AnySchema) => Piece;
  readonly map: (parts: readonly Part[], of: AnySchema) => Piece;
  /**
   * A struct, or the fields of one without a name. `place` is where it is used, for languages in
   * which every struct has a name: the member, then names of fields.
   */
  readonly struct: (
    parts: readonly Part[],
    schema: StructSchema | undefined,
    place: readonly string[],
  ) => Piece;
  readonly enumValue: (value: string, schema: EnumSchema) => string;
}

/** A struct that contains itself ends at this depth. */
const maxDepth = 3;

/** A value that fits a schema, or fields. */
export function sampleOf(
  type: TypeOf,
  literals: Literals,
  place: readonly string[] = [],
  depth = 0,
): Piece {
  if (!isSchema(type))
    return literals.struct(samplesOf(type as Fields, literals, place, depth), undefined, place);
  if (!isOwn(type)) return literals.json;
  switch (type.kind) {
    case 'list': {
      const parts = depth < maxDepth ? [sampleOf(type.of, literals, place, depth + 1)] : [];
      return literals.list(parts, type.of);
    }
    case 'map': {
      const head = literals.key('key');
      const parts =
        depth < maxDepth ? [{ head, piece: sampleOf(type.of, literals, place, depth + 1) }] : [];
      return literals.map(parts, type.of);
    }
    case 'optional':
      return sampleOf(type.of, literals, place, depth);
    case 'struct': {
      const at = type.name === undefined ? place : [type.name];
      return literals.struct(samplesOf(type.fields, literals, at, depth + 1), type, place);
    }
    case 'enum':
      return literals.enumValue(type.values[0] ?? '', type);
    case 'json':
      return literals.json;
    default:
      return literals.simple[type.kind];
  }
}

/** Values of the fields that an example names. */
export function samplesOf(
  fields: Readonly<Record<string, AnySchema>>,
  literals: Literals,
  place: readonly string[] = [],
  depth = 0,
): Part[] {
  // Only the outermost one, since a struct may contain itself.
  const names = depth === 0 ? shownFields(fields) : neededFields(fields);
  return names.map((name) => ({
    head: literals.field(name),
    piece: sampleOf(fields[name] as AnySchema, literals, [...place, name], depth),
  }));
}

/** The names of the fields that an example names: those that must be there, else the first one. */
export function shownFields(fields: Readonly<Record<string, AnySchema>>): string[] {
  const needed = neededFields(fields);
  return needed.length > 0 ? needed : Object.keys(fields).slice(0, 1);
}

function neededFields(fields: Readonly<Record<string, AnySchema>>): string[] {
  return Object.keys(fields).filter((name) => !isOptional(fields[name] as AnySchema));
}

function isOptional(schema: AnySchema): boolean {
  return isOwn(schema) && schema.kind === 'optional';
}

/** The fields of arguments or data. */
export function fieldsOf(data: NamedTypes): Readonly<Record<string, AnySchema>> {
  if (!isSchema(data)) return data as Fields;
  return isOwn(data) && data.kind === 'struct' ? (data as StructSchema).fields : {};
}
