// The compiled schema of `any`: every value that JSON has. Others would arrive changed by one codec
// or the other.
import { show } from '../../base/show.js';
import { maxDepth, type Node, outwards, Refused } from './node.js';

/** A copy of a JSON value; members that are `undefined` are left out, as in JSON. */
function copy(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      if (!(value as string & { isWellFormed(): boolean }).isWellFormed()) {
        throw new Refused('has a lone surrogate, which UTF-8 cannot express');
      }
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new Refused(`is ${value}, which JSON cannot express`);
      return value === 0 ? 0 : value;
    case 'object':
      if (value === null) return null;
      if (depth >= maxDepth) throw new Refused(`is nested more than ${maxDepth} deep`);
      if (Array.isArray(value)) return copyList(value, depth + 1);
      if (isPlain(value)) return copyObject(value, depth + 1);
      throw new Refused(`is ${show(value)}; expected a value that JSON has`);
    default:
      throw new Refused(`is ${show(value)}; expected a value that JSON has`);
  }
}

// Of any realm: the prototype of such an object's prototype is null.
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function copyList(list: readonly unknown[], depth: number): unknown[] {
  const result: unknown[] = [];
  for (let index = 0; index < list.length; index++) {
    try {
      result.push(copy(list[index], depth));
    } catch (thrown) {
      throw outwards(thrown, index);
    }
  }
  return result;
}

function copyObject(object: object, depth: number): object {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue;
    try {
      // Code that merges objects would take it for what every object has.
      if (key === '__proto__' || key === 'constructor')
        throw new Refused('is not allowed as a key');
      result[key] = copy(value, depth);
    } catch (thrown) {
      throw outwards(thrown, key);
    }
  }
  return result;
}

/** Any JSON value. */
export const any: Node = {
  encode: (value) => copy(value, 0),
  decode: (wire) => copy(wire, 0),
};
