// The model of an interface: plain JSON with all that there is to know of it, the answer to
// `busbar.describe` and, written as YAML, the file form of the interface.
import { newWalk, nodeOf } from './compile.js';
import { InvalidInterfaceError } from './errors.js';
import type { Interface, MethodDefinition, NamedTypes, TypeOf } from './interface.js';
import { jsonSchemaOf } from './json-schema.js';
import {
  type AnySchema,
  type Fields,
  isOwn,
  isSchema,
  type OwnSchema,
  type StructSchema,
} from './schema.js';
import { sha256 } from './sha256.js';

/** A JSON value. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * A type in a model: a text such as `f64`, `Sample`, `list<map<u8>>` or `string?`, or an object with
 * one of the keys below and, at wish, `doc` and `default`.
 */
export type TypeModel =
  | string
  | {
      /** The type as a text. */
      readonly type?: string;
      /** A struct without a name, or with that of its entry in `types`. */
      readonly struct?: FieldsModel;
      /** The values of an enum. */
      readonly enum?: readonly string[];
      /** The type of the elements of a list. */
      readonly list?: TypeModel;
      /** The type of the values of a map. */
      readonly map?: TypeModel;
      /** The type of a value that may be missing. */
      readonly optional?: TypeModel;
      /** A JSON Schema: any JSON value, which it describes. */
      readonly schema?: { readonly [key: string]: Json };
      /** Makes the value optional; in the JSON form of its type. */
      readonly default?: Json;
      /** What the value means, in Markdown. */
      readonly doc?: string;
    };

/** Named types: arguments, fields, data. */
export interface FieldsModel {
  readonly [name: string]: TypeModel;
}

/** Fields, the name of a struct, or one of them with a documentation. */
export type NamedModel =
  | string
  | FieldsModel
  | {
      /** The fields, or the name of a struct. */
      readonly struct: string | FieldsModel;
      /** What the value means, in Markdown. */
      readonly doc?: string;
    };

/** A method in a model. */
export interface MethodModel {
  /** What it does, in Markdown. */
  readonly doc?: string;
  /** The arguments by name. */
  readonly args?: NamedModel;
  /** The result. */
  readonly returns?: TypeModel | FieldsModel;
  /** An item of its stream. */
  readonly stream?: TypeModel | FieldsModel;
  /** An item of its caller's stream. */
  readonly input?: TypeModel | FieldsModel;
  /** The data of its errors by their codes. */
  readonly errors?: { readonly [code: string]: NamedModel };
  /** Whether it may be executed twice. */
  readonly idempotent?: boolean;
}

/** A property in a model. */
export interface PropertyModel {
  /** What it means, in Markdown. */
  readonly doc?: string;
  /** The type of its value. */
  readonly type: TypeModel | FieldsModel;
  /** Whether clients may set it. */
  readonly access?: 'read-only' | 'read-write';
}

/** An interface as plain JSON. */
export interface InterfaceModel {
  /** The name of the interface. */
  readonly interface: string;
  /** Its version, as in `'1.2'`. */
  readonly version: string;
  /** What it is for, in Markdown. */
  readonly doc?: string;
  /** The structs and enums that have names; each stands behind those that it consists of. */
  readonly types?: { readonly [name: string]: TypeModel };
  /** The methods by name. */
  readonly methods?: { readonly [name: string]: MethodModel };
  /** The properties by name. */
  readonly properties?: { readonly [name: string]: PropertyModel };
  /** The data of signals by name. */
  readonly signals?: { readonly [name: string]: NamedModel };
}

/** Keys that make an object a type; a field with such a name is written within `struct`. */
export const typeKeys: ReadonlySet<string> = new Set([
  ...['type', 'struct', 'enum', 'list', 'map', 'optional', 'schema'],
]);

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The model of an interface.
 * @throws InvalidInterfaceError if a schema of another library cannot describe itself, or two types
 * have one name.
 */
export function modelOf(given: Interface): InterfaceModel {
  return write(given, true);
}

function write(given: Interface, withDocs: boolean): InterfaceModel {
  const { name, version, doc, methods, properties, signals } = given;
  const writer = new ModelWriter(withDocs);
  const written = {
    methods: mapped('methods', methods, (path, method) => writer.method(path, method)),
    properties: mapped('properties', properties, (path, { type, access, doc: docs }) => ({
      ...(withDocs && docs !== undefined && { doc: docs }),
      type: writer.type(`${path}.type`, type),
      ...(access !== undefined && { access }),
    })),
    signals: mapped('signals', signals, (path, data) => writer.named(path, data)),
  };
  const model: Writable<InterfaceModel> = { interface: name, version };
  if (withDocs && doc !== undefined) model.doc = doc;
  if (writer.types.size > 0) model.types = Object.fromEntries(writer.types);
  for (const kind of ['methods', 'properties', 'signals'] as const) {
    if (Object.keys(written[kind]).length > 0) Object.assign(model, { [kind]: written[kind] });
  }
  return model;
}

function mapped<T, R>(
  path: string,
  members: { readonly [name: string]: T },
  write: (path: string, member: T) => R,
): Record<string, R> {
  const entries = Object.entries(members);
  return Object.fromEntries(
    entries.map(([name, member]) => [name, write(`${path}.${name}`, member)]),
  );
}

