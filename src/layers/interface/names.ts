// Which names an interface may use. Every name must be one in TypeScript, C++ and Python, and must
// not be taken for a member that every object or promise has.
import { show } from '../../base/show.js';
import { InvalidInterfaceError } from './errors.js';

const identifier = /^[A-Za-z][A-Za-z0-9_]*$/;
const maxNameLength = 64;

/** What JavaScript looks for in an object without being asked to. */
const magic = [...Object.getOwnPropertyNames(Object.prototype), ...['prototype', 'then', 'toJSON']];
const reservedFields: ReadonlySet<string> = new Set(magic);
/** Members that clients and services have themselves. */
const reservedMembers: ReadonlySet<string> = new Set([
  ...magic,
  ...['catch', 'finally', 'on', 'once', 'off', 'emit', 'close', 'closed', 'dispose'],
]);

function checkIdentifier(
  path: string,
  what: string,
  name: string,
  reserved: ReadonlySet<string>,
): void {
  if (reserved.has(name)) {
    throw new InvalidInterfaceError(path, `is no name for a ${what}: '${name}' is reserved`);
  }
  if (name.length > maxNameLength || !identifier.test(name)) {
    throw new InvalidInterfaceError(
      path,
      `is no name for a ${what}; expected a letter, then letters, digits and _, at most ${maxNameLength} in all`,
    );
  }
}

/** Refuses a name that no method, property or signal can have. */
export function checkMemberName(path: string, name: string): void {
  checkIdentifier(path, 'member', name, reservedMembers);
}

/** Refuses a name that no argument or field can have. */
export function checkFieldName(path: string, name: string): void {
  checkIdentifier(path, 'field', name, reservedFields);
}

/** Refuses a text that no enum can have as a value. */
export function checkEnumValue(path: string, value: string): void {
  if (reservedFields.has(value)) {
    throw new InvalidInterfaceError(path, 'is reserved');
  }
  if (value.length > maxNameLength || !/^[A-Za-z][A-Za-z0-9_-]*$/.test(value)) {
    throw new InvalidInterfaceError(
      path,
      `is not allowed; expected a letter, then letters, digits, _ and -, at most ${maxNameLength} in all`,
    );
  }
}

/** Refuses a name that no struct or enum can have. */
export function checkTypeName(path: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name.length > maxNameLength || !/^[A-Z]\w*$/.test(name)) {
    throw new InvalidInterfaceError(
      path,
      `has the name ${show(name)}; expected a capital letter, then letters, digits and _, at most ${maxNameLength} in all`,
    );
  }
}

/** Refuses a code that no declared error can have. Codes in capitals belong to the rpc layer. */
export function checkErrorCode(path: string, code: string): void {
  checkIdentifier(path, 'error', code, reservedFields);
  if (!/^[A-Z]/.test(code) || !/[a-z]/.test(code)) {
    throw new InvalidInterfaceError(
      path,
      'is no name for an error; expected one such as OutOfRange, since codes in capitals are not declared',
    );
  }
}

const interfaceName = /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)+$/;
const maxInterfaceName = 128;

/** Refuses a name that is not reverse-domain, as in `com.example.thermostat`. */
export function checkInterfaceName(name: unknown, path = 'name'): asserts name is string {
  if (typeof name !== 'string' || name.length > maxInterfaceName || !interfaceName.test(name)) {
    throw new InvalidInterfaceError(
      path,
      `is ${show(name)}; expected one such as com.example.thermostat, at most ${maxInterfaceName} characters`,
    );
  }
}

/** The major version of a version such as `'1.2'`; refuses any other text, and numbers. */
export function majorOf(version: unknown): number {
  const parts =
    typeof version === 'string' ? /^(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,4})$/.exec(version) : null;
  if (parts === null) {
    const cure = typeof version === 'number' ? `; write '${version}' with quotes` : '';
    throw new InvalidInterfaceError(
      'version',
      `is ${show(version)}; expected a string such as '1.2'${cure}`,
    );
  }
  return Number(parts[1]);
}
