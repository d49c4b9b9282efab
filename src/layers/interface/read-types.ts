// Makes schemas of the types in a model.
import { show } from '../../base/show.js';
import { newWalk, nodeOf } from './compile.js';
import type { NamedTypes, TypeOf } from './interface.js';
import { typeKeys } from './model.js';
import { checkObject, ModelError, type Place, within } from './model-place.js';
import { maxDepth, Refused } from './node.js';
import {
  type AnySchema,
  type Fields,
  isSchema,
  type Schema,
  type StructSchema,
  simpleKinds,
} from './schema.js';
import { t } from './t.js';
import { parseTypeText, type TypeText, TypeTextError } from './type-text.js';

/** Reads types, and knows the structs and enums of the model by their names. */
export class TypeReader {
  readonly #types: Readonly<Record<string, unknown>>;
  readonly #names: readonly string[];
  readonly #made = new Map<string, Schema>();

  constructor(types: Readonly<Record<string, unknown>>) {
    this.#types = types;
    this.#names = Object.keys(types);
  }

  /** The names of types that no member uses, once all members have been read. */
  get unused(): readonly string[] {
    return this.#names.filter((name) => !this.#made.has(name));
  }

  /** Named types: fields, or the name of a struct. */
  named(place: Place, given: unknown): NamedTypes {
    if (typeof given === 'string') {
      const schema = this.#text(place, given);
      if (schema.kind === 'struct') return schema as StructSchema;
      throw new ModelError(place, `is ${show(given)}; expected fields, or the name of a struct`);
    }
    const object = checkObject(place, given);
    const { struct, doc, ...others } = object;
    const isDocumented = doc === undefined || typeof doc === 'string';
    // A field of this name is written within `struct`.
    if (struct === undefined || !isDocumented || Object.keys(others).length > 0) {
      return this.#fields(place, object);
    }
    const at = [...place, 'struct'];
    const made = typeof struct === 'string' ? this.named(at, struct) : this.#fields(at, struct);
    if (doc === undefined) return made;
    const schema = isSchema(made) ? (made as StructSchema) : t.struct(made);
    return within([...place, 'doc'], () => schema.doc(doc));
  }

  /** A type, or the fields of a struct without name. */
  typeOf(place: Place, given: unknown): TypeOf {
    if (typeof given !== 'object' || given === null || this.#isType(given)) {
      return this.type(place, given);
    }
    return this.#fields(place, given);
  }

