// The types of an interface in C++: structs and enums in the order of their use, with names for
// those that have none.
import { comment, enumeration, field, returning } from './cpp-layout.js';
import { pascal, Scope } from './cpp-names.js';
import { type CppTypes, cppValue } from './cpp-values.js';
import type { NamedTypes, TypeOf } from './interface.js';
import {
  type AnySchema,
  type EnumSchema,
  type Fields,
  isOwn,
  isSchema,
  type OwnSchema,
  type StructSchema,
} from './schema.js';

const simple: Readonly<Record<string, string>> = {
  bool: 'bool',
  f64: 'double',
  f32: 'float',
  i8: 'std::int8_t',
  i16: 'std::int16_t',
  i32: 'std::int32_t',
  i64: 'std::int64_t',
  u8: 'std::uint8_t',
  u16: 'std::uint16_t',
  u32: 'std::uint32_t',
  u64: 'std::uint64_t',
  u53: 'rpc::U53',
  string: 'std::string',
  bytes: 'rpc::ByteArray',
  time: 'rpc::Time',
  duration: 'rpc::Duration',
  object: 'rpc::Object',
  region: 'rpc::Region',
  any: 'rpc::Value',
  json: 'rpc::Value',
};

interface EnumNames {
  readonly name: string;
  readonly enumerators: ReadonlyMap<string, string>;
}

/** A field as it is printed. */
interface Column {
  readonly type: string;
  readonly name: string;
  readonly wire: string;
  readonly value: string;
  readonly doc: string | undefined;
}

/** The declarations of one interface. */
export class CppDeclarations implements CppTypes {
  /** Names of the namespace. */
  readonly scope = new Scope();
  /** The declarations, in the order that C++ needs. */
  readonly blocks: string[] = [];
  /** Structs that are used before they are complete. */
  readonly forward: string[] = [];
  readonly #structs = new Map<object, string>();
  readonly #columns = new Map<object, ReadonlyMap<string, string>>();
  readonly #enums = new Map<object, EnumNames>();
  readonly #complete = new Set<string>();

  /** Reserves the names of the types that have names, and declares them in this order. */
  declareNamed(types: readonly (StructSchema | EnumSchema)[]): void {
    for (const type of types) {
      const name = this.scope.take(type.name ?? '');
      if (type.kind === 'struct') this.#structs.set(type, name);
      else this.#enums.set(type, { name, enumerators: enumeratorsOf(type) });
    }
    for (const type of types) {
      if (type.kind === 'enum') this.#declareEnum(type);
      else this.#declareStruct(type, type.fields, this.nameOf(type as OwnSchema), type.docs);
    }
  }

  /** The type of a value; one without a name gets one of these. */
  typeOf(given: TypeOf, ...names: readonly string[]): string {
    if (!isSchema(given)) return this.structOf(given, ...names);
    return this.#type(given, names);
  }

  /** The struct of arguments or data. */
  structOf(given: NamedTypes, ...names: readonly string[]): string {
    if (isSchema(given)) return this.#type(given, names);
    const known = this.#structs.get(given);
    if (known !== undefined) return known;
    const name = this.scope.take(...names);
    this.#structs.set(given, name);
    this.#declareStruct(given, given, name, undefined);
    return name;
  }

  /** The struct of a declared error, which is a type of its own. */
  errorOf(given: NamedTypes, code: string, ...names: readonly string[]): string {
    const struct = isSchema(given) ? (given as unknown as StructSchema) : undefined;
    const fields = struct?.fields ?? (given as Fields);
    const name = this.scope.take(...names);
    this.#declareStruct({}, fields, name, struct?.docs, code);
    return name;
  }

  nameOf(schema: OwnSchema): string {
    const key = keyOf(schema);
    return this.#structs.get(key) ?? this.#enums.get(key)?.name ?? '';
  }

  enumeratorOf(schema: OwnSchema, value: string): string {
    return this.#enums.get(keyOf(schema))?.enumerators.get(value) ?? value;
  }

