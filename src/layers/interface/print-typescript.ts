// Writes an interface as TypeScript: its literal with comments, and its structs and enums as
// constants with their types. Nothing but what a person would write.
import {
  array,
  type Code,
  call,
  comment,
  getter,
  key,
  layOut,
  object,
  type Part,
  quote,
} from './code-layout.js';
import type { Interface, NamedTypes, TypeOf } from './interface.js';
import { jsonSchemaOf } from './json-schema.js';
import { modelOf } from './model.js';
import {
  type AnySchema,
  type EnumSchema,
  type Fields,
  isOwn,
  isSchema,
  type OwnSchema,
  type StructSchema,
} from './schema.js';
import { shortName } from './spelling.js';
import { typeText } from './type-script-types.js';
import { literal } from './value-code.js';

/**
 * An interface as a TypeScript module that exports it, named after the last part of its name, and
 * its named types. The same bytes for the same interface.
 * @throws InvalidInterfaceError if a schema of another library cannot describe itself.
 */
export function printTypeScript(given: Interface): string {
  // For the order of the types, and its refusals.
  const names = Object.keys(modelOf(given).types ?? {});
  return new Printer(given, names).print();
}

/** The name of the constant of an interface, which may be that of one of its types. */
function constantOf(given: Interface, taken: readonly string[]): string {
  const name = shortName(given);
  return taken.includes(name) ? `${name}Interface` : name;
}

class Printer {
  readonly #given: Interface;
  readonly #names: readonly string[];
  readonly #types = new Map<string, StructSchema | EnumSchema>();
  readonly #imports = new Set(['defineInterface', 't']);

  constructor(given: Interface, names: readonly string[]) {
    this.#given = given;
    this.#names = names;
  }

  print(): string {
    // First, because it finds the types and what is imported.
    const own = this.#interface();
    const types = this.#names.map((name) => this.#declaration(name));
    const imported = [...this.#imports].sort((a, b) => (bareName(a) < bareName(b) ? -1 : 1));
    const bus = types.some((text) => /\bMemoryRegion\b|\bKernelObject\b/.test(text))
      ? [busImport(types.join('\n'))]
      : [];
    const imports = [...bus, `import { ${imported.join(', ')} } from 'busbar/interface';`];
    return `${[imports.join('\n'), ...types, own].join('\n\n')}\n`;
  }

  #interface(): string {
    const { name, version, doc, methods, properties, signals } = this.#given;
    const members: Part[] = [];
    const groups = {
      methods: this.#members(methods, (method) => this.#method(method)),
      properties: this.#members(properties, ({ type, access }) => [
        { head: 'type: ', code: this.#typeOf(type) },
        ...(access === undefined ? [] : [{ head: 'access: ', code: quote(access) }]),
      ]),
      signals: Object.entries(signals).map(([signal, data]) => this.#namedPart(signal, data)),
    };
    for (const [group, parts] of Object.entries(groups)) {
      if (parts.length > 0) members.push({ head: `${group}: `, code: object(parts, true) });
    }
    const lines = doc === undefined ? [] : comment(doc);
    if (lines === undefined) members.unshift({ head: 'doc: ', code: quote(doc ?? '') });
    const start = `export const ${constantOf(this.#given, this.#names)} = `;
    const code = call('defineInterface', [
      quote(name),
      quote(version),
      object(members, members.length > 0),
    ]);
    return [...(lines ?? []), `${start}${layOut(code, '', start.length, 1)};`].join('\n');
  }

