// Makes an interface of its model, which may come from a file or from a peer: everything is checked,
// and a refusal has the path of what is wrong.
import { defineInterface } from './define.js';
import type { Interface, MethodDefinition, PropertyDefinition } from './interface.js';
import { checkObject, ModelError, type Place, within } from './model-place.js';
import { checkInterfaceName } from './names.js';
import { TypeReader } from './read-types.js';

const topKeys = ['interface', 'version', 'doc', 'types', 'methods', 'properties', 'signals'];
const methodKeys = ['args', 'returns', 'stream', 'input', 'errors', 'idempotent', 'doc'];
const propertyKeys = ['type', 'access', 'doc'];

/**
 * The interface that a model describes, as `busbar.describe` answers it.
 * @throws InvalidInterfaceError if it is malformed, with the path of what is wrong.
 */
export function interfaceOf(model: unknown): Interface {
  const top = checkObject([], model, topKeys);
  for (const key of ['interface', 'version'] as const) {
    if (top[key] === undefined) throw new ModelError([], `the interface lacks the key '${key}'`);
  }
  const reader = new TypeReader(checkObject(['types'], top.types ?? {}));
  const definition = {
    ...(top.doc !== undefined && { doc: top.doc as string }),
    methods: members(['methods'], top.methods, (place, given) => method(reader, place, given)),
    properties: members(['properties'], top.properties, (place, given) =>
      property(reader, place, given),
    ),
    signals: members(['signals'], top.signals, (place, given) => reader.named(place, given)),
  };
  const made = within([], () =>
    defineInterface(nameOf(top.interface), top.version as string, definition),
  );
  const [unused] = reader.unused;
  if (unused !== undefined) throw new ModelError(['types', unused], 'is used nowhere', true);
  return made;
}

function nameOf(given: unknown): string {
  within([], () => checkInterfaceName(given, 'interface'));
  return given as string;
}

function members<T>(
  place: Place,
  given: unknown,
  read: (place: Place, member: unknown) => T,
): Record<string, T> {
  const result: Record<string, T> = Object.create(null);
  for (const [name, member] of Object.entries(checkObject(place, given ?? {}))) {
    result[name] = read([...place, name], member);
  }
  return result;
}

function method(reader: TypeReader, place: Place, given: unknown): MethodDefinition {
  // A method of nothing is written `reset:` or `reset: {}`.
  const { args, errors, ...others } = checkObject(place, given ?? {}, methodKeys);
  const read: Record<string, unknown> = { ...others };
  if (args !== undefined) read.args = reader.named([...place, 'args'], args);
  for (const key of ['returns', 'stream', 'input']) {
    if (others[key] !== undefined) read[key] = reader.typeOf([...place, key], others[key]);
  }
  if (errors !== undefined) {
    read.errors = members([...place, 'errors'], errors, (at, data) => reader.named(at, data ?? {}));
  }
  return read;
}

function property(reader: TypeReader, place: Place, given: unknown): PropertyDefinition {
  const { type, ...others } = checkObject(place, given, propertyKeys);
  if (type === undefined) throw new ModelError(place, "lacks the key 'type'");
  return { ...others, type: reader.typeOf([...place, 'type'], type) };
}
