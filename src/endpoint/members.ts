// The members of a bus as the directory lists them now: read from shared memory, without asking
// another process.
import type { Peer } from '../messages/index.js';
import type { NativeEndpoint } from '../native/addon.js';

/** The part of the native endpoint that reads the directory. */
export type Directory = Pick<NativeEndpoint, 'matches' | 'members'>;

/** The member with this id, if the directory lists it. */
export function memberWithId(directory: Directory, id: number): Peer | undefined {
  return directory.members().find((member) => member.id === id);
}

/** The members to which a message on `route` would go. */
export function membersOf(directory: Directory, route: number): readonly Peer[] {
  const ids = new Set(directory.matches(route));
  return ids.size === 0 ? [] : directory.members().filter((member) => ids.has(member.id));
}
