// The TypeScript type of a schema as text, for the structs whose type cannot be inferred because
// they contain themselves.
import { type AnySchema, isOwn, type SimpleKind, type StructSchema } from './schema.js';

const texts: Readonly<Record<SimpleKind, string>> = {
  bool: 'boolean',
  ...{ f64: 'number', f32: 'number', i8: 'number', i16: 'number', i32: 'number', i64: 'bigint' },
  ...{ u8: 'number', u16: 'number', u32: 'number', u64: 'bigint', u53: 'number' },
  ...{ string: 'string', bytes: 'Uint8Array', time: 'Date', duration: 'number' },
  ...{ object: 'KernelObject', region: 'MemoryRegion | RegionRange', any: 'unknown' },
};

/** Whether a schema is a struct that contains itself, by the name that its type then has. */
export type IsRecursive = (name: string) => boolean;

/**
 * The type of a struct that contains itself. Other structs in it are written out: their inferred
 * types are of values that were received, with arrays that can be changed and defaults filled in.
 */
export function typeText(schema: StructSchema, isRecursive: IsRecursive): string {
  return structText(schema, '', isRecursive);
}

function text(schema: AnySchema, indent: string, isRecursive: IsRecursive): string {
  if (!isOwn(schema)) return 'unknown';
  switch (schema.kind) {
    case 'list': {
      const of = text(schema.of, indent, isRecursive);
      const isUnion = of.includes(' | ') && !of.endsWith('}') && !of.endsWith('>');
      return isUnion ? `readonly (${of})[]` : `readonly ${bracketed(of)}[]`;
    }
    case 'map':
      return `Readonly<Record<string, ${text(schema.of, indent, isRecursive)}>>`;
    case 'optional':
      return `${text(schema.of, indent, isRecursive)} | undefined`;
    case 'enum':
      return schema.name ?? schema.values.map((value) => `'${value}'`).join(' | ');
    case 'struct': {
      const { name } = schema;
      const isNamed = name !== undefined && isRecursive(name);
      return isNamed ? name : structText(schema, indent, isRecursive);
    }
    case 'json':
      return 'unknown';
    default:
      return texts[schema.kind];
  }
}

/** A list of lists needs brackets, because `readonly` binds less than `[]`. */
function bracketed(of: string): string {
  return of.startsWith('readonly ') || / \| undefined$/.test(of) ? `(${of})` : of;
}

function structText(schema: StructSchema, indent: string, isRecursive: IsRecursive): string {
  const lines = Object.entries(schema.fields).map(([name, field]) => {
    const inner = `${indent}  `;
    if (!isOwn(field) || field.kind !== 'optional') {
      return `${inner}readonly ${name}: ${text(field, inner, isRecursive)};`;
    }
    const type = text(field.of, inner, isRecursive);
    if (!type.startsWith('{\n')) return `${inner}readonly ${name}?: ${type} | undefined;`;
    // As formatters spread a union with an object.
    const spread = text(field.of, `${inner}    `, isRecursive);
    return `${inner}readonly ${name}?:\n${inner}  | ${spread}\n${inner}  | undefined;`;
  });
  return lines.length === 0 ? '{}' : ['{', ...lines, `${indent}}`].join('\n');
}