  #type(given: AnySchema, names: readonly string[]): string {
    if (!isOwn(given)) return 'rpc::Value';
    const schema: OwnSchema = given;
    switch (schema.kind) {
      case 'list':
        return `std::vector<${this.#type(schema.of, names)}>`;
      case 'map':
        return `std::map<std::string, ${this.#type(schema.of, names)}>`;
      case 'optional': {
        const of = this.#type(schema.of, names);
        if (schema.default !== undefined) return of;
        return this.#isIncomplete(of) ? `rpc::Boxed<${of}>` : `std::optional<${of}>`;
      }
      case 'enum':
        return `rpc::Enum<${this.#enumName(schema, names)}>`;
      case 'struct':
        return this.#structName(schema, names);
      default:
        return simple[schema.kind] ?? 'rpc::Value';
    }
  }

  #structName(schema: StructSchema, names: readonly string[]): string {
    const key = keyOf(schema);
    const known = this.#structs.get(key);
    if (known !== undefined) {
      if (!this.#complete.has(known) && !this.forward.includes(known)) this.forward.push(known);
      return known;
    }
    const name = this.scope.take(...names);
    this.#structs.set(key, name);
    this.#declareStruct(key, schema.fields, name, schema.docs);
    return name;
  }

  #enumName(schema: EnumSchema, names: readonly string[]): string {
    const known = this.#enums.get(keyOf(schema));
    if (known !== undefined) return known.name;
    const name = this.scope.take(...names);
    this.#enums.set(keyOf(schema), { name, enumerators: enumeratorsOf(schema) });
    this.#declareEnum(schema);
    return name;
  }

  // A struct that is being declared, or will be: an optional one is on the heap.
  #isIncomplete(type: string): boolean {
    return [...this.#structs.values()].includes(type) && !this.#complete.has(type);
  }

  #declareEnum(schema: EnumSchema): void {
    const names = this.#enums.get(keyOf(schema));
    if (names === undefined) return;
    const texts = schema.values.map((value) => `"${value}"`);
    const head = `inline constexpr std::array<std::string_view, ${texts.length}> texts_of(${names.name})`;
    const lines = [
      ...comment(schema.docs, ''),
      ...enumeration(names.name, [...names.enumerators.values()]),
      ...returning('', head, '{', texts, '}'),
    ];
    this.blocks.push(lines.join('\n'));
  }

  #declareStruct(
    key: object,
    fields: Fields,
    name: string,
    doc: string | undefined,
    code?: string,
  ): void {
    const scope = new Scope();
    const names = new Map(Object.keys(fields).map((each) => [each, scope.takeMember(each)]));
    this.#columns.set(key, names);
    const columns = Object.entries(fields).map(([wire, schema]) =>
      this.#column(name, wire, names.get(wire) ?? wire, schema),
    );
    const pairs = columns.map((each) => `"${each.wire}", &${name}::${each.name}`);
    const lines = [
      ...comment(doc, ''),
      `struct ${name} {`,
      ...(code === undefined
        ? []
        : [`  static constexpr std::string_view error_code = "${code}";`]),
      ...columns.flatMap((each) => [
        ...comment(each.doc, '  '),
        ...field(each.type, each.name, each.value),
      ]),
      ...returning('  ', 'static constexpr auto fields()', 'rpc::fields(', pairs, ')'),
      '};',
    ];
    this.blocks.push(lines.join('\n'));
    this.#complete.add(name);
  }

  #column(struct: string, wire: string, name: string, schema: AnySchema): Column {
    const type = this.#type(schema, [`${struct}${pascal(wire)}`]);
    const own = isOwn(schema) ? schema : undefined;
    const isNamed = own !== undefined && 'name' in own && own.name !== undefined;
    const doc = isNamed && own.origin === undefined ? undefined : own?.docs;
    if (own?.kind === 'optional' && own.default !== undefined) {
      const value = cppValue(this, own.of, own.default);
      return { type, name, wire: `${wire}?`, value: ` = ${value}`, doc };
    }
    return { type, name, wire, value: firstValue(type), doc };
  }
}

/** What stands behind the name of a field, so that no member of a new struct is without a value. */
function firstValue(type: string): string {
  if (type === 'bool') return ' = false';
  if (type === 'double' || type === 'float' || /^std::u?int\d+_t$/.test(type)) return ' = 0';
  return type === 'rpc::Duration' || type.startsWith('std::optional<') ? '{}' : '';
}

function keyOf(schema: OwnSchema): object {
  return 'origin' in schema ? (schema.origin ?? schema) : schema;
}

function enumeratorsOf(schema: EnumSchema): ReadonlyMap<string, string> {
  const scope = new Scope();
  return new Map(schema.values.map((value) => [value, scope.takeMember(value)]));
}
