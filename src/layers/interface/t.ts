// `t`: the builders of schemas.
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { show } from '../../base/show.js';
import type { KernelObject, MemoryRegion, RegionRange } from '../../index.js';
import { hasNull, newWalk, nodeOf } from './compile.js';
import { InvalidInterfaceError } from './errors.js';
import { isAsync } from './foreign.js';
import { jsonSchemaOf } from './json-schema.js';
import { checkEnumValue, checkFieldName, checkTypeName } from './names.js';
import { Refused } from './node.js';
import {
  type AnySchema,
  type EnumSchema,
  type Fields,
  isOwn,
  isSchema,
  type JsonValueSchema,
  type ListSchema,
  type MapSchema,
  type OptionalSchema,
  type Schema,
  type SimpleKind,
  type SimpleSchema,
  type StructSchema,
} from './schema.js';
import { validate } from './validate.js';

const maxDocs = 4096;
const maxFields = 1024;

/** Adds to the data of a schema what all schemas have. */
function make<S extends Schema>(kind: S['kind'], parts: object = {}, docs?: string): S {
  const standard = Object.freeze({
    version: 1,
    vendor: 'busbar',
    validate: (value: unknown) => validate(schema, value),
    jsonSchema: Object.freeze({
      input: ({ target }: { readonly target: string }) => jsonSchemaOf(schema, 'input', target),
      output: ({ target }: { readonly target: string }) => jsonSchemaOf(schema, 'output', target),
    }),
  });
  // The compiler cannot see that the parts are those of the kind; each builder ensures it.
  const schema = { kind, docs, ...parts, '~standard': standard } as unknown as S;
  // Not enumerable: a schema is data, and prints as such.
  Object.defineProperty(schema, 'doc', {
    value(text: string) {
      const own = parts as { readonly name?: string; readonly origin?: object };
      const origin = own.name === undefined ? undefined : (own.origin ?? schema);
      const kept = origin === undefined ? parts : { ...parts, origin };
      return make(kind, kept, checkDocs('doc()', text));
    },
  });
  return Object.freeze(schema);
}

/** Refuses a documentation that is no text or too long. */
export function checkDocs(path: string, docs: unknown): string {
  if (typeof docs === 'string' && docs !== '' && docs.length <= maxDocs) return docs;
  const found = typeof docs === 'string' ? `${docs.length} characters long` : show(docs);
  throw new InvalidInterfaceError(
    path,
    `is ${found}; expected a text of 1 to ${maxDocs} characters`,
  );
}

/** Refuses a value that is no schema, or one that validates asynchronously. */
export function checkSchema(path: string, schema: unknown): asserts schema is AnySchema {
  if (!isSchema(schema)) {
    const cure = typeof schema === 'object' && schema !== null ? ', as t.struct({ … }) makes' : '';
    throw new InvalidInterfaceError(path, `is ${show(schema)}; expected a schema${cure}`);
  }
  if (!isOwn(schema) && isAsync(schema)) {
    throw new InvalidInterfaceError(
      path,
      'is a schema that validates asynchronously, which is not supported',
    );
  }
}

/** Refuses fields that are not named schemas. */
export function checkFields(path: string, fields: unknown): asserts fields is Fields {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new InvalidInterfaceError(path, `is ${show(fields)}; expected named schemas`);
  }
  const descriptors = Object.entries(Object.getOwnPropertyDescriptors(fields));
  if (descriptors.length > maxFields) {
    throw new InvalidInterfaceError(
      path,
      `has ${descriptors.length} fields; the limit is ${maxFields}`,
    );
  }
  for (const [name, { get, value }] of descriptors) {
    const at = path === '' ? name : `${path}.${name}`;
    checkFieldName(at, name);
    // A getter lets a struct contain itself; its schema does not exist yet.
    if (get === undefined) checkSchema(at, value);
  }
}

function list<S extends AnySchema>(of: S): ListSchema<S> {
  checkSchema('t.list()', of);
  refuseAmbiguous('t.list()', of);
  return make<ListSchema<S>>('list', { of });
}

