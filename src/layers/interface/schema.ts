// Schemas as data: what every builder of `t` returns, and what stands for a schema of another
// library. Types only, and the two questions that tell them apart.
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';

/** The kinds of schemas that have no parts. */
export const simpleKinds = [
  ...['bool', 'f64', 'f32', 'i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64', 'u53'],
  ...['string', 'bytes', 'time', 'duration', 'object', 'region', 'any'],
] as const satisfies readonly string[];

/** A kind of schema without parts. */
export type SimpleKind =
  | ('bool' | 'f64' | 'f32' | 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64' | 'u53')
  | ('string' | 'bytes' | 'time' | 'duration' | 'object' | 'region' | 'any');

/** Any Standard Schema: one of `t`, or of a library such as zod, valibot or ArkType. */
export type AnySchema = StandardSchemaV1;

/** Named values: arguments, the fields of a struct, the data of an error or signal. */
export interface Fields {
  readonly [name: string]: AnySchema;
}

/** The interfaces of schemas that a schema of `t` has: it validates, and describes itself. */
export interface SchemaProps<Out, In>
  extends StandardSchemaV1.Props<In, Out>,
    StandardJSONSchemaV1.Props<In, Out> {
  /** This package: a copy of it recognises the schemas of another copy. */
  readonly vendor: 'busbar';
  /** Validates a value and fills in defaults. Always synchronous. */
  readonly validate: (value: unknown) => StandardSchemaV1.Result<Out>;
}

/**
 * A schema of `t`: frozen data and the two standard interfaces. `In` is the type that can be sent,
 * `Out` the type received.
 */
export interface Schema<Out = unknown, In = Out> {
  /** Which builder made it. */
  readonly kind: SimpleKind | 'list' | 'map' | 'struct' | 'enum' | 'optional' | 'json';
  /** What a value means, for generated documents. */
  readonly docs: string | undefined;
  /** Standard Schema and Standard JSON Schema, version 1. */
  readonly '~standard': SchemaProps<Out, In>;
  /**
   * A copy with a documentation: Markdown, at most 4,096 characters. Of a struct or enum with a
   * name, it documents this use of the type; the type's own documentation is an argument of its
   * builder.
   */
  doc(text: string): this;
}

/** A schema without parts, such as `t.f64`. */
export interface SimpleSchema<Out = unknown, In = Out> extends Schema<Out, In> {
  readonly kind: SimpleKind;
}

/** A schema made by `t.list()`. */
export interface ListSchema<S extends AnySchema = AnySchema>
  extends Schema<StandardSchemaV1.InferOutput<S>[], readonly StandardSchemaV1.InferInput<S>[]> {
  readonly kind: 'list';
  /** The schema of each element. */
  readonly of: S;
}

/** A schema made by `t.map()`. */
export interface MapSchema<S extends AnySchema = AnySchema>
  extends Schema<
    Record<string, StandardSchemaV1.InferOutput<S>>,
    { readonly [key: string]: StandardSchemaV1.InferInput<S> }
  > {
  readonly kind: 'map';
  /** The schema of each value; keys are strings. */
  readonly of: S;
}

/**
 * A schema made by `t.optional()`: the value may be missing. `D` is the type of the default, or
 * `undefined`.
 */
export interface OptionalSchema<S extends AnySchema = AnySchema, D = unknown>
  extends Schema<
    [D] extends [undefined]
      ? StandardSchemaV1.InferOutput<S> | undefined
      : StandardSchemaV1.InferOutput<S>,
    StandardSchemaV1.InferInput<S> | undefined
  > {
  readonly kind: 'optional';
  /** The schema of a value that is not missing. */
  readonly of: S;
  /** What a missing value becomes at its receiver; `undefined` without a default. */
  readonly default: D;
}

/** A schema made by `t.struct()`. */
export interface StructSchema<F extends Fields = Fields>
  extends Schema<OutputOfFields<F>, InputOfFields<F>> {
  readonly kind: 'struct';
  /** The name of the type in generated code and documents. */
  readonly name: string | undefined;
  /** The type itself, of which this is a use with a documentation of its own. */
  readonly origin?: StructSchema | undefined;
  /** The schemas of the fields, in the order of their definition. */
  readonly fields: F;
}

/** A schema made by `t.enum()`. */
export interface EnumSchema<V extends string = string> extends Schema<V> {
  readonly kind: 'enum';
  /** The name of the type in generated code and documents. */
  readonly name: string | undefined;
  /** The type itself, of which this is a use with a documentation of its own. */
  readonly origin?: EnumSchema | undefined;
  /** The values, in the order of their definition. */
  readonly values: readonly V[];
}

/** A schema made by `t.json()`: any JSON value, with a description that is not checked. */
export interface JsonValueSchema extends Schema<unknown> {
  readonly kind: 'json';
  /** The JSON Schema that describes the value. */
  readonly schema: { readonly [key: string]: unknown };
}

// `unknown` contains undefined, and yet a field of that type is not one that may be missing.
type MayMiss<T> = unknown extends T ? false : undefined extends T ? true : false;
type MayMissSent<S extends AnySchema> =
  S extends OptionalSchema<AnySchema> ? true : MayMiss<StandardSchemaV1.InferInput<S>>;
type MayMissReceived<S extends AnySchema> =
  S extends OptionalSchema<AnySchema, infer D>
    ? [D] extends [undefined]
      ? true
      : false
    : MayMiss<StandardSchemaV1.InferOutput<S>>;

type Flat<T> = { [K in keyof T]: T[K] };

/** The struct that is received for fields; a field without default that may be missing is optional. */
export type OutputOfFields<F extends Fields> = Flat<
  {
    -readonly [K in keyof F as MayMissReceived<F[K]> extends true
      ? never
      : K]: StandardSchemaV1.InferOutput<F[K]>;
  } & {
    -readonly [K in keyof F as MayMissReceived<F[K]> extends true ? K : never]?:
      | StandardSchemaV1.InferOutput<F[K]>
      | undefined;
  }
>;

/** The struct that can be sent for fields. */
export type InputOfFields<F extends Fields> = Flat<
  {
    readonly [K in keyof F as MayMissSent<F[K]> extends true
      ? never
      : K]: StandardSchemaV1.InferInput<F[K]>;
  } & {
    readonly [K in keyof F as MayMissSent<F[K]> extends true ? K : never]?:
      | StandardSchemaV1.InferInput<F[K]>
      | undefined;
  }
>;

/** A schema of this package, of whatever kind, as the compiler of schemas sees it. */
export type OwnSchema =
  | ListSchema
  | MapSchema
  | OptionalSchema
  | StructSchema
  | EnumSchema
  | JsonValueSchema
  | SimpleSchema;

/** Whether a value is a Standard Schema. ArkType's are functions. */
export function isSchema(value: unknown): value is AnySchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const { '~standard': standard } = value as { readonly '~standard'?: unknown };
  if (typeof standard !== 'object' || standard === null) return false;
  const { version, validate } = standard as { readonly version?: unknown; validate?: unknown };
  return version === 1 && typeof validate === 'function';
}

/** Whether a schema was made by `t`, of this or another copy of the package. */
export function isOwn(schema: AnySchema): schema is AnySchema & OwnSchema {
  return schema['~standard'].vendor === 'busbar' && 'kind' in schema;
}
