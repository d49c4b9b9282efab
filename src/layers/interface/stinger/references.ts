// Resolves `{ $ref: 'other.stinger.yaml#/structures/lunch' }`, which may stand for any part.
import { ModelError, type Place } from '../model-place.js';
import { isObject } from './rules.js';

/**
 * Reads another file by the name that a reference has; gives its content as plain values. `place` is
 * that of the reference, for refusals.
 */
export type ReadOther = (file: string, place: Place) => Promise<unknown>;

/** The most references that lead to one another, and in all. */
const maxChain = 16;
const maxReferences = 4096;

/** Keys whose values are JSON of their own, with references of their own. */
const opaque = new Set(['schema', 'example', 'default']);

/** A part of a file, and the file. */
interface Part {
  readonly value: unknown;
  readonly root: unknown;
}

/** Replaces references by what they lead to. */
export class References {
  readonly #read: ReadOther;
  readonly #files = new Map<string, unknown>();
  #count = 0;

  constructor(read: ReadOther) {
    this.#read = read;
  }

  /** A file without references. `place` is the part of the first file that refusals are about. */
  async resolve(root: unknown): Promise<unknown> {
    return this.#walk({ value: root, root }, [], 0);
  }

  async #walk({ value, root }: Part, place: Place, chain: number): Promise<unknown> {
    if (Array.isArray(value)) {
      const parts: unknown[] = [];
      for (const [index, part] of value.entries()) {
        parts.push(await this.#walk({ value: part, root }, [...place, index], chain));
      }
      return parts;
    }
    if (!isObject(value)) return value;
    const { $ref: reference, ...others } = value;
    if (typeof reference === 'string' && Object.keys(others).length === 0) {
      return this.#follow(reference, root, place, chain);
    }
    const made: Record<string, unknown> = Object.create(null);
    for (const [key, part] of Object.entries(value)) {
      made[key] = opaque.has(key)
        ? part
        : await this.#walk({ value: part, root }, [...place, key], chain);
    }
    return { ...made };
  }

  async #follow(reference: string, root: unknown, place: Place, chain: number): Promise<unknown> {
    this.#count += 1;
    if (chain === maxChain || this.#count > maxReferences) {
      throw new ModelError(place, 'has references that lead to one another without end');
    }
    const [file = '', pointer = ''] = reference.split('#');
    const target = file === '' ? root : await this.#file(file, place);
    const value = at(target, pointer);
    if (value === undefined)
      throw new ModelError(place, `refers to '${reference}', which is not there`);
    return this.#walk({ value, root: target }, place, chain + 1);
  }

  async #file(name: string, place: Place): Promise<unknown> {
    // Only files beside this one or below: a file may come from elsewhere.
    if (/^[/\\]|:|(?:^|[/\\])\.\.(?:[/\\]|$)/.test(name)) {
      throw new ModelError(place, `refers to '${name}', which is not beside this file or below it`);
    }
    if (!this.#files.has(name)) this.#files.set(name, await this.#read(name, place));
    return this.#files.get(name);
  }
}

/** The part that a JSON pointer leads to. */
function at(root: unknown, pointer: string): unknown {
  let value = root;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    const container = value as object | null;
    if (typeof container !== 'object' || container === null) return undefined;
    if (!Object.hasOwn(container, key)) return undefined;
    value = (container as Readonly<Record<string, unknown>>)[key];
  }
  return value;
}
