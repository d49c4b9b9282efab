// Makes interfaces, and refuses malformed ones with the place of the mistake.
import { hint } from '../../base/misspelt.js';
import { show } from '../../base/show.js';
import { InvalidInterfaceError } from './errors.js';
import type {
  Interface,
  MethodDefinition,
  Methods,
  Properties,
  PropertyDefinition,
  Signals,
} from './interface.js';
import { checkErrorCode, checkInterfaceName, checkMemberName, majorOf } from './names.js';
import { checkRecursion } from './recursion.js';
import { type Fields, isOwn, isSchema } from './schema.js';
import { checkDocs, checkFields, checkSchema, refuseAmbiguous } from './t.js';

/** An interface holds at most this many methods, properties and signals. */
const maxMembers = 1024;

const knownKeys = ['doc', 'methods', 'properties', 'signals'] as const;
const methodKeys = [
  ...(['args', 'returns', 'stream', 'input', 'errors', 'idempotent', 'doc'] as const),
] satisfies (keyof MethodDefinition)[];
const propertyKeys = ['type', 'access', 'doc'] satisfies (keyof PropertyDefinition)[];

/** Forbids the keys that a definition does not know, which inference would let through. */
type Only<D, Known> = {
  readonly [K in keyof D]: { readonly [X in Exclude<keyof D[K], keyof Known>]: never };
};

/** What `defineInterface()` takes beside name and version. */
export interface InterfaceDefinition<M extends Methods, P extends Properties, S extends Signals> {
  /** What the interface is for, in Markdown. */
  readonly doc?: string | undefined;
  /** The methods by name. */
  readonly methods?: (M & Only<M, MethodDefinition>) | undefined;
  /** The properties by name. */
  readonly properties?: (P & Only<P, PropertyDefinition>) | undefined;
  /** The data of signals by name. */
  readonly signals?: S | undefined;
}

/**
 * Defines an interface. `name` is in reverse-domain form, as in `com.example.thermostat`; names that
 * begin with `busbar.` belong to this package. `version` is a string of major and minor version.
 * Methods, properties and signals have different names, at most 1,024 in all. The definition is
 * copied and frozen.
 * @throws InvalidInterfaceError if something is malformed; its text has the place.
 */
export function defineInterface<
  const N extends string,
  const M extends Methods = Record<never, never>,
  const P extends Properties = Record<never, never>,
  const S extends Signals = Record<never, never>,
>(name: N, version: string, definition: InterfaceDefinition<M, P, S>): Interface<N, M, P, S> {
  checkInterfaceName(name);
  const major = majorOf(version);
  const given = ownCopy('', definition, knownKeys);
  const { doc } = given;
  if (doc !== undefined) checkDocs('doc', doc);
  const methods = members('methods', given.methods, checkMethod);
  const properties = members('properties', given.properties, checkProperty);
  const signals = members('signals', given.signals, (path, data) => checkNamed(path, data));
  refuseTwice([methods, properties, signals]);
  const made = { name, version, major, doc, methods, properties, signals };
  return Object.freeze(made) as unknown as Interface<N, M, P, S>;
}

/** A frozen copy of the own properties of an object with no keys except `known`. */
function ownCopy(path: string, given: unknown, known?: readonly string[]): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || isSchema(given)) {
    throw new InvalidInterfaceError(path, `is ${show(given)}; expected an object`);
  }
  const own: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(given)) {
    if (known !== undefined && !known.includes(key)) {
      const at = path === '' ? key : `${path}.${key}`;
      throw new InvalidInterfaceError(at, `is not known here${hint(key, known)}`);
    }
    own[key] = value;
  }
  return own;
}

function members(
  path: string,
  given: unknown,
  check: (path: string, member: unknown) => unknown,
): Record<string, unknown> {
  const own = given === undefined ? Object.create(null) : ownCopy(path, given);
  for (const name of Object.keys(own)) {
    const at = `${path}.${name}`;
    checkMemberName(at, name);
    own[name] = check(at, own[name]);
  }
  // The names are checked by now, so that the copy can be an ordinary object.
  return Object.freeze({ ...own });
}

function checkMethod(path: string, given: unknown): unknown {
  const method = ownCopy(path, given, methodKeys);
  const { args, returns, stream, input, errors, idempotent, doc } = method;
  if (args !== undefined) method.args = checkNamed(`${path}.args`, args);
  if (returns !== undefined) method.returns = checkType(`${path}.returns`, returns);
  if (stream !== undefined) method.stream = checkType(`${path}.stream`, stream);
  if (input !== undefined) method.input = checkType(`${path}.input`, input);
  if (errors !== undefined) method.errors = checkErrors(`${path}.errors`, errors);
  if (idempotent !== undefined && typeof idempotent !== 'boolean') {
    throw new InvalidInterfaceError(
      `${path}.idempotent`,
      `is ${show(idempotent)}; expected true or false`,
    );
  }
  if (doc !== undefined) checkDocs(`${path}.doc`, doc);
  return Object.freeze({ ...method });
}

function checkErrors(path: string, given: unknown): unknown {
  const errors = ownCopy(path, given);
  for (const code of Object.keys(errors)) {
    checkErrorCode(`${path}.${code}`, code);
    errors[code] = checkNamed(`${path}.${code}`, errors[code]);
  }
  return Object.freeze({ ...errors });
}

function checkProperty(path: string, given: unknown): unknown {
  const property = ownCopy(path, given, propertyKeys);
  const { type, access, doc } = property;
  property.type = checkType(`${path}.type`, type);
  if (access !== undefined && access !== 'read-only' && access !== 'read-write') {
    throw new InvalidInterfaceError(
      `${path}.access`,
      `is ${show(access)}; expected 'read-only' or 'read-write'`,
    );
  }
  if (doc !== undefined) checkDocs(`${path}.doc`, doc);
  return Object.freeze({ ...property });
}

/** Refuses a type that is neither a schema nor fields; returns it, fields as a frozen copy. */
function checkType(path: string, type: unknown): unknown {
  if (typeof type === 'object' && type !== null && !isSchema(type)) return copyOfFields(path, type);
  checkSchema(path, type);
  refuseAmbiguous(path, type);
  checkRecursion(path, type);
  return type;
}

/** The same for what has to have names: no schema except a struct. */
function checkNamed(path: string, given: unknown): unknown {
  if (!isSchema(given)) return copyOfFields(path, given);
  if (!isOwn(given) || given.kind !== 'struct') {
    throw new InvalidInterfaceError(path, 'is a schema; expected named schemas, or t.struct(…)');
  }
  checkRecursion(path, given);
  return given;
}

function copyOfFields(path: string, fields: unknown): Fields {
  checkFields(path, fields);
  const own: Fields = Object.create(Object.prototype, Object.getOwnPropertyDescriptors(fields));
  for (const name of Object.keys(own)) checkRecursion(`${path}.${name}`, own[name]);
  return Object.freeze(own);
}

function refuseTwice(kinds: readonly Record<string, unknown>[]): void {
  const seen = new Set<string>();
  for (const name of kinds.flatMap((kind) => Object.keys(kind))) {
    if (seen.has(name)) {
      throw new InvalidInterfaceError(
        '',
        `'${name}' is defined twice; methods, properties and signals need different names`,
      );
    }
    seen.add(name);
  }
  if (seen.size > maxMembers) {
    throw new InvalidInterfaceError('', `has ${seen.size} members; the limit is ${maxMembers}`);
  }
}
