// Which methods of an interface need kernel objects or memory regions, so that they cannot be called
// from another machine.
import {
  type AnySchema,
  type Fields,
  type Interface,
  isOwn,
  type StructSchema,
} from '../../interface/entry-values.js';

/** Whether an argument, a result, an item or an error of a method has an object or a region. */
export function needsAttachments(source: Interface, method: string): boolean {
  const { args, returns, stream, input, errors } = source.methods[method] ?? {};
  const walk = new Walk();
  const data = Object.values((errors ?? {}) as Readonly<Record<string, unknown>>);
  return [args, returns, stream, input, ...data].some((part) => walk.finds(part));
}

/** Looks through schemas, and into each struct once. */
class Walk {
  readonly #seen = new Set<StructSchema>();

  /** `part` is a schema, fields, or nothing. */
  finds(part: unknown): boolean {
    if (typeof part !== 'object' || part === null) return false;
    if (!('~standard' in part)) return this.#inFields(part as Fields);
    const schema = part as AnySchema;
    // A schema of another library has no objects and regions.
    if (!isOwn(schema)) return false;
    switch (schema.kind) {
      case 'object':
      case 'region':
        return true;
      case 'list':
      case 'map':
      case 'optional':
        return this.finds(schema.of);
      case 'struct': {
        const type = schema.origin ?? schema;
        if (this.#seen.has(type)) return false;
        this.#seen.add(type);
        return this.#inFields(type.fields);
      }
      default:
        return false;
    }
  }

  #inFields(fields: Fields): boolean {
    return Object.values(fields).some((field) => this.finds(field));
  }
}
