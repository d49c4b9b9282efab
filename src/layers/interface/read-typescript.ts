// Reads an interface from TypeScript as we print it, and as one would write it by hand: constants of
// `t`, and one call of `defineInterface`. Nothing of the text is run.
import { defineInterface } from './define.js';
import { InterfaceFileError } from './errors.js';
import type { Interface, NamedTypes, TypeOf } from './interface.js';
import type { ParseOptions } from './read-yaml.js';
import { isSchema, type Schema, type StructSchema } from './schema.js';
import { t } from './t.js';
import { Evaluator, ObjectLiteral, OtherCall, type Property } from './type-script-values.js';

/** Characters. */
const maxText = 2 ** 20;

/**
 * Reads an interface from the TypeScript that {@link printTypeScript} writes. Documentation is in
 * comments above names. Only literals, `t` and `defineInterface` are understood: an interface with
 * schemas of other libraries has to be imported.
 * @throws InterfaceFileError with line and column.
 */
export function parseTypeScript(text: string, options: ParseOptions = {}): Interface {
  const { file } = options;
  if (text.length > maxText) {
    throw new InterfaceFileError(
      { file, line: 1, column: 1 },
      `the file has ${text.length} characters; the limit is ${maxText}`,
    );
  }
  return new Reader(new Evaluator(text, file)).read();
}

class Reader {
  readonly #source: Evaluator;

  constructor(source: Evaluator) {
    this.#source = source;
  }

  read(): Interface {
    const source = this.#source;
    let made: Interface | undefined;
    while (source.token.kind !== 'end') {
      const { doc, at } = source.token;
      source.takeIf('export');
      if (source.takeIf('import') || source.takeIf('type')) {
        source.skipTo(';');
        source.expect(';');
        continue;
      }
      source.expect('const');
      const found = this.#constant(doc);
      if (found === undefined) continue;
      if (made !== undefined) source.refuse(at, 'the file defines more than one interface');
      made = found;
    }
    return made ?? source.refuse(source.token.at, 'the file defines no interface');
  }

  #constant(doc: string | undefined): Interface | undefined {
    const source = this.#source;
    const { text: name } = source.take();
    source.skipTo('=');
    source.expect('=');
    const { at } = source.token;
    const value = source.expression();
    source.expect(';');
    if (value instanceof OtherCall) return this.#interface(value, doc);
    source.constants.set(
      name,
      isSchema(value) ? this.#documented(value as Schema, doc, at) : value,
    );
    return undefined;
  }

  /** A comment above a constant documents the type itself, not a use of it. */
  #documented(schema: Schema, doc: string | undefined, at: number): Schema {
    if (doc === undefined) return schema;
    const { kind, name, fields, values } = schema as StructSchema & { values: readonly string[] };
    return this.#source.within(at, () => {
      if (name === undefined) return schema.doc(doc);
      return kind === 'struct' ? t.struct(name, fields, doc) : t.enum(name, values, doc);
    });
  }

  #interface({ callee, args, at }: OtherCall, doc: string | undefined): Interface {
    const source = this.#source;
    const [name, version, definition] = args;
    if (callee !== 'defineInterface') source.refuse(at, `'${callee}' is not defined before this`);
    if (!(definition instanceof ObjectLiteral)) {
      return source.refuse(at, 'expected a name, a version and a definition');
    }
    const made: Record<string, unknown> = doc === undefined ? {} : { doc };
    for (const [key, { value }] of definition.properties) {
      made[key] = this.#group(key, value());
    }
    return source.within(at, () => defineInterface(name as string, version as string, made));
  }

  #group(key: string, value: unknown): unknown {
    if (!(value instanceof ObjectLiteral)) return value;
    return this.#mapped(value, (property) => {
      if (key === 'signals') return this.#namedProperty(property);
      const member = property.value();
      if (!(member instanceof ObjectLiteral)) return member;
      const made = this.#member(member);
      return property.doc === undefined ? made : { doc: property.doc, ...made };
    });
  }

  #mapped<R>(literal: ObjectLiteral, read: (property: Property) => R): Record<string, R> {
    const made: Record<string, R> = Object.create(null);
    for (const [name, property] of literal.properties) made[name] = read(property);
    return made;
  }

  #member(literal: ObjectLiteral): Record<string, unknown> {
    const made: Record<string, unknown> = {};
    for (const [key, { value }] of literal.properties) {
      const part = value();
      const isErrors = key === 'errors' && part instanceof ObjectLiteral;
      made[key] = isErrors
        ? this.#mapped(part, (error) => this.#namedProperty(error))
        : this.#type(part);
    }
    return made;
  }

  #type(value: unknown): TypeOf {
    return value instanceof ObjectLiteral ? this.#source.fields(value) : (value as TypeOf);
  }

  /** The data of an error or signal, with the comment above its name. */
  #namedProperty({ doc, at, value }: Property): NamedTypes {
    const type = this.#type(value()) as NamedTypes;
    if (doc === undefined) return type;
    return this.#source.within(at, () => {
      const schema = isSchema(type) ? (type as unknown as StructSchema) : t.struct(type);
      return schema.doc(doc);
    });
  }
}
