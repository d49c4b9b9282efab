// Writes an interface as Python: dataclasses, enums, and one class with its methods, properties and
// signals, which is the type of clients and the base of implementations. Nothing but what a
// person would write.
import type { Interface, NamedTypes, TypeOf } from './interface.js';
import { modelOf } from './model.js';
import {
  docstring,
  type PythonCode,
  type PythonPart,
  pythonCall,
  pythonLine,
  pythonList,
  pythonString,
  subscript,
} from './python-layout.js';
import { PythonNames, typeNameOf } from './python-names.js';
import {
  classDocs,
  docsOf,
  errorAttributes,
  fieldsOf,
  importOf,
  inOrder,
  isNamed,
  isOptional,
  isSameData,
  namedDocs,
  namesOf,
} from './python-parts.js';
import { annotation, defaultValue, isMutable, oneLine, type PythonModule } from './python-types.js';
import {
  type AnySchema,
  type EnumSchema,
  type Fields,
  isOwn,
  isSchema,
  type OptionalSchema,
  type StructSchema,
} from './schema.js';
import { shortName } from './spelling.js';

/**
 * An interface as a Python module for the package `busbar`. The same bytes for the same interface.
 * @throws InvalidInterfaceError if a schema of another library cannot describe itself.
 */
export function printPython(given: Interface): string {
  // For its refusals.
  const names = Object.keys(modelOf(given).types ?? {});
  return new Printer(given, names).print();
}

const indent = '    ';

class Printer implements PythonModule {
  readonly #given: Interface;
  readonly #names: PythonNames;
  readonly #own: string;
  readonly #imports = new Map<string, Set<string>>();
  readonly #classes: string[] = [];
  readonly #named = new Map<StructSchema | EnumSchema, string>();
  /** Structs without a name, by their places: each place has a class of its own. */
  readonly #unnamed = new Map<string, string>();
  readonly #errors = new Map<string, [name: string, data: NamedTypes][]>();
  readonly #fieldNames = new Map<StructSchema, ReadonlyMap<string, string>>();
  readonly #members = new Map<EnumSchema, ReadonlyMap<string, string>>();
  readonly #open = new Set<string>();
  #isRecursive = false;

  constructor(given: Interface, names: readonly string[]) {
    this.#given = given;
    const name = shortName(given);
    this.#own = names.includes(name) ? `${name}Interface` : name;
    // Types without a name keep away from those that have one.
    this.#names = new PythonNames([...names, this.#own]);
  }

