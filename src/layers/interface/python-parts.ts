// What the printer of Python asks about types: their fields, names and documentation.
import type { NamedTypes } from './interface.js';
import { docstring, pythonString } from './python-layout.js';
import { PythonNames } from './python-names.js';
import { type AnySchema, type Fields, isOwn, isSchema, type StructSchema } from './schema.js';

const indent = '    ';

/** What errors have besides their data. */
export const errorAttributes: readonly string[] = [
  ...['add_note', 'args', 'because', 'code', 'executed', 'peer_id', 'text', 'wire_name'],
  'with_traceback',
];

/** An import of names from one module. */
export function importOf(module: string, names: readonly string[]): string {
  const sorted = [...names].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  return `from ${module} import ${sorted.join(', ')}`;
}

/** As sorters of imports order: constants, classes, then the rest. */
function orderOf(name: string): string {
  const kind = /^[A-Z0-9_]+$/.test(name) ? 0 : /^[A-Z]/.test(name) ? 1 : 2;
  return `${kind}${name}`;
}

/** Fields as Python wants them: those that may be missing come last. */
export function inOrder(fields: Fields): [wire: string, schema: AnySchema][] {
  const all = Object.entries(fields);
  const last = all.filter(([, schema]) => isOptional(schema));
  return [...all.filter(([, schema]) => !isOptional(schema)), ...last];
}

/** Whether a field may be missing. */
export function isOptional(schema: AnySchema): boolean {
  return isOwn(schema) && schema.kind === 'optional';
}

/** The names of fields in Python, by those on the wire. */
export function namesOf(
  fields: Fields,
  taken: readonly string[] = [],
): ReadonlyMap<string, string> {
  const scope = new PythonNames(taken);
  return new Map(inOrder(fields).map(([wire]) => [wire, scope.variable(wire)]));
}

/** The fields of named types. */
export function fieldsOf(data: NamedTypes): Fields {
  return isSchema(data) ? (data as unknown as StructSchema).fields : data;
}

/** Whether it is a struct that has a name. */
export function isNamed(data: NamedTypes): data is NamedTypes & StructSchema {
  return isSchema(data) && (data as unknown as StructSchema).name !== undefined;
}

/** Whether both have the same fields. */
export function isSameData(one: NamedTypes, other: NamedTypes): boolean {
  const print = (data: NamedTypes) =>
    JSON.stringify(fieldsOf(data), (_, value) => (typeof value === 'bigint' ? `${value}` : value));
  return one === other || print(one) === print(other);
}

/** What is said about a use of a type, rather than about the type itself. */
export function docsOf(schema: AnySchema): string | undefined {
  if (!isOwn(schema)) return undefined;
  if (schema.kind === 'struct' && schema.name === undefined) return undefined;
  const isType = 'name' in schema && schema.name !== undefined && schema.origin === undefined;
  return isType ? undefined : schema.docs;
}

/** The documentation of named types, unless it is that of a struct with a name. */
export function namedDocs(data: NamedTypes): string | undefined {
  if (!isSchema(data)) return undefined;
  const struct = data as unknown as StructSchema;
  return struct.name === undefined || struct.origin !== undefined ? struct.docs : undefined;
}

/** The documentation of a class, as a docstring with the empty line that follows it. */
export function classDocs(docs: string | undefined): string[] {
  if (docs === undefined) return [];
  const lines = docstring(docs, indent);
  return lines === undefined ? [`${indent}__doc__ = ${pythonString(docs)}`] : [...lines, ''];
}