function map<S extends AnySchema>(of: S): MapSchema<S> {
  checkSchema('t.map()', of);
  refuseAmbiguous('t.map()', of);
  return make<MapSchema<S>>('map', { of });
}

/** Outside of a struct, a missing value is null: refused where null is a value of its own. */
export function refuseAmbiguous(path: string, schema: AnySchema): void {
  if (isOwn(schema) && schema.kind === 'optional' && hasNull(schema.of)) {
    throw new InvalidInterfaceError(
      path,
      'has an optional of values that may be null; it can only be a field of a struct',
    );
  }
}

function struct<const F extends Fields>(fields: F): StructSchema<F>;
function struct<const F extends Fields>(name: string, fields: F, doc?: string): StructSchema<F>;
function struct(first: unknown, second?: unknown, doc?: string): StructSchema {
  const [name, fields] = typeof first === 'string' ? [first, second] : [undefined, first];
  if (name !== undefined) checkTypeName('t.struct()', name);
  if (doc !== undefined) checkDocs('the documentation of t.struct()', doc);
  checkFields('', fields);
  // A copy, so that nobody changes it afterwards; getters are copied as such.
  const own = Object.create(Object.prototype, Object.getOwnPropertyDescriptors(fields));
  return make<StructSchema>('struct', { name, fields: Object.freeze(own) }, doc);
}

const maxValues = 4096;

function enumeration<const V extends string>(values: readonly V[]): EnumSchema<V>;
function enumeration<const V extends string>(
  name: string,
  values: readonly V[],
  doc?: string,
): EnumSchema<V>;
function enumeration(first: unknown, second?: unknown, doc?: string): EnumSchema {
  const [name, values] = typeof first === 'string' ? [first, second] : [undefined, first];
  if (name !== undefined) checkTypeName('t.enum()', name);
  if (doc !== undefined) checkDocs('the documentation of t.enum()', doc);
  if (!Array.isArray(values) || values.length === 0 || values.length > maxValues) {
    throw new InvalidInterfaceError(
      't.enum()',
      `has values that are ${show(values)}; expected 1 to ${maxValues} strings`,
    );
  }
  const own: readonly unknown[] = [...values];
  for (const value of own) {
    if (typeof value !== 'string') {
      throw new InvalidInterfaceError(
        't.enum()',
        `has the value ${show(value)}; expected a string`,
      );
    }
    checkEnumValue(`t.enum() value '${value}'`, value);
  }
  if (new Set(own).size !== own.length) {
    throw new InvalidInterfaceError('t.enum()', 'has a value twice');
  }
  return make<EnumSchema>('enum', { name, values: Object.freeze(own) }, doc);
}

function optional<S extends AnySchema>(of: S): OptionalSchema<S, undefined>;
function optional<S extends AnySchema>(
  of: S,
  value: StandardSchemaV1.InferInput<S>,
): OptionalSchema<S, StandardSchemaV1.InferInput<S>>;
function optional(of: unknown, value?: unknown): OptionalSchema {
  checkSchema('t.optional()', of);
  if (isOwn(of) && of.kind === 'optional') {
    throw new InvalidInterfaceError('t.optional()', 'is an optional of an optional');
  }
  const filled = value === undefined ? undefined : checkDefault(of, value);
  return make<OptionalSchema>('optional', { of, default: filled });
}

/** A default as its receiver gets it; refuses one that does not fit. */
function checkDefault(of: AnySchema, value: unknown): unknown {
  const node = nodeOf(of);
  try {
    const filled = node.decode(node.encode(value, newWalk(false)), newWalk(false));
    // A foreign schema may make something of it that it would not take again.
    return isOwn(of) ? filled : value;
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    throw new InvalidInterfaceError(
      't.optional()',
      `has a default that does not fit: ${thrown.toError().message}`,
    );
  }
}

const maxJsonSchema = 65_536;

