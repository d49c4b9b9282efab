// Compiled schemas of values without parts: truth values, numbers, strings.
import { show } from '../../base/show.js';
import { type Node, Refused, type Walk } from './node.js';
import type { Packing } from './packing.js';
import {
  packedBool,
  packedInteger,
  packedNumber,
  packedSafeInteger,
  packedText,
} from './packings.js';
import type { SimpleKind } from './schema.js';

function same(packing: Packing, check: (value: unknown) => unknown): Node {
  return { encode: check, decode: check, packing };
}

const bool = same(packedBool, (value) => {
  if (typeof value !== 'boolean') throw new Refused(`is ${show(value)}; expected true or false`);
  return value;
});

function integer(min: number, max: number): Node {
  return same(packedInteger(min, max), (value) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      throw new Refused(`is ${show(value)}; expected an integer`);
    }
    if (value < min || value > max) {
      throw new Refused(`is ${value}; the range is ${min} to ${max}`);
    }
    // -0 is an integer to JavaScript and to nobody else.
    return value === 0 ? 0 : value;
  });
}

// A number of more than 32 bits would travel as a double, which is no integer to a reader with types.
const u53 = integer(0, Number.MAX_SAFE_INTEGER);
const largeAsInteger: Node = {
  encode: (value, walk) => wideInteger(u53.encode(value, walk) as number, walk.json),
  decode: (wire, walk) => u53.decode(typeof wire === 'bigint' ? Number(wire) : wire, walk),
  packing: packedSafeInteger,
};

/** An integer as a payload has it: one of more than 32 bits as a bigint, except in JSON. */
export function wideInteger(value: number, json: boolean): number | bigint {
  return json || value <= 0xffff_ffff ? value : BigInt(value);
}

// JSON has no numbers for these; the texts are those of Protocol Buffers' JSON.
const texts = new Map<string, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

function wireNumber(value: number, walk: Walk): number | string {
  if (!walk.json) return value;
  if (value === 0) return Object.is(value, -0) ? '-0' : 0;
  return Number.isFinite(value) ? value : String(value);
}

function numberOfWire(wire: unknown, walk: Walk): number {
  if (typeof wire === 'number') return wire;
  if (typeof wire === 'bigint') return Number(wire);
  const named = walk.json && typeof wire === 'string' ? texts.get(wire) : undefined;
  if (named === undefined) throw new Refused(`is ${show(wire)}; expected a number`);
  return named;
}

function checkNumber(value: unknown): number {
  if (typeof value !== 'number') throw new Refused(`is ${show(value)}; expected a number`);
  return value;
}

const f64: Node = {
  encode: (value, walk) => wireNumber(checkNumber(value), walk),
  decode: numberOfWire,
  packing: packedNumber,
};

/** The nearest number that 32 bits can hold; what another language would receive. */
function rounded(value: number): number {
  const near = Math.fround(value);
  if (Number.isFinite(value) && !Number.isFinite(near)) {
    throw new Refused(`is ${value}; the largest of 32 bits is 3.4028234663852886e38`);
  }
  return near;
}

const f32: Node = {
  encode: (value, walk) => wireNumber(rounded(checkNumber(value)), walk),
  decode: (wire, walk) => rounded(numberOfWire(wire, walk)),
};

function bigInteger(min: bigint, max: bigint): Node {
  const inRange = (value: bigint): bigint => {
    if (value < min || value > max)
      throw new Refused(`is ${value}n; the range is ${min} to ${max}`);
    return value;
  };
  return {
    encode(value, walk) {
      if (typeof value !== 'bigint') {
        const cure = Number.isInteger(value) ? `; write ${String(value)}n or BigInt(…)` : '';
        throw new Refused(`is ${show(value)}; expected a bigint${cure}`);
      }
      inRange(value);
      return walk.json ? value.toString() : value;
    },
    decode(wire, walk) {
      if (typeof wire === 'bigint') return inRange(wire);
      // MessagePack readers, ours too, return integers as numbers if these are exact: up to 2^53,
      // which is not called a safe integer.
      if (typeof wire === 'number' && Number.isInteger(wire) && Math.abs(wire) <= 2 ** 53) {
        return inRange(BigInt(wire));
      }
      if (walk.json && typeof wire === 'string' && /^-?\d{1,20}$/.test(wire)) {
        return inRange(BigInt(wire));
      }
      throw new Refused(`is ${show(wire)}; expected an integer of 64 bits`);
    },
  };
}

const isWellFormed = (text: string): boolean =>
  (text as string & { isWellFormed(): boolean }).isWellFormed();

const string = same(packedText, (value) => {
  if (typeof value !== 'string') throw new Refused(`is ${show(value)}; expected a string`);
  if (!isWellFormed(value)) {
    throw new Refused('has a lone surrogate, which UTF-8 cannot express');
  }
  return value;
});

/** The nodes of these kinds. */
export const scalars: ReadonlyMap<SimpleKind, Node> = new Map<SimpleKind, Node>([
  ['bool', bool],
  ['f64', f64],
  ['f32', f32],
  ['i8', integer(-(2 ** 7), 2 ** 7 - 1)],
  ['i16', integer(-(2 ** 15), 2 ** 15 - 1)],
  ['i32', integer(-(2 ** 31), 2 ** 31 - 1)],
  ['i64', bigInteger(-(2n ** 63n), 2n ** 63n - 1n)],
  ['u8', integer(0, 2 ** 8 - 1)],
  ['u16', integer(0, 2 ** 16 - 1)],
  ['u32', integer(0, 2 ** 32 - 1)],
  ['u64', bigInteger(0n, 2n ** 64n - 1n)],
  ['u53', largeAsInteger],
  ['string', string],
]);