  #isType(given: object): boolean {
    return Object.keys(given).some((key) => typeKeys.has(key));
  }

  /** A type. */
  type(place: Place, given: unknown): AnySchema {
    if (typeof given === 'string') return this.#text(place, given);
    if (place.length > maxDepth) throw new ModelError(place, 'is nested too deep');
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) {
      if (!this.#isType(given) && Object.keys(given).length > 0 && !('doc' in given)) {
        throw new ModelError(place, 'has fields; expected a type, as in { struct: { … } }');
      }
    } else {
      throw new ModelError(place, `is ${show(given)}; expected a type such as f64`);
    }
    const object = checkObject(place, given, [...typeKeys, 'default', 'doc']);
    const [key, second] = Object.keys(object).filter((each) => typeKeys.has(each));
    if (key === undefined) throw new ModelError(place, "lacks the key 'type'");
    if (second !== undefined) {
      throw new ModelError(
        [...place, second],
        `stands beside '${key}'; expected one of them`,
        true,
      );
    }
    return this.#described(place, this.#keyed(place, key, object[key], object.default), object.doc);
  }

  #described(place: Place, schema: Schema, doc: unknown): Schema {
    if (doc === undefined) return schema;
    return within([...place, 'doc'], () => schema.doc(doc as string));
  }

  #keyed(place: Place, key: string, value: unknown, fallback: unknown): Schema {
    const at = [...place, key];
    if (key === 'optional') return this.#optional(place, this.type(at, value), fallback);
    const schema = this.#base(at, key, value);
    return fallback === undefined ? schema : this.#optional(place, schema, fallback);
  }

  #base(at: Place, key: string, value: unknown): Schema {
    switch (key) {
      case 'type':
        if (typeof value !== 'string') {
          throw new ModelError(at, `is ${show(value)}; expected a type such as f64`);
        }
        return this.#text(at, value);
      case 'struct':
        return within(at, () => t.struct(this.#fields(at, value)));
      case 'enum':
        return within(at, () => t.enum(value as readonly string[]));
      case 'schema':
        return within(at, () => t.json(checkObject(at, value)));
      default: {
        const of = this.type(at, value);
        return within(at, () => (key === 'list' ? t.list(of) : t.map(of)));
      }
    }
  }

  #optional(place: Place, of: AnySchema, fallback: unknown): Schema {
    if (fallback === undefined) return within(place, () => t.optional(of));
    const at = [...place, 'default'];
    try {
      const value = nodeOf(of).decode(fallback, newWalk(true));
      return within(at, () => t.optional(of, value));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw new ModelError([...at, ...error.toError().path], error.message);
    }
  }

  #fields(place: Place, given: unknown): Fields {
    const fields: Record<string, AnySchema> = Object.create(null);
    for (const [name, type] of Object.entries(checkObject(place, given))) {
      fields[name] = this.type([...place, name], type);
    }
    return fields;
  }

  #text(place: Place, text: string): Schema {
    try {
      return this.#parsed(place, parseTypeText(text, this.#names));
    } catch (error) {
      if (error instanceof TypeTextError) throw new ModelError(place, error.message);
      throw error;
    }
  }

  #parsed(place: Place, type: TypeText): Schema {
    if (type.kind !== 'name') {
      const of = this.#parsed(place, type.of);
      return within(place, () => t[type.kind](of));
    }
    const { name } = type;
    const simple = simpleKinds.find((kind) => kind === name);
    return simple === undefined ? this.#reference(name) : t[simple];
  }

  #reference(name: string): Schema {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const place = ['types', name];
    const { struct, enum: values, doc } = this.#declaration(place, this.#types[name]);
    const docs = doc as string | undefined;
    const made =
      struct === undefined
        ? within(place, () => t.enum(name, values as readonly string[], docs))
        : this.#struct(place, name, struct, docs);
    this.#made.set(name, made);
    return made;
  }

  #declaration(place: Place, given: unknown): Readonly<Record<string, unknown>> {
    const object = checkObject(place, given, ['struct', 'enum', 'doc']);
    if ((object.struct === undefined) === (object.enum === undefined)) {
      throw new ModelError(place, "needs one of the keys 'struct' and 'enum'");
    }
    return object;
  }

  #struct(place: Place, name: string, given: unknown, doc: string | undefined): Schema {
    const at = [...place, 'struct'];
    const fields = checkObject(at, given);
    if (!this.#reaches(name))
      return within(place, () => t.struct(name, this.#fields(at, given), doc));
    // It contains itself: its fields are read when it exists.
    const lazy: Fields = Object.create(null);
    for (const field of Object.keys(fields)) {
      let schema: AnySchema | undefined;
      Object.defineProperty(lazy, field, {
        enumerable: true,
        get: () => {
          schema ??= this.type([...at, field], fields[field]);
          return schema;
        },
      });
    }
    return within(place, () => t.struct(name, lazy, doc));
  }

  /** Whether a type leads back to itself. More than that is true is harmless. */
  #reaches(name: string): boolean {
    const seen = new Set<string>();
    const open = [name];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const words = JSON.stringify(this.#types[next] ?? null).match(/\b[A-Z]\w*\b/g) ?? [];
      for (const word of words) {
        if (word === name) return true;
        if (seen.has(word) || !this.#names.includes(word)) continue;
        seen.add(word);
        open.push(word);
      }
    }
    return false;
  }
}
