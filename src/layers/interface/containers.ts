// Compiled schemas of values with parts: lists, maps, structs, and the two that narrow or widen a
// value: enums and optionals.
import { show } from '../../base/show.js';
import { maxDepth, type Node, outwards, Refused, type Walk } from './node.js';
import { packedEnum, packedList, packedOptional, packedStruct } from './packings.js';

function each(of: Node, way: 'encode' | 'decode') {
  const convert = of[way];
  return (value: unknown, walk: Walk): unknown[] => {
    if (!Array.isArray(value)) throw new Refused(`is ${show(value)}; expected an array`);
    const { length } = value;
    const result = new Array<unknown>(length);
    let at = 0;
    try {
      for (; at < length; at++) result[at] = convert(value[at], walk);
    } catch (thrown) {
      throw outwards(thrown, at);
    }
    return result;
  };
}

/** Lists. */
export function list(of: Node): Node {
  return {
    encode: each(of, 'encode'),
    decode: each(of, 'decode'),
    packing: packedList(of),
    parts: () => [of],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function values(of: Node, way: 'encode' | 'decode') {
  const convert = of[way];
  return (value: unknown, walk: Walk): Record<string, unknown> => {
    if (!isObject(value) || value instanceof Map) {
      throw new Refused(`is ${show(value)}; expected an object`);
    }
    // Without a prototype, so that a lookup finds what was sent and nothing else.
    const result: Record<string, unknown> = Object.create(null);
    let at = '';
    try {
      for (at of Object.keys(value)) {
        // MessagePack readers rename it or, worse, do not.
        if (at === '__proto__') throw new Refused('is not allowed as a key');
        result[at] = convert(value[at], walk);
      }
    } catch (thrown) {
      throw outwards(thrown, at);
    }
    return result;
  };
}

/** Maps with keys that are strings. */
export function map(of: Node): Node {
  return { encode: values(of, 'encode'), decode: values(of, 'decode') };
}

/** Enums. A value that this version does not know is refused when sent, and kept when received. */
export function enumeration(known: readonly string[]): Node {
  const set = new Set(known);
  return {
    encode(value) {
      if (typeof value !== 'string' || !set.has(value)) {
        throw new Refused(
          `is ${show(value)}; expected ${known.map((one) => `'${one}'`).join(', ')}`,
        );
      }
      return value;
    },
    decode(wire) {
      if (typeof wire !== 'string') throw new Refused(`is ${show(wire)}; expected a string`);
      return wire;
    },
    packing: packedEnum(set),
  };
}

/**
 * Optionals, as a field that may be missing or as a value that may be `undefined`, which is null on
 * the wire. `makeDefault` makes the value that a missing one becomes. A null on the wire is missing,
 * unless `of` has a null of its own.
 */
export function optional(of: Node, hasNull: boolean, makeDefault?: () => unknown): Node {
  return {
    whenMissing: makeDefault === undefined ? 'omit' : 'fill',
    encode: (value, walk) => (value === undefined ? null : of.encode(value, walk)),
    decode(wire, walk) {
      if (wire === undefined || (wire === null && !hasNull)) return makeDefault?.();
      return of.decode(wire, walk);
    },
    packing: hasNull ? undefined : packedOptional(of, makeDefault),
    parts: () => [of],
  };
}

/** A field of a struct with its compiled schema. */
export interface FieldNode {
  readonly key: string;
  readonly node: Node;
}

/** Structs. `fields` is filled before the first value comes, which lets a struct contain itself. */
export function struct(fields: readonly FieldNode[]): Node {
  return {
    encode(value, walk) {
      if (!isObject(value)) throw new Refused(`is ${show(value)}; expected an object`);
      enter(walk);
      const result: Record<string, unknown> = {};
      let at = '';
      try {
        for (const { key, node } of fields) {
          at = key;
          const found = own(value, key);
          if (found !== undefined) result[key] = node.encode(found, walk);
          else if (node.whenMissing === 'ask') ask(node.encode, result, key, walk);
          else if (node.whenMissing === undefined) throw new Refused('is missing');
        }
      } catch (thrown) {
        throw outwards(thrown, at);
      }
      walk.depth -= 1;
      return result;
    },
    decode(wire, walk) {
      if (!isObject(wire)) throw new Refused(`is ${show(wire)}; expected an object`);
      enter(walk);
      const result: Record<string, unknown> = {};
      let at = '';
      try {
        for (const { key, node } of fields) {
          at = key;
          const found = own(wire, key);
          if (found !== undefined || node.whenMissing !== undefined) {
            ask(node.decode, result, key, walk, found);
          } else {
            throw new Refused('is missing');
          }
        }
      } catch (thrown) {
        throw outwards(thrown, at);
      }
      walk.depth -= 1;
      return result;
    },
    packing: packedStruct(fields),
    parts: () => fields.map(({ node }) => node),
  };
}

/** Sets the field unless the schema makes nothing of the value. */
function ask(
  convert: Node['decode'],
  result: Record<string, unknown>,
  key: string,
  walk: Walk,
  found?: unknown,
): void {
  const value = convert(found, walk);
  if (value !== undefined) result[key] = value;
}

/** A property of the object itself: what was added to Object.prototype is nobody's argument. */
function own(object: Record<string, unknown>, key: string): unknown {
  const value = object[key];
  return value === undefined || Object.hasOwn(object, key) ? value : undefined;
}

function enter(walk: Walk): void {
  walk.depth += 1;
  if (walk.depth > maxDepth) throw new Refused(`is nested more than ${maxDepth} deep`);
}
