// An interface as documents show it: its members and types, with tables of their fields.
import {
  type AnySchema,
  type EnumSchema,
  type Fields,
  hashOf,
  type Interface,
  isOwn,
  isSchema,
  memberTypeId,
  memberTypeName,
  modelOf,
  type NamedTypes,
  type StructSchema,
  shapeOf,
  type TypeOf,
} from '../interface/index.js';
import { docsOf, innermost, type TypeWords, typeWords } from './type-words.js';

/** One line of a table of fields. */
export interface FieldLine {
  /** The name; of a field within a struct without a name, the way to it: `samples[].at`. */
  readonly name: string;
  readonly type: TypeWords;
  readonly isOptional: boolean;
  /** The default, as JSON. */
  readonly fallback: string | undefined;
  readonly doc: string | undefined;
}

/** A type of a member: what it is called, and its fields if they are not shown elsewhere. */
export interface PartOutline {
  /** `undefined` for fields without a name. */
  readonly type: TypeWords | undefined;
  readonly fields: readonly FieldLine[];
  readonly doc: string | undefined;
}

/** A method, property or signal. */
export interface MemberOutline {
  readonly kind: 'method' | 'property' | 'signal';
  readonly name: string;
  readonly doc: string | undefined;
  /** The name of its message type. */
  readonly messageType: string;
  /** The UUID of its message type. */
  readonly messageTypeId: string;
  /** The arguments of a method, the data of a signal. */
  readonly args: PartOutline | undefined;
  /** The result of a method, the value of a property. */
  readonly returns: PartOutline | undefined;
  readonly stream: PartOutline | undefined;
  readonly input: PartOutline | undefined;
  readonly errors: readonly (PartOutline & { readonly code: string })[];
  readonly isIdempotent: boolean;
  /** Whether clients may set a property. */
  readonly isWritable: boolean;
}

/** A struct or enum with a name. */
export interface TypeOutline {
  readonly name: string;
  readonly doc: string | undefined;
  readonly fields: readonly FieldLine[];
  /** The values of an enum. */
  readonly values: readonly string[];
  readonly kind: 'struct' | 'enum';
}

/** An interface. */
export interface Outline {
  readonly name: string;
  readonly version: string;
  readonly doc: string | undefined;
  readonly hash: string;
  readonly methods: readonly MemberOutline[];
  readonly properties: readonly MemberOutline[];
  readonly signals: readonly MemberOutline[];
  readonly types: readonly TypeOutline[];
}

/**
 * The outline of an interface.
 * @throws InvalidInterfaceError if a schema of another library cannot describe itself.
 */
export function outlineOf(given: Interface): Outline {
  const { name, version, doc, methods, properties, signals } = given;
  // Refuses what cannot be described, and knows the order of the types.
  const order = Object.keys(modelOf(given).types ?? {});
  const nothing = {
    args: undefined,
    returns: undefined,
    stream: undefined,
    input: undefined,
    errors: [],
    isIdempotent: false,
    isWritable: false,
  };
  const start = (kind: MemberOutline['kind'], member: string) => ({
    ...nothing,
    kind,
    name: member,
    messageType: memberTypeName(given, member),
    messageTypeId: memberTypeId(given, member),
  });
  return {
    name,
    version,
    doc,
    hash: hashOf(given),
    methods: Object.entries(methods).map(([member, method]) => ({
      ...start('method', member),
      doc: method.doc,
      args: partOf(method.args),
      returns: partOf(method.returns),
      stream: partOf(method.stream),
      input: partOf(method.input),
      errors: Object.entries(method.errors ?? {}).map(([code, data]) => ({
        code,
        ...(partOf(data) as PartOutline),
      })),
      isIdempotent: method.idempotent === true,
    })),
    properties: Object.entries(properties).map(([member, property]) => ({
      ...start('property', member),
      doc: property.doc,
      returns: partOf(property.type),
      isWritable: property.access === 'read-write',
    })),
    signals: Object.entries(signals).map(([member, data]) => ({
      ...start('signal', member),
      doc: isSchema(data) ? docsOf(data) : undefined,
      // Its documentation is that of the signal.
      args: { ...(partOf(data) as PartOutline), doc: undefined },
    })),
    types: typesOf(given, order),
  };
}

function partOf(type: TypeOf | NamedTypes | undefined): PartOutline | undefined {
  if (type === undefined) return undefined;
  if (!isSchema(type)) {
    return { type: undefined, fields: linesOf(type as Fields, ''), doc: undefined };
  }
  const { of, path } = innermost(type);
  const isBare = isOwn(of) && of.kind === 'struct' && of.name === undefined;
  const isFields = isBare && of === type;
  return {
    type: isFields ? undefined : typeWords(type),
    fields: isBare ? linesOf(of.fields, path === '' ? '' : `${path}.`) : [],
    doc: docsOf(type),
  };
}

function linesOf(fields: Fields, before: string): FieldLine[] {
  return Object.entries(fields).flatMap(([name, schema]) => {
    const line = lineOf(before + name, schema);
    const { of, path } = innermost(schema);
    const isBare = isOwn(of) && of.kind === 'struct' && of.name === undefined;
    return isBare ? [line, ...linesOf(of.fields, `${before}${name}${path}.`)] : [line];
  });
}

function lineOf(name: string, schema: AnySchema): FieldLine {
  const doc = docsOf(schema);
  if (!isOwn(schema) || schema.kind !== 'optional') {
    return { name, type: typeWords(schema), isOptional: false, fallback: undefined, doc };
  }
  const { of, default: value } = schema;
  const fallback =
    value === undefined ? undefined : JSON.stringify(shapeOf(of).encode(value, undefined, 'json'));
  return { name, type: typeWords(of), isOptional: true, fallback, doc };
}

/** The named types of an interface, in the order of its model. */
function typesOf(given: Interface, order: readonly string[]): TypeOutline[] {
  const found = new Map<string, StructSchema | EnumSchema>();
  for (const type of allTypes(given)) collect(type, found);
  return order.map((name) => {
    const schema = found.get(name) as StructSchema | EnumSchema;
    const rest = { name, doc: schema.docs };
    return schema.kind === 'struct'
      ? { ...rest, kind: 'struct', fields: linesOf(schema.fields, ''), values: [] }
      : { ...rest, kind: 'enum', fields: [], values: schema.values };
  });
}

function allTypes({ methods, properties, signals }: Interface): (TypeOf | NamedTypes)[] {
  const types: (TypeOf | NamedTypes | undefined)[] = [
    ...Object.values(methods).flatMap(({ args, returns, stream, input, errors }) => [
      args,
      returns,
      stream,
      input,
      ...Object.values(errors ?? {}),
    ]),
    ...Object.values(properties).map(({ type }) => type),
    ...Object.values(signals),
  ];
  return types.filter((type) => type !== undefined);
}

function collect(type: TypeOf | NamedTypes, found: Map<string, StructSchema | EnumSchema>): void {
  if (!isSchema(type)) {
    for (const field of Object.values(type)) collect(field, found);
    return;
  }
  const { of } = innermost(type);
  if (!isOwn(of) || (of.kind !== 'struct' && of.kind !== 'enum')) return;
  if (of.name !== undefined) {
    if (found.has(of.name)) return;
    found.set(of.name, of.origin ?? of);
  }
  if (of.kind === 'struct') collect(of.fields, found);
}