  #members<M extends { readonly doc?: string | undefined }>(
    members: { readonly [name: string]: M },
    write: (member: M) => Part[],
  ): Part[] {
    return Object.entries(members).map(([name, member]) => {
      const parts = write(member);
      const { doc } = member;
      const above = doc === undefined ? undefined : comment(doc);
      if (doc !== undefined && above === undefined) {
        parts.unshift({ head: 'doc: ', code: quote(doc) });
      }
      return { ...(above !== undefined && { above }), head: key(name), code: object(parts) };
    });
  }

  #method(method: Interface['methods'][string]): Part[] {
    const { args, returns, stream, input, errors, idempotent } = method;
    const parts: Part[] = [];
    if (args !== undefined) parts.push({ head: 'args: ', code: this.#named(args) });
    for (const [name, type] of Object.entries({ returns, stream, input })) {
      if (type !== undefined) parts.push({ head: `${name}: `, code: this.#typeOf(type) });
    }
    if (errors !== undefined) {
      const declared = Object.entries(errors).map(([code, data]) => this.#namedPart(code, data));
      parts.push({ head: 'errors: ', code: object(declared) });
    }
    if (idempotent !== undefined) parts.push({ head: 'idempotent: ', code: String(idempotent) });
    return parts;
  }

  /** A signal or error, whose documentation stands above its name. */
  #namedPart(name: string, data: NamedTypes): Part {
    const docs = isSchema(data) ? this.#docsOf(data) : undefined;
    const above = docs === undefined ? undefined : comment(docs);
    if (above === undefined) return { head: key(name), code: this.#named(data) };
    return { above, head: key(name), code: this.#named(data, false) };
  }

  #named(data: NamedTypes, withDocs = true): Code {
    if (!isSchema(data)) return this.#fields(data);
    const struct = data as unknown as StructSchema;
    const isBare = struct.name === undefined && (struct.docs === undefined || !withDocs);
    return isBare ? this.#fields(struct.fields) : this.#schema(data, withDocs);
  }

  #typeOf(type: TypeOf): Code {
    if (!isSchema(type)) return this.#fields(type);
    const isBare = isOwn(type) && type.kind === 'struct' && type.name === undefined;
    return isBare && type.docs === undefined ? this.#fields(type.fields) : this.#schema(type);
  }

  #fields(fields: Fields, isLazy = false): Code {
    return object(
      Object.entries(fields).map(([name, schema]) => {
        const docs = this.#docsOf(schema);
        const above = docs === undefined ? undefined : comment(docs);
        const code = this.#schema(schema, above === undefined);
        const part =
          isLazy && this.#mentionsType(schema) ? getter(name, code) : { head: key(name), code };
        return above === undefined ? part : { above, ...part };
      }),
      isLazy,
    );
  }

  /** What a comment above a key says: not the documentation of the type itself. */
  #docsOf(schema: AnySchema): string | undefined {
    if (!isOwn(schema)) return undefined;
    const isType = 'name' in schema && schema.name !== undefined && schema.origin === undefined;
    return isType ? undefined : schema.docs;
  }

  #schema(schema: AnySchema, withDocs = true): Code {
    if (!isOwn(schema)) return call('t.json', [literal(jsonSchemaOf(schema, 'input'))]);
    const docs = withDocs ? this.#docsOf(schema) : undefined;
    const code = this.#plain(schema);
    if (docs === undefined) return code;
    if (typeof code === 'string') return call(`${code}.doc`, [quote(docs)]);
    return { ...code, tail: { open: '.doc(', text: quote(docs) } };
  }

  #plain(schema: OwnSchema): Code {
    switch (schema.kind) {
      case 'struct':
      case 'enum': {
        const { name, origin = schema } = schema;
        if (name === undefined) return this.#body(schema, []);
        this.#types.set(name, origin);
        // Its parts may name further types.
        if (!this.#entered.has(name)) {
          this.#entered.add(name);
          this.#body(origin, []);
        }
        return name;
      }
      case 'list':
      case 'map':
        return call(`t.${schema.kind}`, [this.#schema(schema.of)]);
      case 'optional': {
        const fallback = schema.default === undefined ? [] : [literal(schema.default)];
        return call('t.optional', [this.#schema(schema.of), ...fallback]);
      }
      case 'json':
        return call('t.json', [literal(schema.schema)]);
      default:
        return `t.${schema.kind}`;
    }
  }

  readonly #entered = new Set<string>();

  #body(schema: StructSchema | EnumSchema, start: readonly Code[], isLazy = false): Code {
    if (schema.kind === 'struct') {
      return call('t.struct', [...start, this.#fields(schema.fields, isLazy)]);
    }
    return call('t.enum', [...start, array(schema.values.map(quote))]);
  }

  #declaration(name: string): string {
    const schema = this.#types.get(name) as StructSchema | EnumSchema;
    const { docs } = schema;
    const above = docs === undefined ? [] : comment(docs);
    const isLazy = this.#isRecursive(name);
    const start = `export const ${name}${isLazy ? `: Struct<${name}>` : ''} = `;
    const body = this.#body(schema, [quote(name)], isLazy) as Exclude<Code, string>;
    const code: Code =
      above === undefined
        ? { ...body, parts: [...body.parts, { head: '', code: quote(docs ?? '') }] }
        : body;
    const text = `${start}${layOut(code, '', start.length, 1)};`;
    this.#imports.add(isLazy ? 'type Struct' : 'type Infer');
    const type = isLazy
      ? `export type ${name} = ${typeText(schema as StructSchema, (other) => this.#isRecursive(other))};`
      : `export type ${name} = Infer<typeof ${name}>;`;
    const lines = [...(above ?? []), text];
    return (isLazy ? [type, '', ...lines] : [...lines, type]).join('\n');
  }

  #isRecursive(name: string): boolean {
    const schema = this.#types.get(name);
    return schema !== undefined && this.#leadsTo(schema, name, new Set());
  }

  #mentionsType(schema: AnySchema): boolean {
    if (!isOwn(schema)) return false;
    if ('of' in schema) return this.#mentionsType(schema.of);
    if (schema.kind !== 'struct') return false;
    return (
      schema.name !== undefined ||
      Object.values(schema.fields).some((field) => this.#mentionsType(field))
    );
  }

  #leadsTo(schema: AnySchema, name: string, seen: Set<string>): boolean {
    if (!isOwn(schema)) return false;
    if ('of' in schema) return this.#isOrLeadsTo(schema.of, name, seen);
    if (schema.kind !== 'struct') return false;
    return Object.values(schema.fields).some((field) => this.#isOrLeadsTo(field, name, seen));
  }

  #isOrLeadsTo(schema: AnySchema, name: string, seen: Set<string>): boolean {
    if (isOwn(schema) && schema.kind === 'struct' && schema.name !== undefined) {
      if (schema.name === name) return true;
      if (seen.has(schema.name)) return false;
      seen.add(schema.name);
    }
    return this.#leadsTo(schema, name, seen);
  }
}

function bareName(imported: string): string {
  return imported.replace(/^type /, '').toLowerCase();
}

function busImport(text: string): string {
  const names = ['KernelObject', 'MemoryRegion', 'RegionRange'].filter((name) =>
    new RegExp(`\\b${name}\\b`).test(text),
  );
  return `import type { ${names.join(', ')} } from 'busbar';`;
}
