// The message type of an interface's member: the name that every language derives the UUID from.
import { nameUuid } from '../../base/uuid.js';
import { InvalidInterfaceError } from './errors.js';

/** As in the bus; a test compares the two. This entry must not load the bus. */
const namespace = '034f1c99-ce3f-46d5-b0cd-c96b1f261975';

/** What names a member: the interface, of which the major version counts. */
export interface NamedInterface {
  /** The name of the interface. */
  readonly name: string;
  /** Its major version. */
  readonly major: number;
}

/** The name of a member's message type: `com.example.thermostat/1.setTarget`. */
export function memberTypeName({ name, major }: NamedInterface, member: string): string {
  if (typeof member !== 'string' || member === '') {
    throw new InvalidInterfaceError('', 'the name of a member is empty or no string');
  }
  return `${name}/${major}.${member}`;
}

/** The UUID of a member's message type, in lower case: version 5, as `messageType(name)` has it. */
export function memberTypeId(interfaceOf: NamedInterface, member: string): string {
  return nameUuid(memberTypeName(interfaceOf, member), namespace);
}
