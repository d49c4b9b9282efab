// Compiles schemas, each once. A schema of another copy of this package is compiled like our own,
// because a schema is data.
import { any } from './any-value.js';
import { object, region } from './attached.js';
import { noAttachments } from './attachments.js';
import { bytes, duration, time } from './bytes-and-time.js';
import { enumeration, type FieldNode, list, map, optional, struct } from './containers.js';
import { foreign } from './foreign.js';
import type { Node, Walk } from './node.js';
import { scalars } from './scalars.js';
import {
  type AnySchema,
  type Fields,
  isOwn,
  type OptionalSchema,
  type OwnSchema,
  type SimpleKind,
} from './schema.js';

const simple: ReadonlyMap<string, Node> = new Map<SimpleKind, Node>([
  ...scalars,
  ...([
    ['bytes', bytes],
    ['time', time],
    ['duration', duration],
    ['object', object],
    ['region', region],
    ['any', any],
  ] as const),
]);

const compiled = new WeakMap<AnySchema | Fields, Node>();

/** The node of a schema that was checked when it was made. */
export function nodeOf(schema: AnySchema): Node {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const node = isOwn(schema) ? compile(schema) : foreign(schema);
  compiled.set(schema, node);
  return node;
}

/** The node of a struct with these fields. */
export function nodeOfFields(fields: Fields, key: AnySchema | Fields = fields): Node {
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const nodes: FieldNode[] = [];
  const node = struct(nodes);
  // Known before its fields are compiled, one of which may lead back here.
  compiled.set(key, node);
  for (const name of Object.keys(fields)) {
    nodes.push({ key: name, node: nodeOf(fields[name] as AnySchema) });
  }
  return node;
}

function compile(schema: OwnSchema): Node {
  switch (schema.kind) {
    case 'struct':
      // A use of a type is compiled as the type, which may contain that use.
      return schema.origin === undefined
        ? nodeOfFields(schema.fields, schema)
        : nodeOf(schema.origin);
    case 'list':
      return list(nodeOf(schema.of));
    case 'map':
      return map(nodeOf(schema.of));
    case 'enum':
      return enumeration(schema.values);
    case 'json':
      return any;
    case 'optional':
      return optional(nodeOf(schema.of), hasNull(schema.of), defaultMaker(schema));
    default: {
      const node = simple.get(schema.kind);
      if (node === undefined) throw new TypeError(`unknown kind of schema: ${schema.kind}`);
      return node;
    }
  }
}

/** Whether null is a value of the schema, so that it cannot stand for a missing value. */
export function hasNull(schema: AnySchema): boolean {
  return !isOwn(schema) || ['any', 'json', 'optional'].includes(schema.kind);
}

// A list or struct is made anew for each value: its receiver may change it.
function defaultMaker(schema: OptionalSchema): (() => unknown) | undefined {
  if (schema.default === undefined) return undefined;
  const node = nodeOf(schema.of);
  const wire = node.encode(schema.default, newWalk(false));
  return () => node.decode(wire, newWalk(false));
}

/** A walk without attachments. */
export function newWalk(json: boolean): Walk {
  return { json, sink: noAttachments, source: noAttachments, depth: 0 };
}
