// Checks the structs of a schema through all of its parts: what a getter returned only now, and
// that no struct contains itself but in a list, map or optional.
import { show } from '../../base/show.js';
import { InvalidInterfaceError } from './errors.js';
import { type AnySchema, isOwn, isSchema, type StructSchema } from './schema.js';

const checked = new WeakSet<object>();

/** Refuses a struct whose every value would be endless, or a getter that returns no schema. */
export function checkRecursion(path: string, schema: unknown): void {
  walk(path, schema, new Set());
}

/** `around` has the structs that are values of one another, and not in a list, map or optional. */
function walk(path: string, schema: unknown, around: Set<StructSchema>): void {
  if (!isSchema(schema)) {
    throw new InvalidInterfaceError(path, `is ${show(schema)}; expected a schema`);
  }
  if (!isOwn(schema)) return;
  switch (schema.kind) {
    case 'list':
    case 'map':
    case 'optional':
      walkInner(path, schema.of);
      break;
    case 'struct':
      walkFields(path, typeOf(schema), around);
      break;
    default:
  }
}

function walkInner(path: string, schema: AnySchema): void {
  // A struct that was checked once is not entered again: it may lead back here.
  if (isOwn(schema) && schema.kind === 'struct' && checked.has(typeOf(schema))) return;
  walk(path, schema, new Set());
}

/** A use of a type stands for the type. */
function typeOf(schema: StructSchema): StructSchema {
  return schema.origin ?? schema;
}

function walkFields(path: string, schema: StructSchema, around: Set<StructSchema>): void {
  if (around.has(schema)) {
    const name = schema.name ?? 'a struct';
    throw new InvalidInterfaceError(
      path,
      `is ${name} within ${name}, which would be endless; use a list, map or optional`,
    );
  }
  checked.add(schema);
  around.add(schema);
  for (const name of Object.keys(schema.fields)) {
    walk(`${path}.${name}`, schema.fields[name], around);
  }
  around.delete(schema);
}
