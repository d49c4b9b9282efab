// The names of message types, which are UUIDs on the bus: those of interfaces that servers describe,
// those of the package, and those that the user named.
import { messageType } from '../../../index.js';

/** What is known about a type. */
export interface KnownType {
  readonly name: string;
  /** What a message of the type is; `undefined` for a type that is none of an interface. */
  readonly member: 'method' | 'property' | 'signal' | undefined;
}

/** Types of the package itself. */
const ownNames = [
  ...['busbar.bytes', 'busbar.text', 'busbar.plain'],
  ...['busbar.rpc', 'busbar.describe', 'busbar.ping', 'busbar.stats'],
];

/** The UUID of the type of all answers. */
export const answerTypeId = messageType('busbar.rpc').id;

/** Types by their UUIDs. */
export class KnownTypes {
  readonly #types = new Map<string, KnownType>();

  constructor() {
    for (const name of ownNames) this.add(name);
  }

  /** A type that the user named. Returns its UUID. */
  add(name: string): string {
    const { id } = messageType(name);
    if (!this.#types.has(id)) this.#types.set(id, { name, member: undefined });
    return id;
  }

  /** A member of an interface, by the UUID of its type. */
  addMember(id: string, type: KnownType): void {
    this.#types.set(id, type);
  }

  /** What is known about a UUID. */
  get(id: string): KnownType | undefined {
    return this.#types.get(id);
  }

  /** The UUIDs of the known types that a name means: a whole name, or its end. */
  meant(name: string): readonly string[] {
    const ends = [`.${name}`, `/${name}`];
    const found = [...this.#types].filter(
      ([, type]) => type.name === name || ends.some((end) => type.name.endsWith(end)),
    );
    return found.map(([id]) => id);
  }

  /** The names of all types that somebody described or named. */
  get names(): readonly string[] {
    return [...this.#types.values()].map(({ name }) => name);
  }
}
