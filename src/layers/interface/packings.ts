// The packings of the kinds of values; see packing.ts. For a value that is refused here, the node
// beside them gives the reason.
import { noAttachments } from './attachments.js';
import type { Node, Walk } from './node.js';
import type { Packing } from './packing.js';
import { slow } from './slow.js';

function integerOf(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) throw slow;
  if (value < min || value > max) throw slow;
  // -0 is an integer to JavaScript and to nobody else.
  return value === 0 ? 0 : value;
}

/** Integers of a range. */
export function packedInteger(min: number, max: number): Packing {
  return {
    pack: (value, to) => to.number(integerOf(value, min, max)),
    unpack: (from) => integerOf(from.number(), min, max),
  };
}

/** Integers from 0 on that a number can express; those of more than 32 bits have 64. */
export const packedSafeInteger: Packing = {
  pack(value, to) {
    const integer = integerOf(value, 0, Number.MAX_SAFE_INTEGER);
    if (integer > 0xffff_ffff) to.wide(integer);
    else to.number(integer);
  },
  unpack: (from) => integerOf(from.wide(), 0, Number.MAX_SAFE_INTEGER),
};

/** Numbers. */
export const packedNumber: Packing = {
  pack(value, to) {
    if (typeof value !== 'number') throw slow;
    to.number(value);
  },
  unpack: (from) => from.number(),
};

/** Truth values. */
export const packedBool: Packing = {
  pack(value, to) {
    if (typeof value !== 'boolean') throw slow;
    to.token(value ? 0xc3 : 0xc2);
  },
  unpack(from) {
    const token = from.byte();
    if (token !== 0xc2 && token !== 0xc3) throw slow;
    return token === 0xc3;
  },
};

/** Texts. */
export const packedText: Packing = {
  pack(value, to) {
    if (typeof value !== 'string') throw slow;
    to.text(value);
  },
  unpack: (from) => from.text(),
};

/** Byte arrays. */
export const packedBytes: Packing = {
  pack(value, to) {
    if (!(ArrayBuffer.isView(value) && value instanceof Uint8Array)) throw slow;
    to.binary(value);
  },
  unpack: (from) => from.binary(),
};

/** Texts of a set when sent; any when received. */
export function packedEnum(known: ReadonlySet<string>): Packing {
  return {
    pack(value, to) {
      if (typeof value !== 'string' || !known.has(value)) throw slow;
      to.text(value);
    },
    unpack: (from) => from.text(),
  };
}

/** Lists. */
export function packedList(of: Node): Packing {
  return {
    pack(value, to) {
      if (!Array.isArray(value)) throw slow;
      const { pack } = packingOf(of);
      const { length } = value;
      to.enter();
      to.list(length);
      for (let index = 0; index < length; index++) pack(value[index], to);
      to.depth--;
    },
    unpack(from) {
      const { unpack } = packingOf(of);
      from.enter();
      const length = from.list();
      const values = new Array<unknown>(length);
      for (let index = 0; index < length; index++) values[index] = unpack(from);
      from.depth--;
      return values;
    },
  };
}

/** Values that may be missing, which is null in a list. */
export function packedOptional(of: Node, makeDefault: (() => unknown) | undefined): Packing {
  return {
    pack(value, to) {
      if (value === undefined) to.token(0xc0);
      else packingOf(of).pack(value, to);
    },
    unpack: (from) => (from.isNull() ? makeDefault?.() : packingOf(of).unpack(from)),
  };
}

/** The most fields of a struct with a packing: its head then has one byte. */
const maxFields = 15;

interface Field {
  readonly key: string;
  readonly node: Node;
}

/** Structs. The fields are looked at when the first value comes. */
export function packedStruct(fields: readonly Field[]): Packing {
  let made: Packing | undefined;
  const own = () => {
    made ??= makeStruct(fields.map(packedField));
    return made;
  };
  return {
    pack: (value, to) => (made ?? own()).pack(value, to),
    unpack: (from) => (made ?? own()).unpack(from),
  };
}

/** A field with what its packing needs. */
interface PackedField {
  readonly key: string;
  /** The key as MessagePack. */
  readonly head: Uint8Array;
  readonly optional: boolean;
  readonly pack: Packing['pack'];
  readonly unpack: Packing['unpack'];
  /** The value of a field that is missing. */
  readonly missing: () => unknown;
}

const walk: Walk = { json: false, sink: noAttachments, source: noAttachments, depth: 0 };

function packedField({ key, node }: Field): PackedField {
  const { pack, unpack } = packingOf(node);
  const optional = node.whenMissing !== undefined;
  const missing = () => node.decode(undefined, walk);
  return { key, head: headOf(key), optional, pack, unpack, missing };
}