/** Writes types, and collects those that have names. */
class ModelWriter {
  readonly types = new Map<string, TypeModel>();
  readonly #schemas = new Map<string, AnySchema>();
  readonly #withDocs: boolean;

  constructor(withDocs: boolean) {
    this.#withDocs = withDocs;
  }

  method(path: string, method: MethodDefinition): MethodModel {
    const { args, returns, stream, input, errors, idempotent, doc } = method;
    return {
      ...(this.#withDocs && doc !== undefined && { doc }),
      ...(args !== undefined && { args: this.named(`${path}.args`, args) }),
      ...(returns !== undefined && { returns: this.type(`${path}.returns`, returns) }),
      ...(stream !== undefined && { stream: this.type(`${path}.stream`, stream) }),
      ...(input !== undefined && { input: this.type(`${path}.input`, input) }),
      ...(errors !== undefined && {
        errors: mapped(`${path}.errors`, errors, (at, data) => this.named(at, data)),
      }),
      ...(idempotent !== undefined && { idempotent }),
    };
  }

  named(path: string, given: NamedTypes): NamedModel {
    if (!isSchema(given)) return this.#bare(path, given);
    const struct = given as StructSchema;
    const docs = this.#withDocs ? struct.docs : undefined;
    if (struct.name !== undefined) {
      const name = this.#reference(path, struct.origin ?? struct, struct.name);
      return struct.origin === undefined || docs === undefined ? name : { doc: docs, struct: name };
    }
    if (docs === undefined) return this.#bare(path, struct.fields);
    return { doc: docs, struct: this.#fields(path, struct.fields) };
  }

  type(path: string, given: TypeOf): TypeModel | FieldsModel {
    if (!isSchema(given)) return this.#bare(path, given);
    const written = this.#schema(path, given);
    // Fields and a struct without name are the same.
    if (typeof written !== 'object' || written.struct === undefined) return written;
    return written.doc === undefined ? bare(written.struct) : written;
  }

  #bare(path: string, fields: Fields): FieldsModel | { readonly struct: FieldsModel } {
    return bare(this.#fields(path, fields));
  }

  #fields(path: string, fields: Fields): FieldsModel {
    return mapped(path, fields, (at, field) => this.#schema(at, field));
  }

  #schema(path: string, schema: AnySchema): TypeModel {
    if (!isOwn(schema)) return { schema: jsonSchemaOf(schema, 'input') as Record<string, Json> };
    if (schema.kind === 'struct' || schema.kind === 'enum') {
      const { name, origin, docs } = schema;
      if (name !== undefined) {
        const reference = this.#reference(path, origin ?? schema, name);
        return origin === undefined ? reference : this.#documented(reference, docs);
      }
    }
    return this.#documented(this.#plain(path, schema), schema.docs);
  }

  #plain(path: string, schema: OwnSchema): TypeModel {
    switch (schema.kind) {
      case 'struct':
        return { struct: this.#fields(path, schema.fields) };
      case 'enum':
        return { enum: schema.values };
      case 'list':
      case 'map': {
        const of = this.#schema(path, schema.of);
        return typeof of === 'string' ? `${schema.kind}<${of}>` : { [schema.kind]: of };
      }
      case 'optional':
        return this.#optional(path, schema);
      case 'json':
        return { schema: schema.schema as Record<string, Json> };
      default:
        return schema.kind;
    }
  }

  #optional(path: string, schema: OwnSchema & { readonly kind: 'optional' }): TypeModel {
    const of = this.#schema(path, schema.of);
    if (schema.default !== undefined) {
      const json = nodeOf(schema.of).encode(schema.default, newWalk(true)) as Json;
      const plain = typeof of === 'string' ? { type: of } : of;
      // The documentation of the inner schema stays inside.
      return { ...(plain.doc === undefined ? plain : { optional: plain }), default: json };
    }
    return typeof of === 'string' ? `${of}?` : { optional: of };
  }

  #reference(path: string, schema: OwnSchema & { name: string | undefined }, name: string): string {
    const known = this.#schemas.get(name);
    if (known === undefined) {
      // Known before it is written: it may contain itself.
      this.#schemas.set(name, schema);
      this.types.set(name, this.#documented(this.#plain(`types.${name}`, schema), schema.docs));
    } else if (known !== schema) {
      throw new InvalidInterfaceError(path, `is another type named ${name} than the one before it`);
    }
    return name;
  }

  #documented(type: TypeModel, doc: string | undefined): TypeModel {
    if (doc === undefined || !this.#withDocs) return type;
    return typeof type === 'string' ? { doc, type } : { doc, ...type };
  }
}

function bare(fields: FieldsModel): FieldsModel | { readonly struct: FieldsModel } {
  return Object.keys(fields).some((name) => typeKeys.has(name)) ? { struct: fields } : fields;
}

/** JSON with the keys of all objects in the order of their characters, without spaces. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`).join()}}`;
}

/**
 * The hash of an interface: SHA-256 of its canonical model without documentation, as 64 hexadecimal
 * digits. Two interfaces with the same hash have the same members and types.
 */
export function hashOf(given: Interface): string {
  return sha256(canonicalJson(write(given, false)));
}
