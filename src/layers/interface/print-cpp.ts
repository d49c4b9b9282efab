// Writes an interface as a header of C++17: its structs and enums, and a client and a server class
// whose members are those of the interface.
import { comment, constructing, jsonTexts, member } from './cpp-layout.js';
import { namespaceOf, pascal, Scope } from './cpp-names.js';
import { CppDeclarations } from './cpp-types.js';
import type { Interface, NamedTypes, TypeOf } from './interface.js';
import { modelOf } from './model.js';
import {
  type AnySchema,
  type EnumSchema,
  isOwn,
  isSchema,
  type OwnSchema,
  type StructSchema,
} from './schema.js';

/** A member of both classes. */
interface CppMember {
  readonly doc: string | undefined;
  readonly wire: string;
  /** The template of the client's member, and that of the server's. */
  readonly kinds: readonly [client: string, server: string];
  readonly args: readonly string[];
  /** What the constructors of the members get beside the name. */
  readonly flags: readonly [client: readonly string[], server: readonly string[]];
}

/**
 * An interface as a header of C++17 for `busbar_rpc.hpp`, in a namespace that is named after the
 * last part of its name. The same bytes for the same interface.
 * @throws InvalidInterfaceError if a schema of another library cannot describe itself.
 */
export function printCpp(given: Interface): string {
  return new CppPrinter(given).print();
}

class CppPrinter {
  readonly #given: Interface;
  readonly #types = new CppDeclarations();
  readonly #errors = new Map<string, string>();

  constructor(given: Interface) {
    this.#given = given;
  }

