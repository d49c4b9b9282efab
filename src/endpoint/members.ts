// The members of a bus as the directory lists them now: read from shared memory, without asking
// another process. The list is made anew only after a change.
import type { Peer } from '../messages/index.js';
import type { NativeEndpoint } from '../native/addon.js';

/** The part of the native endpoint that reads the directory. */
export type Directory = Pick<NativeEndpoint, 'matches' | 'changedMembers'>;

/** The members that one endpoint sees. Its arrays and peers are frozen, since callers share them. */
export class Members {
  readonly #directory: Directory;
  readonly #vanished: ((members: readonly Peer[]) => void) | undefined;
  #all: readonly Peer[] = Object.freeze([]);
  #others: readonly Peer[] = this.#all;
  // The endpoint that #others leaves out.
  #own = 0;
  #byId: ReadonlyMap<number, Peer> | undefined;

  /** `vanished` is called with those that a new list no longer has. */
  constructor(directory: Directory, vanished?: (members: readonly Peer[]) => void) {
    this.#directory = directory;
    this.#vanished = vanished;
  }

  /** All but `own`. The same array as long as nothing has changed. */
  others(own: number): readonly Peer[] {
    if (this.#look() || own !== this.#own) {
      this.#own = own;
      this.#others = Object.freeze(this.#all.filter(({ id }) => id !== own));
    }
    return this.#others;
  }

  /** The member with this id, if the directory lists it. */
  withId(id: number): Peer | undefined {
    this.#look();
    this.#byId ??= new Map(this.#all.map((member) => [member.id, member]));
    return this.#byId.get(id);
  }

  /** The members to which a message on `route` would go. */
  matching(route: number): readonly Peer[] {
    const matching = this.#directory.matches(route);
    for (const member of matching) Object.freeze(Object.freeze(member).label);
    return matching;
  }

  // True when the list is another one than at the last call of others().
  #look(): boolean {
    const changed = this.#directory.changedMembers();
    if (changed !== undefined) {
      for (const member of changed) Object.freeze(Object.freeze(member).label);
      const former = this.#all;
      this.#all = Object.freeze(changed);
      this.#byId = undefined;
      this.#own = 0;
      this.#tellVanished(former);
    }
    return this.#own === 0;
  }

  #tellVanished(former: readonly Peer[]): void {
    if (this.#vanished === undefined) return;
    const listed = new Set(this.#all.map(({ id }) => id));
    this.#vanished(former.filter(({ id }) => !listed.has(id)));
  }
}
