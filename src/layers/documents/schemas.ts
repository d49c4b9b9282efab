// The schemas of an AsyncAPI document: JSON Schema of draft 7, in which every struct, enum and
// payload stands in `components/schemas` under a name.
import {
  type AnySchema,
  type EnumSchema,
  type Fields,
  isOwn,
  isSchema,
  type Json,
  type NamedTypes,
  type OwnSchema,
  pascalCase,
  type StructSchema,
  shapeOf,
  type TypeOf,
} from '../interface/index.js';

/** A JSON object. */
export type JsonObject = Record<string, Json>;

const target = 'draft-07';

/** Writes schemas and collects those that have names. */
export class SchemaWriter {
  readonly #named = new Map<string, JsonObject>();
  readonly #names = new Map<AnySchema, string>();
  readonly #taken: Set<string>;

  /** `taken` are the names of the interface's own structs and enums. */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** The schemas by their names. */
  get components(): JsonObject {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A reference to the schema of a payload. `name` is that of its component if it has no own one. */
  payload(name: string, type: TypeOf | NamedTypes): JsonObject {
    const schema = isSchema(type) ? type : undefined;
    if (schema !== undefined && isOwn(schema) && 'name' in schema && schema.name !== undefined) {
      return this.#reference(schema);
    }
    const own = this.#free(name);
    // Reserved before it is written, since its parts take names, too.
    const json: JsonObject = {};
    this.#named.set(own, json);
    const isStruct = schema !== undefined && isOwn(schema) && schema.kind === 'struct';
    const written =
      schema === undefined
        ? this.#fields(type as Fields, own)
        : isStruct
          ? withDocs(this.#fields(schema.fields, own), schema.docs)
          : this.#schema(schema, own, `/components/schemas/${own}`);
    Object.assign(json, written);
    return { $ref: `#/components/schemas/${own}` };
  }

  /** Adds a schema that is JSON already. */
  add(name: string, json: JsonObject): JsonObject {
    const own = this.#free(name);
    this.#named.set(own, json);
    return { $ref: `#/components/schemas/${own}` };
  }

  #free(name: string): string {
    let free = name;
    for (let count = 2; this.#taken.has(free); count++) free = `${name}${count}`;
    this.#taken.add(free);
    return free;
  }

  #reference(use: StructSchema | EnumSchema): JsonObject {
    const { name = '', origin: schema = use } = use;
    if (!this.#names.has(schema)) {
      this.#names.set(schema, name);
      const json: JsonObject = {};
      this.#named.set(name, json);
      const written: JsonObject =
        schema.kind === 'struct'
          ? this.#fields(schema.fields, name)
          : { type: 'string', enum: [...schema.values] };
      Object.assign(json, withDocs(written, schema.docs));
    }
    const reference = { $ref: `#/components/schemas/${name}` };
    // In draft 7, nothing beside a reference counts.
    return use.origin === undefined || use.docs === undefined
      ? reference
      : { allOf: [reference], description: use.docs };
  }

  #fields(fields: Readonly<Record<string, AnySchema>>, name: string): JsonObject {
    const properties = Object.entries(fields).map(([field, schema]) => [
      field,
      this.#schema(
        schema,
        name + pascalCase(field),
        `/components/schemas/${name}/properties/${field}`,
      ),
    ]);
    const required = Object.keys(fields).filter((field) => isRequired(fields[field] as AnySchema));
    return {
      type: 'object',
      properties: Object.fromEntries(properties),
      ...(required.length > 0 && { required }),
    };
  }

  /** `name` is what a struct without a name would be called, `pointer` where the schema stands. */
  #schema(schema: AnySchema, name: string, pointer: string): JsonObject {
    if (!isOwn(schema)) return rebased(foreign(schema), pointer);
    if ('name' in schema && schema.name !== undefined) return this.#reference(schema);
    return withDocs(this.#plain(schema, name, pointer), schema.docs);
  }

  #plain(schema: OwnSchema, name: string, pointer: string): JsonObject {
    switch (schema.kind) {
      case 'list':
        return { type: 'array', items: this.#schema(schema.of, `${name}Item`, `${pointer}/items`) };
      case 'map': {
        const of = this.#schema(schema.of, `${name}Value`, `${pointer}/additionalProperties`);
        return { type: 'object', additionalProperties: of };
      }
      case 'optional':
        return this.#optional(schema, name, pointer);
      case 'struct': {
        // Generators name types after components.
        const own = this.#free(name);
        const json: JsonObject = {};
        this.#named.set(own, json);
        Object.assign(json, this.#fields(schema.fields, own));
        return { $ref: `#/components/schemas/${own}` };
      }
      case 'enum':
        return { type: 'string', enum: [...schema.values] };
      case 'json':
        return rebased(schema.schema as JsonObject, pointer);
      default:
        return schema['~standard'].jsonSchema.input({ target }) as JsonObject;
    }
  }

  #optional(
    schema: OwnSchema & { readonly kind: 'optional' },
    name: string,
    pointer: string,
  ): JsonObject {
    const json = this.#schema(schema.of, name, pointer);
    if (schema.default === undefined) return json;
    const value = shapeOf(schema.of).encode(schema.default, undefined, 'json') as Json;
    return '$ref' in json ? { allOf: [json], default: value } : { ...json, default: value };
  }
}

function withDocs(json: JsonObject, docs: string | undefined): JsonObject {
  if (docs === undefined) return json;
  return '$ref' in json ? { allOf: [json], description: docs } : { ...json, description: docs };
}

function isRequired(schema: AnySchema): boolean {
  if (isOwn(schema)) return schema.kind !== 'optional';
  const answer = schema['~standard'].validate(undefined);
  return !('issues' in answer) || answer.issues !== undefined;
}

/** A schema of another library in its own words; `modelOf` has refused those that have none. */
function foreign(schema: AnySchema): JsonObject {
  const { jsonSchema } = schema['~standard'] as {
    readonly jsonSchema?: { input(options: { readonly target: string }): JsonObject };
  };
  const { $schema: _, ...json } = jsonSchema?.input({ target }) ?? {};
  return json;
}

/** A schema whose references into itself follow it to its place. */
function rebased(json: JsonObject, pointer: string): JsonObject {
  const walk = (value: Json): Json => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(walk);
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [
        key,
        key === '$ref' && typeof part === 'string' && /^#(?:\/|$)/.test(part)
          ? `#${pointer}${part.slice(1)}`
          : walk(part),
      ]),
    );
  };
  return walk(json) as JsonObject;
}