  print(): string {
    const own = this.#interface();
    const imports = [...this.#imports].sort(([a], [b]) => (a < b ? -1 : 1));
    const standard = imports
      .filter(([module]) => module !== 'busbar')
      .map(([module, names]) => importOf(module, [...names]));
    const bus = importOf('busbar', [...(this.#imports.get('busbar') ?? []), 'rpc']);
    const future = this.#isRecursive ? ['from __future__ import annotations'] : [];
    const blocks = [future, standard, [bus]].filter((block) => block.length > 0);
    const head = blocks.map((block) => block.join('\n')).join('\n\n');
    return `${[head, ...this.#classes, own].join('\n\n\n')}\n`;
  }

  // ---- PythonModule ----

  use(module: string, name: string): string {
    const names = this.#imports.get(module) ?? new Set();
    this.#imports.set(module, names.add(name));
    return name;
  }

  structClass(schema: StructSchema, words: readonly string[]): string {
    const origin = schema.origin ?? schema;
    const place = words.join('.');
    const known = origin.name === undefined ? this.#unnamed.get(place) : this.#named.get(origin);
    if (known !== undefined) {
      if (this.#open.has(known)) this.#isRecursive = true;
      return known;
    }
    if (origin.name === undefined) {
      const name = this.#names.type(typeNameOf(...words));
      this.#unnamed.set(place, name);
      this.#struct(name, origin, 'rpc.Inline', words);
      return name;
    }
    this.#named.set(origin, origin.name);
    this.#struct(origin.name, origin, undefined, [origin.name]);
    return origin.name;
  }

  enumClass(schema: EnumSchema): string {
    const origin = schema.origin ?? schema;
    const name = origin.name ?? '';
    if (this.#named.has(origin)) return name;
    this.#named.set(origin, name);
    const rows = [...this.#membersOf(origin)].map(
      ([value, constant]) => `${indent}${constant} = ${pythonString(value)}`,
    );
    const docs = classDocs(origin.docs);
    this.#classes.push([`class ${name}(rpc.Enum):`, ...docs, ...rows].join('\n'));
    return name;
  }

  enumMember(schema: EnumSchema, value: string): string {
    return this.#membersOf(schema.origin ?? schema).get(value) ?? '';
  }

  fieldNames(schema: StructSchema): ReadonlyMap<string, string> {
    const origin = schema.origin ?? schema;
    let names = this.#fieldNames.get(origin);
    if (names === undefined) {
      names = namesOf(origin.fields);
      this.#fieldNames.set(origin, names);
    }
    return names;
  }

  #membersOf(schema: EnumSchema): ReadonlyMap<string, string> {
    let members = this.#members.get(schema);
    if (members === undefined) {
      const scope = new PythonNames();
      members = new Map(schema.values.map((value) => [value, scope.constant(value)]));
      this.#members.set(schema, members);
    }
    return members;
  }

  // ---- types ----

  #struct(
    name: string,
    schema: StructSchema,
    base: string | undefined,
    words: readonly string[],
  ): void {
    this.#open.add(name);
    const rows = this.#fields(schema.fields, this.fieldNames(schema), words);
    this.#open.delete(name);
    this.#dataclass(name, base, classDocs(schema.docs), rows);
  }

  #dataclass(
    name: string,
    base: string | undefined,
    docs: readonly string[],
    rows: readonly string[],
  ): void {
    this.use('dataclasses', 'dataclass');
    const head = [
      `@dataclass(slots=True)`,
      `class ${name}${base === undefined ? '' : `(${base})`}:`,
    ];
    // An empty line stands between a docstring and what follows it.
    const body = rows.length === 0 && docs.at(-1) === '' ? docs.slice(0, -1) : [...docs, ...rows];
    if (body.length === 0) body.push(`${indent}pass`);
    this.#classes.push([...head, ...body].join('\n'));
  }

  /** The fields of a dataclass, those without a default first. */
  #fields(fields: Fields, names: ReadonlyMap<string, string>, words: readonly string[]): string[] {
    return inOrder(fields).map(([wire, schema]) => {
      const name = names.get(wire) ?? wire;
      const code = this.#noted(wire, name, schema, [...words, wire]);
      const fallback = this.#fallback(schema, [...words, wire]);
      if (fallback === undefined) return pythonLine(indent, `${name}: `, code);
      if (!isMutable(schema) || fallback === 'None') {
        return pythonLine(indent, `${name}: `, code, ` = ${oneLine(fallback)}`);
      }
      const factory = { head: 'default_factory=lambda: ', code: fallback };
      const made = pythonCall(this.use('dataclasses', 'field'), [factory]);
      const head = `${name}: ${oneLine(code)} = `;
      // A value with brackets is split first.
      if (head.length < 80) return pythonLine(indent, head, made);
      return pythonLine(indent, `${name}: `, code, ` = ${oneLine(made)}`);
    });
  }

  /** An annotation with the name on the wire and the documentation, where it has them. */
  #noted(wire: string, name: string, schema: AnySchema, words: readonly string[]): PythonCode {
    return this.#withNotes(annotation(this, schema, words), wire, name, docsOf(schema));
  }

  #withNotes(code: PythonCode, wire: string, name: string, docs: string | undefined): PythonCode {
    const notes: PythonCode[] = [];
    if (wire !== name) notes.push(pythonCall('rpc.Name', [pythonString(wire)]));
    if (docs !== undefined) notes.push(pythonCall('rpc.Doc', [pythonString(docs)]));
    if (notes.length === 0) return code;
    return subscript(this.use('typing', 'Annotated'), [code, ...notes]);
  }

