// Any value of any schema arrives as it was sent, over a bus and in both codecs; and whatever a
// peer writes instead is refused with an InvalidValueError.
import { inspect, isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { json, messageBox, messagePack } from 'busbar';
import { InvalidValueError, type Schema, shapeOf, t as types } from 'busbar/interface';
import fc from 'fast-check';
import { joined, newBus } from '../../support/program.js';
import { cases, samples } from './support/schemas.js';

const box = messageBox({
  Packed: messagePack('test.interface.packed'),
  Text: json('test.interface.text'),
});

for (const [codec, key] of [
  ['messagepack', 'Packed'],
  ['json', 'Text'],
] as const) {
  test(`any value of any schema survives ${codec}`, async (t) => {
    const endpoint = await joined(t, newBus(), { label: 'self', messages: box });
    let arrived = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ schema, sent, received }) => {
        const shape = shapeOf(schema);
        endpoint.send('self', box[key](shape.encode(sent, undefined, codec)));
        const { payload } = await endpoint.recv();
        const found = shape.decode(payload, undefined, codec);
        arrived++;
        if (isDeepStrictEqual(found, received)) return;
        throw new Error(`${inspect(sent)} arrived as ${inspect(found)}, not ${inspect(received)}`);
      }),
      { numRuns: 1000 },
    );
    t.is(arrived, 1000);
  });

  test(`any value from the wire is decoded or refused in ${codec}`, (t) => {
    let refused = 0;
    fc.assert(
      fc.property(samples(), fc.anything({ withBigInt: true, withDate: true }), (sample, wire) => {
        const shape = shapeOf(sample.schema);
        try {
          // What was accepted is a value of the schema, so it can be sent on.
          const value = shape.decode(wire, undefined, codec);
          if (!hasEnum(sample.schema)) shape.encode(value, undefined, codec);
        } catch (error) {
          if (!(error instanceof InvalidValueError)) throw error;
          refused++;
        }
      }),
      { numRuns: 2000 },
    );
    t.true(refused > 1000);
  });
}

test('Standard Schema validates as the wire does', (t) => {
  fc.assert(
    fc.property(cases, ({ schema, sent, received }) => {
      t.deepEqual(schema['~standard'].validate(sent), { value: received });
    }),
    { numRuns: 500 },
  );
});

// A value that this version does not know is kept when received, and refused when sent.
function hasEnum(schema: unknown): boolean {
  return inspect(schema, { depth: 20 }).includes("kind: 'enum'");
}

const wrong: readonly (readonly [string, unknown, unknown, RegExp])[] = [
  ['a bool', types.bool, 1, /^the value is 1; expected true or false$/],
  ['a number', types.f64, '1', /is "1"; expected a number/],
  ['a number of 32 bits', types.f32, 1e39, /is 1e\+39; the largest/],
  ['a fraction', types.i8, 1.5, /is 1.5; expected an integer/],
  ['an integer', types.i8, 128, /is 128; the range is -128 to 127/],
  ['a negative one', types.u32, -1, /the range is 0 to 4294967295/],
  ['an unsafe one', types.u53, 2 ** 53, /the range is 0 to 9007199254740991/],
  ['a number as bigint', types.i64, 5, /is 5; expected a bigint; write 5n or BigInt\(…\)/],
  ['a large bigint', types.i64, 2n ** 63n, /the range is -9223372036854775808 to/],
  ['a negative bigint', types.u64, -1n, /the range is 0 to 18446744073709551615/],
  ['a string', types.string, 5, /expected a string/],
  ['a lone surrogate', types.string, '\ud800', /lone surrogate/],
  ['bytes', types.bytes, [1], /is an array; expected a Uint8Array/],
  ['other bytes', types.bytes, new Uint16Array(1), /is a Uint16Array; expected a Uint8Array/],
  ['a time', types.time, 5, /is 5; expected a Date/],
  ['an invalid date', types.time, new Date(Number.NaN), /is an invalid Date/],
  ['a late date', types.time, new Date(8.64e15), /not in the years 0 to 9999/],
  ['a duration', types.duration, Number.POSITIVE_INFINITY, /expected a number of milliseconds/],
  ['an object', types.object, {}, /is an object; expected a KernelObject/],
  ['a region', types.region, new Uint8Array(1), /is a Uint8Array; expected a MemoryRegion/],
  ['an enum', types.enum(['a', 'b']), 'c', /is "c"; expected 'a', 'b'/],
  ['any', types.any, { a: [1n] }, /^a\[0\] is 1n; expected a value that JSON has/],
  ['any number', types.any, Number.NaN, /is NaN, which JSON cannot express/],
  ['any function', types.any, () => 1, /is a function/],
  ['any map', types.any, new Map(), /expected a value that JSON has/],
  ['any key', types.any, { constructor: 1 }, /^constructor is not allowed as a key/],
  ['a list', types.list(types.f64), { length: 0 }, /expected an array/],
  ['an element', types.list(types.f64), [1, 'x'], /^\[1\] is "x"/],
  ['a hole', types.list(types.f64), new Array(2), /^\[0\] is undefined/],
  ['a map', types.map(types.f64), [], /is an array; expected an object/],
  ['a Map', types.map(types.f64), new Map(), /expected an object/],
  ['a value of a map', types.map(types.f64), { 'a b': 'x' }, /^\["a b"\] is "x"/],
  ['a key', types.map(types.f64), JSON.parse('{"__proto__":1}'), /__proto__ is not allowed/],
  ['a struct', types.struct({}), null, /is null; expected an object/],
  ['a missing field', types.struct({ a: types.f64 }), {}, /^a is missing$/],
  ['an inherited field', types.struct({ a: types.f64 }), Object.create({ a: 1 }), /^a is missing/],
  [
    'a deep one',
    types.struct({ a: types.list(types.struct({ b: types.f64 })) }),
    { a: [{ b: 1 }, { b: null }] },
    /^a\[1\]\.b is null; expected a number/,
  ],
];