function json(schema: { readonly [key: string]: unknown }): JsonValueSchema {
  const text = typeof schema === 'object' && schema !== null ? JSON.stringify(schema) : undefined;
  if (text === undefined || Array.isArray(schema) || text.length > maxJsonSchema) {
    const found = text === undefined ? show(schema) : `${text.length} characters long`;
    throw new InvalidInterfaceError(
      't.json()',
      `is ${Array.isArray(schema) ? 'an array' : found}; expected a JSON Schema of at most ${maxJsonSchema} characters`,
    );
  }
  return make<JsonValueSchema>('json', { schema: Object.freeze(JSON.parse(text)) });
}

const simple = <Out, In = Out>(kind: SimpleKind): SimpleSchema<Out, In> =>
  make<SimpleSchema<Out, In>>(kind);

/**
 * The builders of schemas. Each schema is a Standard Schema and a Standard JSON Schema, so that it
 * can be used wherever another library takes those; theirs can stand wherever one of these can.
 */
export const t = Object.freeze({
  /** `true` or `false`. */
  bool: simple<boolean>('bool'),
  /** Any number. In JSON, `NaN`, the infinities and -0 are strings. */
  f64: simple<number>('f64'),
  /** A number of 32 bits: others are rounded to the nearest, and refused beyond 3.4e38. */
  f32: simple<number>('f32'),
  /** An integer of -128 to 127. */
  i8: simple<number>('i8'),
  /** An integer of -32,768 to 32,767. */
  i16: simple<number>('i16'),
  /** An integer of -2,147,483,648 to 2,147,483,647. */
  i32: simple<number>('i32'),
  /** A `bigint` of 64 bits with a sign. In JSON, a string of digits. */
  i64: simple<bigint>('i64'),
  /** An integer of 0 to 255. */
  u8: simple<number>('u8'),
  /** An integer of 0 to 65,535. */
  u16: simple<number>('u16'),
  /** An integer of 0 to 4,294,967,295. */
  u32: simple<number>('u32'),
  /** A `bigint` of 64 bits without a sign. In JSON, a string of digits. */
  u64: simple<bigint>('u64'),
  /** An integer of 0 to 9,007,199,254,740,991, all that a number holds exactly. */
  u53: simple<number>('u53'),
  /** Text that UTF-8 can express: no lone surrogates. */
  string: simple<string>('string'),
  /** A `Uint8Array`. In JSON, base64. */
  bytes: simple<Uint8Array>('bytes'),
  /**
   * A `Date` in the years 0 to 9999, to the millisecond. In MessagePack a timestamp, in JSON as in
   * RFC 3339; what other languages send is cut to milliseconds here.
   */
  time: simple<Date>('time'),
  /**
   * A number of milliseconds, up to 292 years; fractions are rounded to nanoseconds. In MessagePack
   * nanoseconds of 64 bits, in JSON as in ISO 8601: `PT1.5S`.
   */
  duration: simple<number>('duration'),
  /** A kernel object: an open file, socket or pipe that is sent beside the payload. */
  object: simple<KernelObject>('object'),
  /** A memory region, or a part of one, that is sent beside the payload without being copied. */
  region: simple<MemoryRegion, MemoryRegion | RegionRange>('region'),
  /**
   * Any value that JSON has: null, truth values, finite numbers, strings, arrays and plain objects,
   * at most 100 deep.
   */
  any: simple<unknown>('any'),
  /**
   * As `any`, with a JSON Schema that describes the value for documents. It is not checked. This is
   * what a schema of another library becomes in a description.
   */
  json,
  /** An array. */
  list,
  /**
   * A plain object used as a map: any keys except `__proto__`. Received maps have no prototype, so
   * that `map.constructor` is what was sent, or `undefined`.
   */
  map,
  /**
   * An object with these fields; others are ignored. With a name it is a type of that name in
   * generated code and documents. A getter lets a struct contain itself, in a list, map or optional:
   * `get children() { return t.list(Node); }`.
   */
  struct,
  /**
   * One of these strings, which are names as in TypeScript. One that the receiver's version does
   * not know arrives as it was sent, so that a newer sender may have more.
   */
  enum: enumeration,
  /**
   * A value that may be missing; with a second argument, a missing one becomes that at its receiver.
   */
  optional,
});