  #fallback(schema: AnySchema, words: readonly string[]): PythonCode | undefined {
    if (!isOwn(schema) || schema.kind !== 'optional') return undefined;
    const { of, default: value } = schema as OptionalSchema;
    return value === undefined ? 'None' : defaultValue(this, of, value, words);
  }

  // ---- the interface ----

  #interface(): string {
    const { name, version, doc, methods, properties, signals } = this.#given;
    const scope = new PythonNames();
    const attributes = [
      ...Object.entries(properties).map(([wire, { type, access, doc: docs }]) => {
        const kind = access === 'read-write' ? 'WritableProperty' : 'Property';
        const of = this.#typeOf(type, [wire, 'value']);
        return this.#attribute(scope.variable(wire), wire, `rpc.${kind}`, of, docs);
      }),
      ...Object.entries(signals).map(([wire, data]) => {
        const of = this.#data(wire, data);
        return this.#attribute(scope.variable(wire), wire, 'rpc.Signal', of, namedDocs(data));
      }),
    ];
    const functions = Object.entries(methods).map(([wire, method]) =>
      this.#method(scope.variable(wire), wire, method),
    );
    const docs = doc === undefined ? [] : docstring(doc, indent);
    const parts = [
      'rpc.Interface',
      `name=${pythonString(name)}`,
      `version=${pythonString(version)}`,
    ];
    if (docs === undefined) parts.push(`doc=${pythonString(doc ?? '')}`);
    const blocks = [...(docs?.length ? [docs.join('\n')] : [])];
    if (attributes.length > 0) blocks.push(attributes.join('\n'));
    blocks.push(...functions);
    if (blocks.length === 0) blocks.push(`${indent}pass`);
    return `${pythonLine('', '', pythonCall(`class ${this.#own}`, parts), ':')}\n${blocks.join('\n\n')}`;
  }

  #attribute(
    name: string,
    wire: string,
    kind: string,
    of: PythonCode,
    docs: string | undefined,
  ): string {
    const code = this.#withNotes(subscript(kind, [of]), wire, name, docs);
    return pythonLine(indent, `${name}: `, code);
  }

  #method(name: string, wire: string, method: Interface['methods'][string]): string {
    const { args, returns, stream, input, errors, idempotent, doc } = method;
    const docs = doc === undefined ? [] : docstring(doc, indent + indent);
    const options: PythonPart[] = name === wire ? [] : [{ code: pythonString(wire) }];
    if (errors !== undefined && Object.keys(errors).length > 0) {
      const classes = Object.entries(errors).map(([code, data]) => this.#error(wire, code, data));
      options.push({ head: 'errors=', code: pythonList('[', classes, ']') });
    }
    if (idempotent !== undefined) {
      options.push({ head: 'idempotent=', code: idempotent ? 'True' : 'False' });
    }
    if (docs === undefined) options.push({ head: 'doc=', code: pythonString(doc ?? '') });
    const parameters = this.#parameters(wire, args, input);
    const result = returns === undefined ? 'None' : this.#typeOf(returns, [wire, 'result']);
    const streams = stream === undefined ? undefined : this.#typeOf(stream, [wire, 'item']);
    const answer = streams === undefined ? result : this.#streamOf(streams, returns, result);
    const start = stream === undefined ? 'async def' : 'def';
    const tail = ` -> ${oneLine(answer)}:`;
    return [
      pythonLine(indent, '@', pythonCall('rpc.method', options)),
      pythonLine(indent, `${start} `, pythonCall(name, ['self', ...parameters]), tail),
      ...(docs ?? []),
      `${indent}${indent}raise NotImplementedError`,
    ].join('\n');
  }

  #streamOf(item: PythonCode, returns: TypeOf | undefined, result: PythonCode): PythonCode {
    if (returns !== undefined) return subscript('rpc.ResultStream', [item, result]);
    return subscript(this.use('collections.abc', 'AsyncIterator'), [item]);
  }

  /** The parameters; those with a default come last. */
  #parameters(
    method: string,
    args: NamedTypes | undefined,
    input: TypeOf | undefined,
  ): PythonPart[] {
    const fields = args === undefined ? {} : fieldsOf(args);
    const names = namesOf(fields);
    const parameter = ([wire, schema]: readonly [string, AnySchema]): PythonPart => {
      const name = names.get(wire) ?? wire;
      const code = this.#noted(wire, name, schema, [method, wire]);
      const fallback = this.#fallback(schema, [method, wire]);
      const tail = fallback === undefined ? '' : ` = ${oneLine(fallback)}`;
      return { head: `${name}: `, code, tail };
    };
    const all = inOrder(fields);
    const parts = all.filter(([, schema]) => !isOptional(schema)).map(parameter);
    if (input !== undefined) {
      const item = this.#typeOf(input, [method, 'input']);
      const name = new PythonNames(names.values()).variable('input');
      const code = subscript(this.use('collections.abc', 'AsyncIterable'), [item]);
      parts.push({ head: `${name}: `, code });
    }
    return [...parts, ...all.filter(([, schema]) => isOptional(schema)).map(parameter)];
  }

  #typeOf(type: TypeOf, words: readonly string[]): PythonCode {
    if (isSchema(type)) return annotation(this, type, words);
    return this.#inline(type, words, undefined);
  }

  /** The data of a signal. */
  #data(wire: string, data: NamedTypes): PythonCode {
    const fields = fieldsOf(data);
    if (!isNamed(data) && Object.keys(fields).length === 0) return 'None';
    return isNamed(data) ? this.structClass(data, [wire]) : this.#inline(fields, [wire], undefined);
  }

  #inline(fields: Fields, words: readonly string[], docs: string | undefined): string {
    const name = this.#names.type(typeNameOf(...words));
    this.#dataclass(
      name,
      'rpc.Inline',
      classDocs(docs),
      this.#fields(fields, namesOf(fields), words),
    );
    return name;
  }

  /** The class of a declared error; one class for the same data. */
  #error(method: string, code: string, data: NamedTypes): string {
    const known = this.#errors.get(code) ?? [];
    const same = known.find(([, other]) => isSameData(data, other));
    if (same !== undefined) return same[0];
    const name = this.#names.type(known.length === 0 ? code : typeNameOf(method, code));
    this.#errors.set(code, [...known, [name, data]]);
    const fields = fieldsOf(data);
    const rows = this.#fields(fields, namesOf(fields, errorAttributes), [name]);
    if (name !== code) rows.unshift(`${indent}code = ${pythonString(code)}`);
    this.#dataclass(name, 'rpc.DeclaredError', classDocs(namedDocs(data)), rows);
    return name;
  }
}