for (const [what, schema, value, expected] of wrong) {
  test(`refuses ${what} that is wrong`, (t) => {
    const error = t.throws(() => shapeOf(schema as never).encode(value as never), {
      instanceOf: InvalidValueError,
      code: 'ERR_BUSBAR_INVALID_VALUE',
      message: expected,
    });
    t.is(error?.issues.length, 1);
    t.deepEqual(error?.path, error?.issues[0]?.path);
  });
}

const wrongWires: readonly (readonly [string, unknown, unknown, RegExp])[] = [
  ['digits', types.i64, '1e3', /expected an integer of 64 bits/],
  ['many digits', types.u64, '9'.repeat(21), /expected an integer of 64 bits/],
  ['base64', types.bytes, 'a', /expected base64/],
  ['base64 with spaces', types.bytes, 'aa aa', /expected base64/],
  ['a time', types.time, '2026-01-01', /expected a time as in RFC 3339/],
  ['a time of no day', types.time, '2026-13-01T00:00:00Z', /is an invalid Date/],
  ['a duration', types.duration, 'P', /expected a duration as in ISO 8601/],
  ['a duration of months', types.duration, 'P1M', /expected a duration/],
  ['an index', types.object, -1, /expected the index of an attachment/],
  ['an absent index', types.region, 0, /names no region of the message/],
  ['another number', types.f64, 'nan', /expected a number/],
];

for (const [what, schema, wire, expected] of wrongWires) {
  test(`refuses ${what} in JSON that is wrong`, (t) => {
    const shape = shapeOf(schema as never);
    t.throws(() => shape.decode(wire, undefined, 'json'), {
      instanceOf: InvalidValueError,
      message: expected,
    });
  });
}

test('the texts that JSON has are those of the standards', (t) => {
  const text = (schema: unknown, value: unknown): unknown =>
    shapeOf(schema as never).encode(value as never, undefined, 'json');
  t.is(text(types.duration, 1500), 'PT1.5S');
  t.is(text(types.duration, -0.000001), '-PT0.000000001S');
  t.is(text(types.time, new Date(0)), '1970-01-01T00:00:00.000Z');
  t.is(text(types.bytes, Uint8Array.of(255, 254)), '//4=');
  t.is(text(types.u64, 2n ** 64n - 1n), '18446744073709551615');
  t.is(text(types.f64, Number.NaN), 'NaN');
  const read = (schema: unknown, wire: unknown): unknown =>
    shapeOf(schema as never).decode(wire, undefined, 'json');
  t.deepEqual(read(types.duration, 'P1DT2H3M4.5S'), 93_784_500);
  t.deepEqual(read(types.time, '2026-01-01T01:00:00.123456789+01:00'), new Date(1767225600123));
  t.deepEqual(read(types.bytes, '//4'), Uint8Array.of(255, 254));
  t.deepEqual(read(types.i64, 5), 5n);
  for (const edge of [2n ** 53n, -(2n ** 53n)]) t.is(read(types.i64, Number(edge)), edge);
});

test('what is nested too deep is refused, and does not overflow the stack', (t) => {
  const Tree: Schema = types.struct('Tree', {
    get children() {
      return types.list(Tree);
    },
  });
  let tree: unknown = { children: [] };
  for (let depth = 0; depth < 99; depth++) tree = { children: [tree] };
  t.notThrows(() => shapeOf(Tree).decode(tree));
  for (let depth = 0; depth < 100_000; depth++) tree = { children: [tree] };
  t.throws(() => shapeOf(Tree).decode(tree), { message: /is nested more than 100 deep$/ });
  let list: unknown = [];
  for (let depth = 0; depth < 100_000; depth++) list = [list];
  t.throws(() => shapeOf(types.any).decode(list), { message: /is nested more than 100 deep$/ });
});

test('properties of Object.prototype are nobody’s values', (t) => {
  const prototype = Object.prototype as { celsius?: number };
  prototype.celsius = 5;
  try {
    const shape = shapeOf({ celsius: types.optional(types.f64), other: types.optional(types.any) });
    t.deepEqual(shape.decode({}), {});
    t.deepEqual(shape.encode({}), {});
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":1,"celsius":7}');
    const value = shape.decode(hostile);
    t.deepEqual(Object.keys(value), ['celsius']);
    t.is(Object.getPrototypeOf(value), Object.prototype);
  } finally {
    delete prototype.celsius;
  }
});

test('a received map answers for nothing but what was sent', (t) => {
  const value = shapeOf(types.map(types.u8)).decode({ constructor: 1 });
  t.is(value.constructor as unknown, 1);
  t.is(value.toString as unknown, undefined);
});

test('a default is made anew for each value', (t) => {
  const shape = shapeOf({ tags: types.optional(types.list(types.string), ['a']) });
  const first = shape.decode({});
  first.tags.push('b');
  t.deepEqual(shape.decode({}), { tags: ['a'] });
  t.deepEqual(shape.decode({ tags: null }), { tags: ['a'] });
});

test('values that a newer sender has in an enum are kept', (t) => {
  t.is(shapeOf(types.enum(['a'])).decode('b') as string, 'b');
});
