// The compiled shapes of an interface's members, which the rpc layer calls for each message.
import { InvalidInterfaceError } from './errors.js';
import type { Interface, NamedTypes, TypeOf } from './interface.js';
import type { AnySchema } from './schema.js';
import { type Shape, shapeOf } from './shape.js';

/** The shapes of a method; what it does not have is `undefined`. */
export interface MethodShapes {
  /** The arguments, as one struct. */
  readonly args: Shape | undefined;
  /** The result. */
  readonly returns: Shape | undefined;
  /** An item of its stream. */
  readonly stream: Shape | undefined;
  /** An item of the caller's stream. */
  readonly input: Shape | undefined;
  /** The data of its errors by their codes. */
  readonly errors: ReadonlyMap<string, Shape>;
}

/** The shapes of all members by their names. Maps, so that no name can be taken for another thing. */
export interface InterfaceShapes {
  /** The shapes of methods. */
  readonly methods: ReadonlyMap<string, MethodShapes>;
  /** The values of properties. */
  readonly properties: ReadonlyMap<string, Shape>;
  /** The data of signals, each as one struct. */
  readonly signals: ReadonlyMap<string, Shape>;
}

const known = new WeakMap<Interface, InterfaceShapes>();

/**
 * The shapes of an interface, made at the first call.
 * @throws InvalidInterfaceError if it is not the result of `defineInterface()`.
 */
export function shapesOf(given: Interface): InterfaceShapes {
  const found = known.get(given);
  if (found !== undefined) return found;
  // An interface of another copy of this package passes: it is data, frozen like ours.
  if (
    typeof given !== 'object' ||
    given === null ||
    !Object.isFrozen(given) ||
    !('signals' in given)
  ) {
    throw new InvalidInterfaceError('', 'expected an interface made by defineInterface()');
  }
  const shapes: InterfaceShapes = {
    methods: mapped(given.methods, ({ args, returns, stream, input, errors }) => ({
      args: maybe(args),
      returns: maybe(returns),
      stream: maybe(stream),
      input: maybe(input),
      errors: mapped(errors ?? {}, shape),
    })),
    properties: mapped(given.properties, ({ type }) => shape(type)),
    signals: mapped(given.signals, shape),
  };
  known.set(given, shapes);
  return shapes;
}

function mapped<T, R>(
  members: { readonly [name: string]: T },
  make: (member: T) => R,
): ReadonlyMap<string, R> {
  return new Map(Object.entries(members).map(([name, member]) => [name, make(member)]));
}

function shape(type: TypeOf | NamedTypes): Shape {
  return shapeOf(type as AnySchema);
}

function maybe(type: TypeOf | NamedTypes | undefined): Shape | undefined {
  return type === undefined ? undefined : shape(type);
}
