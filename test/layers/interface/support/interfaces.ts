// Generated interfaces with everything that an interface can have, for the identities of its forms.
import {
  type AnySchema,
  defineInterface,
  type Fields,
  type Interface,
  type NamedTypes,
  type Schema,
  type StructSchema,
  type TypeOf,
  t,
} from 'busbar/interface';
import fc, { type GeneratorValue } from 'fast-check';
import { fieldNames, samples } from './schemas.js';

const docs = fc.oneof(
  fc.lorem({ maxCount: 8 }),
  fc.lorem({ maxCount: 40, mode: 'words' }),
  fc
    .array(
      fc.oneof(fc.lorem({ maxCount: 5 }), fc.constantFrom('', '- a', '* b', '# c', '@param d')),
    )
    .map((rows) => rows.join('\n'))
    .filter((text) => text !== ''),
  fc
    .string({ minLength: 1, unit: 'binary', maxLength: 30 })
    .filter((text) => !/\p{Cs}/u.test(text)),
  fc.constantFrom(
    'yes',
    '*/',
    ' a',
    'a ',
    'a: b',
    'a #b',
    "it's",
    '"',
    '/** a */',
    '\\u0041',
    '`a`',
  ),
  fc.constantFrom('a\r\nb', '\ta', 'a\n', '\na', '1.2', '@a', '// b', 'a\u2028b', '\u0085', '~'),
);
const reserved = new Set([
  ...[...Object.getOwnPropertyNames(Object.prototype), 'then', 'prototype', 'toJSON', 'catch'],
  ...['finally', 'on', 'once', 'off', 'emit', 'close', 'closed', 'dispose'],
]);
const names = fc
  .oneof(fieldNames, fc.constantFrom('y', 'n', 'no', 'yes', 'type', 'struct', 'get', 't', 'args'))
  .filter((name) => !reserved.has(name));
const typeNames = fc.stringMatching(/^[A-Z][A-Za-z0-9_]{0,6}$/).map((name) => `T${name}`);
const errorCodes = fc.stringMatching(/^[A-Z][a-z][A-Za-z0-9]{0,6}$/);
const values = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,6}$/);

/** Makes one interface of what a generator gives. */
class Maker {
  readonly #g: GeneratorValue;
  /** Structs and enums with names, which others may use. */
  readonly #types: Schema[] = [];

  constructor(g: GeneratorValue) {
    this.#g = g;
  }

  #choose<T>(choices: readonly T[]): T {
    return choices[this.#some(choices.length - 1)] as T;
  }

  #some(most: number): number {
    return this.#g(fc.nat, { max: most });
  }

  #maybe(): boolean {
    return this.#g(fc.boolean);
  }

  #doc(): string {
    return this.#g(() => docs);
  }

  #names(most: number): string[] {
    return this.#g(() => fc.uniqueArray(names, { maxLength: most }));
  }

  #documented<S extends Schema>(schema: S): S {
    return this.#some(5) === 0 ? schema.doc(this.#doc()) : schema;
  }

  #schema(): AnySchema {
    const named = this.#types.length > 0 && this.#maybe() ? this.#choose(this.#types) : undefined;
    const { schema } = this.#g(samples, 1);
    const other = this.#choose([
      t.region,
      t.object,
      t.json({ type: 'object', const: 1e21 }),
      schema,
    ]);
    const of = this.#documented((named ?? other) as Schema);
    switch (this.#some(6)) {
      case 0:
        return this.#documented(t.list(of));
      case 1:
        return this.#documented(t.map(of));
      case 2:
        return (of as Schema).kind === 'optional' ? of : this.#documented(t.optional(of));
      default:
        return of;
    }
  }

  #fields(): Fields {
    return Object.fromEntries(this.#names(5).map((name) => [name, this.#schema()]));
  }

  #type(): TypeOf {
    const schema = this.#schema();
    // Outside of fields, some optionals are refused.
    return this.#maybe() && (schema as Schema).kind !== 'optional' ? schema : this.#fields();
  }

  #named(): NamedTypes {
    const structs = this.#types.filter(({ kind }) => kind === 'struct') as StructSchema[];
    if (structs.length > 0 && this.#maybe()) return this.#documented(this.#choose(structs));
    const fields = this.#fields();
    return this.#some(3) === 0 ? t.struct(fields).doc(this.#doc()) : fields;
  }

  #addType(name: string): void {
    const doc = this.#maybe() ? this.#doc() : undefined;
    if (this.#some(2) === 0) {
      const list = this.#g(() => fc.uniqueArray(values, { minLength: 1, maxLength: 6 }));
      this.#types.push(
        t.enum(name, list.filter((value) => !reserved.has(value)).concat('last'), doc),
      );
      return;
    }
    const fields = this.#fields();
    if (this.#some(2) === 0) {
      const wrap = this.#choose([t.list, t.map, t.optional] as (typeof t.list)[]);
      Object.defineProperty(fields, 'self', {
        enumerable: true,
        get: (): AnySchema => wrap(struct),
      });
    }
    const struct: StructSchema = t.struct(name, fields, doc);
    this.#types.push(struct);
  }

  make(): Interface {
    for (const name of this.#g(() => fc.uniqueArray(typeNames, { maxLength: 4 }))) {
      this.#addType(name);
    }
    const members = this.#names(9);
    const methods: Record<string, object> = {};
    const properties: Record<string, { type: TypeOf; access?: 'read-only' | 'read-write' }> = {};
    const signals: Record<string, NamedTypes> = {};
    for (const name of members) {
      const doc = this.#some(3) === 0 ? { doc: this.#doc() } : {};
      const kind = this.#some(2);
      if (kind === 0) methods[name] = { ...doc, ...this.#method() };
      else if (kind === 1) signals[name] = this.#named();
      else {
        const access = this.#maybe() && {
          access: this.#choose(['read-only', 'read-write'] as const),
        };
        properties[name] = { ...doc, type: this.#type(), ...access };
      }
    }
    return defineInterface('com.example.made-up', `${this.#some(99)}.${this.#some(99)}`, {
      ...(this.#maybe() && { doc: this.#doc() }),
      methods,
      properties,
      signals,
    });
  }

  #method(): object {
    const errors = this.#g(() => fc.uniqueArray(errorCodes, { maxLength: 2 }));
    return {
      ...(this.#maybe() && { args: this.#named() }),
      ...(this.#maybe() && { returns: this.#type() }),
      ...(this.#some(3) === 0 && { stream: this.#type() }),
      ...(this.#some(3) === 0 && { input: this.#type() }),
      ...(errors.length > 0 && {
        errors: Object.fromEntries(errors.map((code) => [code, this.#named()])),
      }),
      ...(this.#maybe() && { idempotent: this.#maybe() }),
    };
  }
}

/** Any interface. A generator that makes one that is refused tries again. */
export function interfaceFrom(g: GeneratorValue): Interface {
  return new Maker(g).make();
}
