// Schemas as JSON Schema. It describes the JSON form of a value, as the gateway and the JSON codec
// have it: integers of 64 bits and bytes are strings there.
import { newWalk, nodeOf } from './compile.js';
import { InvalidInterfaceError } from './errors.js';
import {
  type AnySchema,
  type EnumSchema,
  isOwn,
  type OwnSchema,
  type StructSchema,
} from './schema.js';

/** A JSON Schema, as plain JSON. */
export type JsonSchema = Record<string, unknown>;

const integer = (bits: number): JsonSchema => ({
  type: 'integer',
  minimum: -(2 ** (bits - 1)),
  maximum: 2 ** (bits - 1) - 1,
});
const unsigned = (bits: number): JsonSchema => ({
  type: 'integer',
  minimum: 0,
  maximum: 2 ** bits - 1,
});

const simple: Readonly<Record<string, JsonSchema>> = {
  bool: { type: 'boolean' },
  f64: { type: 'number', format: 'double' },
  f32: { type: 'number', format: 'float' },
  i8: integer(8),
  i16: integer(16),
  i32: integer(32),
  i64: { type: 'string', format: 'int64', pattern: '^-?[0-9]{1,20}$' },
  u8: unsigned(8),
  u16: unsigned(16),
  u32: unsigned(32),
  u64: { type: 'string', format: 'uint64', pattern: '^[0-9]{1,20}$' },
  u53: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  string: { type: 'string' },
  bytes: { type: 'string', contentEncoding: 'base64' },
  time: { type: 'string', format: 'date-time' },
  duration: { type: 'string', format: 'duration' },
  object: { type: 'integer', minimum: 0, 'x-busbar': 'object' },
  region: { type: 'integer', minimum: 0, 'x-busbar': 'region' },
  any: {},
};

/** The versions of JSON Schema that can be written; the default is the first. */
const drafts = ['draft-2020-12', 'draft-07'] as const;

/** How a schema is described. */
export interface DescribeOptions {
  /** The version of JSON Schema. */
  readonly target: string;
  /** What is sent, where fields with a default may be missing, or what is received. */
  readonly side: 'input' | 'output';
  /** Where the definitions of named structs and enums will stand, as in `#/$defs/`. */
  readonly prefix: string;
  /** The definitions, by name; the description adds to them. */
  readonly definitions: Map<string, { readonly schema: AnySchema; readonly json: JsonSchema }>;
}

/**
 * A schema as JSON Schema with its named types in `$defs`, as of Standard JSON Schema.
 * @throws InvalidInterfaceError if a part cannot describe itself, or the target is not known.
 */
export function jsonSchemaOf(
  schema: AnySchema,
  side: 'input' | 'output',
  target: string = drafts[0],
): JsonSchema {
  if (!drafts.some((draft) => draft === target)) {
    throw new InvalidInterfaceError(
      '',
      `JSON Schema is not written as ${target}; known: ${drafts.join(', ')}`,
    );
  }
  const keyword = target === 'draft-07' ? 'definitions' : '$defs';
  const definitions: DescribeOptions['definitions'] = new Map();
  const json = describe(schema, '', { target, side, prefix: `#/${keyword}/`, definitions });
  if (definitions.size === 0) return json;
  const named = [...definitions].map(([name, { json: each }]) => [name, each] as const);
  return { ...json, [keyword]: Object.fromEntries(named) };
}

/** Describes a schema, with references to its named types. `path` is where it stands, for errors. */
export function describe(schema: AnySchema, path: string, options: DescribeOptions): JsonSchema {
  if (!isOwn(schema)) return describeForeign(schema, path, options);
  const json = describeOwn(schema, path, options);
  // The documentation of a type stands at its definition, that of a use of it beside the reference.
  const isType = 'name' in schema && schema.name !== undefined && schema.origin === undefined;
  return isType ? json : withDocs(json, schema.docs);
}

function withDocs(json: JsonSchema, docs: string | undefined): JsonSchema {
  return docs === undefined ? json : { ...json, description: docs };
}

function describeOwn(schema: OwnSchema, path: string, options: DescribeOptions): JsonSchema {
  switch (schema.kind) {
    case 'list':
      return { type: 'array', items: describe(schema.of, `${path}[]`, options) };
    case 'map':
      return { type: 'object', additionalProperties: describe(schema.of, `${path}{}`, options) };
    case 'optional':
      return describeOptional(schema, path, options);
    case 'json':
      return { ...schema.schema };
    case 'struct':
      return named(schema, path, options, () => describeStruct(schema, path, options));
    case 'enum':
      return named(schema, path, options, () => ({ type: 'string', enum: [...schema.values] }));
    default:
      return { ...simple[schema.kind] };
  }
}

function describeOptional(
  schema: OwnSchema & { readonly kind: 'optional' },
  path: string,
  options: DescribeOptions,
): JsonSchema {
  const json = describe(schema.of, path, options);
  if (schema.default === undefined) return json;
  return { ...json, default: nodeOf(schema.of).encode(schema.default, newWalk(true)) };
}

function describeStruct(
  { fields }: StructSchema,
  path: string,
  options: DescribeOptions,
): JsonSchema {
  const names = Object.keys(fields);
  const properties = names.map((name) => {
    const at = path === '' ? name : `${path}.${name}`;
    return [name, describe(fields[name] as AnySchema, at, options)] as const;
  });
  const required = names.filter((name) => isRequired(fields[name] as AnySchema, options.side));
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
  };
}

function isRequired(schema: AnySchema, side: 'input' | 'output'): boolean {
  if (isOwn(schema)) {
    return schema.kind !== 'optional' || (side === 'output' && schema.default !== undefined);
  }
  const answer = schema['~standard'].validate(undefined);
  return !('issues' in answer) || answer.issues !== undefined;
}

function named(
  use: EnumSchema | StructSchema,
  path: string,
  options: DescribeOptions,
  write: () => JsonSchema,
): JsonSchema {
  const { name, origin: schema = use } = use;
  if (name === undefined) return write();
  const { definitions, prefix } = options;
  const known = definitions.get(name);
  if (known === undefined) {
    const json: JsonSchema = {};
    // Known before it is written: it may contain itself.
    definitions.set(name, { schema, json });
    Object.assign(json, withDocs(write(), schema.docs));
  } else if (known.schema !== schema) {
    throw new InvalidInterfaceError(path, `is another type named ${name} than the one before it`);
  }
  return { $ref: `${prefix}${name}` };
}

function describeForeign(schema: AnySchema, path: string, options: DescribeOptions): JsonSchema {
  const standard: { readonly vendor: string; readonly jsonSchema?: unknown } = schema['~standard'];
  const { vendor, jsonSchema } = standard;
  const write = (jsonSchema as Record<string, unknown> | undefined)?.[options.side];
  if (typeof write !== 'function') {
    throw new InvalidInterfaceError(
      path,
      `has a schema of ${vendor} that cannot describe itself as JSON Schema`,
    );
  }
  try {
    const { $schema, ...json } = write.call(jsonSchema, { target: options.target }) as JsonSchema;
    return json;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new InvalidInterfaceError(
      path,
      `has a schema of ${vendor} that cannot describe itself as JSON Schema: ${text}`,
      { cause: error },
    );
  }
}
