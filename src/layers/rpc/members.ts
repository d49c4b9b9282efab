// An interface as this layer uses it: its members with their message types and compiled shapes.
// Made once for each interface value.
import { type Interface, memberTypeId, type Shape, shapesOf } from '../interface/entry-values.js';

/** What a member is. */
export type MemberKind = 'method' | 'signal' | 'property';

/** A member of an interface, compiled. */
export interface Member {
  readonly kind: MemberKind;
  readonly name: string;
  /** The name of its interface. */
  readonly interface: string;
  /** The UUID of its message type. */
  readonly type: string;
  /** The arguments of a method, the data of a signal, the value of a property; else `undefined`. */
  readonly args: Shape | undefined;
  /** The result of a method; `undefined` for none. */
  readonly returns: Shape | undefined;
  /** An item that the server streams; `undefined` if it streams none. */
  readonly item: Shape | undefined;
  /** An item that the caller streams; `undefined` if it streams none. */
  readonly input: Shape | undefined;
  /** The data of the declared errors, by their codes. */
  readonly errors: ReadonlyMap<string, Shape>;
  readonly idempotent: boolean;
  /** Whether clients may set the property. */
  readonly writable: boolean;
}

/** An interface, compiled. */
export interface Members {
  readonly source: Interface;
  readonly name: string;
  /** `name/major`: the label of those who serve it. */
  readonly label: string;
  readonly byName: ReadonlyMap<string, Member>;
}

const known = new WeakMap<Interface, Members>();
const noErrors: ReadonlyMap<string, Shape> = new Map();

/**
 * The members of an interface.
 * @throws InvalidInterfaceError if it is not the result of `defineInterface()`.
 */
export function membersOf(source: Interface): Members {
  const found = known.get(source);
  if (found !== undefined) return found;
  const shapes = shapesOf(source);
  const byName = new Map<string, Member>();
  const add = (kind: MemberKind, name: string, rest: Partial<Member>) => {
    byName.set(name, {
      kind,
      name,
      interface: source.name,
      type: memberTypeId(source, name),
      args: undefined,
      returns: undefined,
      item: undefined,
      input: undefined,
      errors: noErrors,
      idempotent: false,
      writable: false,
      ...rest,
    });
  };
  for (const [name, { args, returns, stream, input, errors }] of shapes.methods) {
    const idempotent = source.methods[name]?.idempotent === true;
    add('method', name, { args, returns, item: stream, input, errors, idempotent });
  }
  for (const [name, args] of shapes.properties) {
    // Asking again for a value, or subscribing again, does no harm; setting is another request.
    const writable = source.properties[name]?.access === 'read-write';
    add('property', name, { args, writable, idempotent: true });
  }
  for (const [name, args] of shapes.signals) add('signal', name, { args, idempotent: true });
  const members = { source, name: source.name, label: `${source.name}/${source.major}`, byName };
  known.set(source, members);
  return members;
}