// Names of fields are ASCII, of at most 64 characters.
function headOf(key: string): Uint8Array {
  const { length } = key;
  const head = length < 32 ? [0xa0 | length] : [0xd9, length];
  return Uint8Array.from([...head, ...Array.from(key, (character) => character.charCodeAt(0))]);
}

function makeStruct(fields: readonly PackedField[]): Packing {
  return unrolled(fields) ?? looped(fields);
}

/** What the code of unrolled() uses beside the fields. */
const tools = { slow, has: Object.hasOwn, isArray: Array.isArray };

// One statement for each field instead of a loop, because the engine then knows at each place which
// property is read or made. The names are the only input, as string literals; the rules for names
// leave nothing that could be anything else. Where code must not be made from strings (a content
// security policy), looped() is used.
function unrolled(fields: readonly PackedField[]): Packing | undefined {
  const names = fields.map(({ key }) => JSON.stringify(key));
  const pack = fields.map(
    ({ optional }, i) => `
      value = object[${names[i]}];
      if (value !== undefined && has(object, ${names[i]})) {
        to.raw(head${i});
        pack${i}(value, to);
        count++;
      }${optional ? '' : ' else throw slow;'}`,
  );
  const unpack = fields.map(({ optional }, i) =>
    optional
      ? `
      if (left > 0 && from.skip(head${i})) {
        value${i} = unpack${i}(from);
        left--;
      } else {
        value${i} = fields[${i}].missing();
      }`
      : `
      if (left === 0 || !from.skip(head${i})) throw slow;
      value${i} = unpack${i}(from);
      left--;`,
  );
  const result = fields.some(({ optional }) => optional)
    ? `const result = {};
      ${fields.map((_, i) => `if (value${i} !== undefined) result[${names[i]}] = value${i};`).join('\n')}
      return result;`
    : `return { ${names.map((name, i) => `${name}: value${i}`).join(', ')} };`;
  const each = (text: (i: number) => string) => fields.map((_, i) => text(i)).join(' ');
  try {
    const make = new Function(
      'fields',
      'tools',
      `'use strict';
      const { slow, has, isArray } = tools;
      ${each((i) => `const head${i} = fields[${i}].head;`)}
      ${each((i) => `const pack${i} = fields[${i}].pack;`)}
      ${each((i) => `const unpack${i} = fields[${i}].unpack;`)}
      return {
        pack(object, to) {
          if (typeof object !== 'object' || object === null || isArray(object)) throw slow;
          to.enter();
          const place = to.hole();
          let count = 0;
          let value;
          ${pack.join('')}
          to.fill(place, 0x80 | count);
          to.depth--;
        },
        unpack(from) {
          from.enter();
          let left = from.fields();
          ${each((i) => `let value${i};`)}
          ${unpack.join('')}
          if (left > 0) throw slow;
          from.depth--;
          ${result}
        },
      };`,
    );
    return make(fields, tools) as Packing;
  } catch {
    return undefined;
  }
}

/** The same as a loop; exported for the tests, which run where code may be made from strings. */
export function looped(fields: readonly PackedField[]): Packing {
  return {
    pack(object, to) {
      if (typeof object !== 'object' || object === null || Array.isArray(object)) throw slow;
      to.enter();
      const place = to.hole();
      let count = 0;
      for (const { key, head, optional, pack } of fields) {
        const value = (object as Record<string, unknown>)[key];
        if (value !== undefined && Object.hasOwn(object, key)) {
          to.raw(head);
          pack(value, to);
          count++;
        } else if (!optional) throw slow;
      }
      to.fill(place, 0x80 | count);
      to.depth--;
    },
    unpack(from) {
      from.enter();
      let left = from.fields();
      const result: Record<string, unknown> = {};
      for (const { key, head, optional, unpack, missing } of fields) {
        let value: unknown;
        if (left > 0 && from.skip(head)) {
          value = unpack(from);
          left--;
        } else if (optional) value = missing();
        else throw slow;
        if (value !== undefined) result[key] = value;
      }
      if (left > 0) throw slow;
      from.depth--;
      return result;
    },
  };
}

/** The packing of a node, if it and all of its parts have one. */
export function wholePacking(node: Node, seen = new Set<Node>()): Packing | undefined {
  const { packing } = node;
  if (packing === undefined || seen.has(node)) return packing;
  seen.add(node);
  const parts = node.parts?.() ?? [];
  if (parts.length > maxFields) return undefined;
  return parts.every((part) => wholePacking(part, seen) !== undefined) ? packing : undefined;
}

function packingOf({ packing }: Node): Packing {
  if (packing === undefined) throw slow;
  return packing;
}