  print(): string {
    const { name, version, doc } = this.#given;
    const short = pascal(name.slice(name.lastIndexOf('.') + 1));
    const { scope } = this.#types;
    const named = namedTypes(this.#given, Object.keys(modelOf(this.#given).types ?? {}));
    // First, so that the types get other names.
    const client = scope.take(`${short}Client`);
    const server = scope.take(`${short}Server`);
    this.#types.declareNamed(named);
    const members = this.#members();
    const space = namespaceOf(name);
    const lines = [
      ...comment(doc ?? `The interface ${name}, version ${version}.`, ''),
      '#pragma once',
      '',
      '#include <busbar_rpc.hpp>',
      '',
      `namespace ${space} {`,
      '',
      'namespace rpc = busbar::rpc;',
      'using rpc::operator==;',
      'using rpc::operator!=;',
      ...(this.#types.forward.length > 0 ? [''] : []),
      ...this.#types.forward.map((each) => `struct ${each};`),
      ...this.#types.blocks.flatMap((block) => ['', block]),
      '',
      ...this.#class(client, members, 0),
      '',
      ...this.#class(server, members, 1),
      '',
      `}  // namespace ${space}`,
    ];
    return `${lines.join('\n')}\n`;
  }

  #class(name: string, members: readonly CppMember[], side: 0 | 1): readonly string[] {
    const { name: interfaceName, major } = this.#given;
    const base = side === 0 ? 'Client' : 'Server';
    const start =
      side === 0
        ? constructing(
            `explicit ${name}(rpc::Session session)`,
            `Client(std::move(session), "${interfaceName}", ${major})`,
          )
        : constructing(`${name}()`, `Server("${interfaceName}", ${major}, kModel)`);
    const scope = new Scope();
    return [
      `class ${name} : public rpc::${base} {`,
      ' public:',
      ...start,
      ...(members.length > 0 ? [''] : []),
      ...members.flatMap(({ doc, wire, kinds, args, flags }) => [
        ...(side === 0 ? comment(doc, '  ') : []),
        ...member(`rpc::${kinds[side]}<${args.join(', ')}>`, scope.takeMember(wire), [
          'this',
          `"${wire}"`,
          ...flags[side],
        ]),
      ]),
      ...(side === 1 ? this.#model() : []),
      '};',
    ];
  }

  #model(): readonly string[] {
    const head = 'static constexpr const char* kModel[]';
    return [
      '',
      ' private:',
      '  // The interface, for those who ask the server what it serves.',
      ...jsonTexts(head, modelOf(this.#given), '  '),
    ];
  }

  #members(): readonly CppMember[] {
    const { methods, properties, signals } = this.#given;
    return [
      ...Object.entries(methods).map(([name, method]) => this.#method(name, method)),
      ...Object.entries(properties).map(([name, { type, access, doc }]): CppMember => {
        const isWritable = access === 'read-write';
        return {
          doc,
          wire: name,
          kinds: [isWritable ? 'Property' : 'ReadOnlyProperty', 'ServedProperty'],
          args: [this.#types.typeOf(type, `${pascal(name)}Value`)],
          flags: [[], isWritable ? ['rpc::writable'] : []],
        };
      }),
      ...Object.entries(signals).map(
        ([name, data]): CppMember => ({
          doc: isSchema(data) ? docOf(data) : undefined,
          wire: name,
          kinds: ['Signal', 'ServedSignal'],
          args: [this.#types.structOf(data, pascal(name), `${pascal(name)}Signal`)],
          flags: [[], []],
        }),
      ),
    ];
  }

  #method(name: string, method: Interface['methods'][string]): CppMember {
    const { args, returns, stream, input, errors, idempotent, doc } = method;
    const types = this.#types;
    const title = pascal(name);
    const of = (type: TypeOf | undefined, suffix: string) =>
      type === undefined ? [] : [types.typeOf(type, `${title}${suffix}`)];
    const declared = Object.entries(errors ?? {}).map(([code, data]) =>
      this.#error(title, code, data),
    );
    const takes = args === undefined ? 'rpc::Nothing' : types.structOf(args, title, `${title}Args`);
    const given = of(input, 'Input');
    const items = of(stream, 'Item');
    const result = of(returns, 'Result');
    // The result of a stream has a default, unless errors stand behind it.
    const isStream = items.length > 0;
    const results =
      result.length > 0 || (isStream && declared.length === 0) ? result : ['rpc::Nothing'];
    const kind = isStream ? (given.length > 0 ? 'Duplex' : 'Stream') : 'Input';
    const kinds: CppMember['kinds'] =
      given.length === 0 && !isStream
        ? ['Method', 'ServedMethod']
        : [`${kind}Method`, `Served${kind}`];
    return {
      doc,
      wire: name,
      kinds,
      args: [takes, ...given, ...items, ...results, ...declared],
      flags: [idempotent === true ? ['rpc::idempotent'] : [], []],
    };
  }

  // Methods that declare the same error share its struct.
  #error(method: string, code: string, data: NamedTypes): string {
    const key = `${code} ${keyOf(data)}`;
    const known = this.#errors.get(key);
    if (known !== undefined) return known;
    const name = this.#types.errorOf(data, code, code, `${method}${code}`);
    this.#errors.set(key, name);
    return name;
  }
}

const keys = new WeakMap<object, number>();
let lastKey = 0;

// Two sets of fields are the same if they are one object, or were written alike.
function keyOf(data: NamedTypes): string {
  const fields = isSchema(data) ? (data as unknown as StructSchema).fields : data;
  const parts = Object.entries(fields).map(([name, schema]) => {
    const own = isOwn(schema) ? schema : undefined;
    const plain =
      own !== undefined && Object.keys(own).every((key) => ['kind', 'docs'].includes(key));
    if (plain) return `${name}:${own.kind}`;
    let key = keys.get(schema);
    if (key === undefined) {
      key = ++lastKey;
      keys.set(schema, key);
    }
    return `${name}#${key}`;
  });
  return parts.join();
}

function docOf(schema: AnySchema): string | undefined {
  if (!isOwn(schema)) return undefined;
  const isType = 'name' in schema && schema.name !== undefined && schema.origin === undefined;
  return isType ? undefined : schema.docs;
}

/** The structs and enums with names, in the order of `names`. */
function namedTypes(given: Interface, names: readonly string[]): (StructSchema | EnumSchema)[] {
  const found = new Map<string, StructSchema | EnumSchema>();
  const visit = (schema: AnySchema): void => {
    if (!isOwn(schema)) return;
    const own: OwnSchema = schema;
    if ('of' in own) {
      visit(own.of);
      return;
    }
    if (own.kind !== 'struct' && own.kind !== 'enum') return;
    const type = own.origin ?? own;
    if (type.name !== undefined) {
      if (found.has(type.name)) return;
      found.set(type.name, type);
    }
    if (type.kind === 'struct') Object.values(type.fields).forEach(visit);
  };
  const visitAll = (type: TypeOf | NamedTypes | undefined): void => {
    if (type === undefined) return;
    if (isSchema(type)) visit(type);
    else Object.values(type).forEach(visit);
  };
  for (const { args, returns, stream, input, errors } of Object.values(given.methods)) {
    for (const each of [args, returns, stream, input]) visitAll(each);
    Object.values(errors ?? {}).forEach(visitAll);
  }
  for (const { type } of Object.values(given.properties)) visitAll(type);
  Object.values(given.signals).forEach(visitAll);
  return names.flatMap((name) => found.get(name) ?? []);
}
