// Validation in one's own process, as Standard Schema asks for it: a value goes to the wire and
// back, so that what passes here passes everywhere.
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { nodeOf } from './compile.js';
import { Refused } from './node.js';
import type { AnySchema } from './schema.js';

/** Attachments that never leave: each is given back for its index. */
function localAttachments() {
  const all: unknown[] = [];
  const add = (attached: unknown): number => all.push(attached) - 1;
  const take = (index: number): never => all[index] as never;
  return { addObject: add, addRegion: add, takeObject: take, takeRegion: take };
}

/** Validates a value; returns it with defaults filled in, or what is wrong with it. */
export function validate<Out>(schema: AnySchema, value: unknown): StandardSchemaV1.Result<Out> {
  const local = localAttachments();
  const node = nodeOf(schema);
  try {
    const wire = node.encode(value, { json: false, sink: local, source: local, depth: 0 });
    const result = node.decode(wire, { json: false, sink: local, source: local, depth: 0 });
    return { value: result as Out };
  } catch (thrown) {
    if (thrown instanceof Refused) return { issues: thrown.toError().issues };
    throw thrown;
  }
}
