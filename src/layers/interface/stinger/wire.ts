// How Stinger's own programs write the members of an interface: their names, which an interface cannot
// always have, and the numbers of enums. Made beside the model, whose members and fields are in the
// order of the document.
import type { FieldsModel, InterfaceModel, TypeModel } from '../model.js';
import type { StingerArg, StingerDocument, StingerType } from './document.js';

/** An argument, a result, or a field, as Stinger's programs write it in JSON. */
export interface StingerField {
  /** Its name in the interface. */
  readonly name: string;
  /** Its key in JSON. */
  readonly key: string;
  /** What its value is. */
  readonly type: StingerValue;
}

/**
 * What a value is. `plain` is written as JSON of the interface; moments and durations of Stinger's
 * programs may have other forms of ISO 8601; a struct has its fields under Stinger's names; an enum
 * is an integer.
 */
export type StingerValue = StingerScalar | StingerEnum | StingerStruct | StingerList;

/** A value without parts. */
export interface StingerScalar {
  /** Which kind of value. */
  readonly kind: 'plain' | 'time' | 'duration';
}

/** A name that is an integer on the wire. */
export interface StingerEnum {
  /** Which kind of value. */
  readonly kind: 'enum';
  /** The integers by their names. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** Fields in an object. */
export interface StingerStruct {
  /** Which kind of value. */
  readonly kind: 'struct';
  /** In order. */
  readonly fields: readonly StingerField[];
}

/** Any number of one kind. */
export interface StingerList {
  /** Which kind of value. */
  readonly kind: 'list';
  /** What each of them is. */
  readonly of: StingerValue;
}

/** One member. */
export interface StingerMember {
  /** Its name in topics. */
  readonly name: string;
  /** The arguments of a method, the payload of a signal, the values of a property. */
  readonly fields: readonly StingerField[];
  /** The results of a method; empty for others. */
  readonly results: readonly StingerField[];
}

/** An interface as it is on the wire of Stinger's programs. */
export interface StingerWire {
  /** The name in topics. */
  readonly name: string;
  /** The whole version, as in the file. */
  readonly version: string;
  /** The title; that of an interface without one is its name. */
  readonly title: string;
  /** By the name of the member in the interface. */
  readonly members: ReadonlyMap<string, StingerMember>;
}

const plain: StingerValue = Object.freeze({ kind: 'plain' });
const time: StingerValue = Object.freeze({ kind: 'time' });
const duration: StingerValue = Object.freeze({ kind: 'duration' });

/** What is on the wire; `typeName` are the names that enums and structures have in the model. */
export function wireOf(
  document: StingerDocument,
  model: InterfaceModel,
  typeName: (kind: 'enums' | 'structures', name: string) => string,
): StingerWire {
  const walk = new Walk(document, model, typeName);
  const { name, version, title } = document.interface;
  const members = new Map<string, StingerMember>();
  const add = <T, M>(
    given: Readonly<Record<string, T>> | undefined,
    made: Readonly<Record<string, M>> | undefined,
    make: (from: T, to: M) => Omit<StingerMember, 'name'>,
  ) => {
    const owns = Object.entries(made ?? {});
    for (const [index, [key, from]] of Object.entries(given ?? {}).entries()) {
      const [own, to] = owns[index] as [string, M];
      members.set(own, { name: key, ...make(from, to) });
    }
  };
  add(document.methods, model.methods, (from, to) => ({
    fields: walk.fields(from.arguments, fieldsOf(to.args)),
    results: walk.fields(from.returnValues ?? [], fieldsOf(to.returns)),
  }));
  add(document.properties, model.properties, (from, to) => ({
    fields: walk.fields(from.values, fieldsOf(to.type)),
    results: [],
  }));
  add(document.signals, model.signals, (from, to) => ({
    fields: walk.fields(from.payload ?? [], fieldsOf(to)),
    results: [],
  }));
  return Object.freeze({ name, version, title: title ?? name, members });
}

function fieldsOf(type: unknown): FieldsModel {
  return (type as { readonly struct?: FieldsModel } | undefined)?.struct ?? {};
}

class Walk {
  readonly #document: StingerDocument;
  readonly #types: Readonly<Record<string, TypeModel>>;
  readonly #typeName: (kind: 'enums' | 'structures', name: string) => string;
  readonly #known = new Map<string, StingerValue>();

  constructor(
    document: StingerDocument,
    model: InterfaceModel,
    typeName: (kind: 'enums' | 'structures', name: string) => string,
  ) {
    this.#document = document;
    this.#types = model.types ?? {};
    this.#typeName = typeName;
  }

  fields(args: readonly StingerArg[], made: FieldsModel): readonly StingerField[] {
    const names = Object.keys(made);
    return args.map((arg, index) => ({
      name: names[index] as string,
      key: arg.name,
      type: this.#value(arg),
    }));
  }

  #value({ type, enumName = '', structName = '', itemType }: StingerType): StingerValue {
    switch (type) {
      case 'datetime':
        return time;
      case 'duration':
        return duration;
      case 'array':
        return itemType === undefined ? plain : { kind: 'list', of: this.#value(itemType) };
      case 'enum':
        return this.#enum(enumName);
      case 'struct':
        return this.#struct(structName);
      default:
        return plain;
    }
  }

  #enum(name: string): StingerValue {
    const own = this.#types[this.#typeName('enums', name)] as { readonly enum: readonly string[] };
    const numbers = new Map<string, number>();
    let most = 0;
    for (const [index, { value }] of (this.#document.enums?.[name]?.values ?? []).entries()) {
      // As Stinger counts: one more than the largest so far.
      const number = value ?? most + 1;
      most = index === 0 ? number : Math.max(most, number);
      numbers.set(own.enum[index] as string, number);
    }
    return { kind: 'enum', numbers };
  }

  // A struct may have itself among its fields, so it is known before they are.
  #struct(name: string): StingerValue {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const fields: StingerField[] = [];
    const value: StingerValue = { kind: 'struct', fields };
    this.#known.set(name, value);
    const own = this.#types[this.#typeName('structures', name)];
    const members = this.#document.structures?.[name]?.members ?? [];
    fields.push(...this.fields(members, fieldsOf(own)));
    return value;
  }
}
