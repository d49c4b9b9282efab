// Names in generated Python: in its spelling, away from words that it keeps for itself, from its own
// types and from one another.
import { nameIn } from './reserved-words.js';
import { pascalCase, snakeCase } from './spelling.js';

/** Names that annotations and classes in generated modules use. */
const used: ReadonlySet<string> = new Set([
  ...['bool', 'bytes', 'dict', 'float', 'int', 'list', 'str', 'self', 'rpc', 'busbar'],
  ...['datetime', 'timedelta', 'dataclass', 'field', 'pass'],
  ...['Annotated', 'Any', 'AsyncIterable', 'AsyncIterator', 'KernelObject', 'Literal'],
  ...['MemoryRegion', 'None', 'NotImplementedError', 'UTC'],
]);

/** One scope: each name in it is given out once. */
export class PythonNames {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken);
  }

  /** `setTarget` as `set_target`, or with `_` behind it where that is taken. */
  variable(name: string): string {
    return this.#free(snakeCase(name));
  }

  /** A class of this name, or with `_` behind it where that is taken. */
  type(name: string): string {
    return this.#free(name);
  }

  /** An enum's member: `read-only` as `READ_ONLY`. */
  constant(name: string): string {
    return this.#free(snakeCase(name).toUpperCase());
  }

  #free(name: string): string {
    let free = nameIn('python', name);
    if (free === name && used.has(name)) free = `${name}_`;
    while (this.#taken.has(free)) free += '_';
    this.#taken.add(free);
    return free;
  }
}

/** The name of a type without one, from the words of the place where it is used. */
export function typeNameOf(...words: readonly string[]): string {
  return words.map(pascalCase).join('');
}

/** A file of a module: `room-heater` as `room_heater`. */
export function moduleName(name: string): string {
  const spelled = name.replace(/\W+/g, '_').replace(/^(?=\d)/, '_');
  return nameIn('python', spelled === '' ? '_' : spelled);
}
