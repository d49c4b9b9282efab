// The names of message types, which are UUIDs on the bus: those of interfaces that servers describe,
// those of the package, and those that the user named.
import { messageType } from '../../../index.js';
import { type Interface, memberTypeId, memberTypeName } from '../../interface/index.js';

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
  readonly #interfaces = new Set<string>();

  constructor() {
    for (const name of ownNames) this.add(name);
  }

  /** A type that the user named. Returns its UUID. */
  add(name: string): string {
    const { id } = messageType(name);
    if (!this.#types.has(id)) this.#types.set(id, { name, member: undefined });
    return id;
  }

  /** The members of an interface. */
  addInterface(source: Interface): void {
    const key = `${source.name}/${source.version}`;
    if (this.#interfaces.has(key)) return;
    this.#interfaces.add(key);
    const { methods, properties, signals } = source;
    for (const [member, kind] of [
      ...Object.keys(methods).map((name) => [name, 'method'] as const),
      ...Object.keys(properties).map((name) => [name, 'property'] as const),
      ...Object.keys(signals).map((name) => [name, 'signal'] as const),
    ]) {
      const name = memberTypeName(source, member);
      this.#types.set(memberTypeId(source, member), { name, member: kind });
    }
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
