// Structs: C's layout, reading and writing in place, refusals.
import { execFileSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { StagingArena } from '../../dist/memory/staging-arena.js';
import { type StructFields, struct } from '../../dist/messages/index.js';

const invalid = { code: 'ERR_BUSBAR_INVALID_ARGUMENT' } as const;

const scalars = {
  i8: { size: 1, values: fc.integer({ min: -128, max: 127 }) },
  u8: { size: 1, values: fc.integer({ min: 0, max: 255 }) },
  i16: { size: 2, values: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }) },
  u16: { size: 2, values: fc.integer({ min: 0, max: 2 ** 16 - 1 }) },
  i32: { size: 4, values: fc.integer() },
  u32: { size: 4, values: fc.integer({ min: 0, max: 2 ** 32 - 1 }) },
  i64: { size: 8, values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  u64: { size: 8, values: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
  f32: { size: 4, values: fc.float() },
  f64: { size: 8, values: fc.double() },
  bool: { size: 1, values: fc.boolean() },
} as const;

type Scalar = keyof typeof scalars;

// The expected values, by a DataView alone.
const getters: Readonly<Record<Scalar, (view: DataView, at: number) => unknown>> = {
  i8: (view, at) => view.getInt8(at),
  u8: (view, at) => view.getUint8(at),
  i16: (view, at) => view.getInt16(at, true),
  u16: (view, at) => view.getUint16(at, true),
  i32: (view, at) => view.getInt32(at, true),
  u32: (view, at) => view.getUint32(at, true),
  i64: (view, at) => view.getBigInt64(at, true),
  u64: (view, at) => view.getBigUint64(at, true),
  f32: (view, at) => view.getFloat32(at, true),
  f64: (view, at) => view.getFloat64(at, true),
  bool: (view, at) => view.getUint8(at) !== 0,
};

const cases = fc
  .array(fc.constantFrom(...(Object.keys(scalars) as Scalar[])), { minLength: 1, maxLength: 12 })
  .chain((types) =>
    fc.record({
      types: fc.constant(types),
      values: fc.tuple(...types.map((type): fc.Arbitrary<unknown> => scalars[type].values)),
    }),
  );

test('a struct is what a DataView reads at the offsets of C', (t) => {
  const arena = new StagingArena();
  arena.buffer.fill(0xee);
  fc.assert(
    fc.property(cases, ({ types, values }) => {
      const fields = Object.fromEntries(types.map((type, index) => [`f${index}`, type]));
      const value = Object.fromEntries(values.map((member, index) => [`f${index}`, member]));
      const codec = struct(fields as StructFields);
      codec.encode(value as never, arena);
      const bytes = arena.source.slice(arena.start, arena.end);
      const view = new DataView(bytes.buffer);
      const out = codec.decode(bytes, 0, bytes.length, 0) as Record<string, unknown>;
      let end = 0;
      for (const [index, type] of types.entries()) {
        const { size } = scalars[type];
        const offset = Math.ceil(end / size) * size;
        for (; end < offset; end++) t.is(bytes[end], 0);
        t.is(codec.offsets[`f${index}`], offset);
        t.deepEqual(getters[type](view, offset), values[index]);
        t.deepEqual(out[`f${index}`], values[index]);
        end = offset + size;
      }
      const alignment = Math.max(...types.map((type) => scalars[type].size));
      t.is(codec.alignment, alignment);
      t.is(codec.size, Math.ceil(end / alignment) * alignment);
      t.is(bytes.length, codec.size);
    }),
  );
});

const Pose = struct({
  x: 'f64',
  on: 'bool',
  id: 'u32',
  name: ['char', 8],
  joints: ['f32', 3],
  serial: 'u64',
});
const pose = { x: 1.5, on: true, id: 7, name: 'arm', joints: [1, 2, 3], serial: 2n ** 40n };

function sent(value: Parameters<typeof Pose.encode>[0]): Uint8Array {
  const arena = new StagingArena();
  Pose.encode(value, arena);
  return arena.source.slice(arena.start, arena.end);
}

test('its layout can be compared with a header', (t) => {
  t.deepEqual(Pose.offsets, { x: 0, on: 8, id: 12, name: 16, joints: 24, serial: 40 });
  t.is(Pose.size, 48);
  t.is(Pose.alignment, 8);
});

test('a received struct is read and written in place', (t) => {
  const slab = new Uint8Array(200);
  slab.set(sent(pose), 60);
  const view = Pose.decode(slab, 60, 108, 0);
  slab.fill(0xff);
  t.is(view.x, 1.5);
  t.is(view.name, 'arm');
  t.deepEqual(view.joints, Float32Array.of(1, 2, 3));
  t.is(view.serial, 2n ** 40n);
  t.is(JSON.parse(JSON.stringify({ ...pose, view: undefined, serial: 1 })).id, view.id);

  view.id = 8;
  view.joints[1] = 9;
  view.name = 'é';
  t.is(view.bytes[12], 8);
  const again = Pose.view(view.bytes.slice());
  t.deepEqual([again.id, again.joints[1], again.name], [8, 9, 'é']);
  t.deepEqual([...again.bytes.subarray(16, 24)], [0xc3, 0xa9, 0, 0, 0, 0, 0, 0]);
});

test('sending a view sends its bytes', (t) => {
  const view = Pose.create({ id: 3, name: '12345678' });
  t.deepEqual(sent(view), view.bytes);
  t.is(Pose.decode(sent(view), 0, 48, 0).name, '12345678');
  t.is(view.x, 0);
});

test('a view of bytes at hand', (t) => {
  const bytes = new Uint8Array(64);
  const view = Pose.view(bytes.subarray(8, 56));
  view.on = true;
  t.is(bytes[16], 1);
  t.throws(() => Pose.view(bytes), { ...invalid, message: /64 bytes; expected 48/ });
  t.throws(() => Pose.view(bytes.subarray(3, 51)), { ...invalid, message: /multiple of 8/ });
});

test('what does not fit is refused and never wrapped', (t) => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ id: -1 }, /field 'id' is -1; expected an integer of 0 to 4294967295/],
    [{ id: 1.5 }, /an integer/],
    [{ id: '1' }, /an integer/],
    [{ id: undefined }, /field 'id' is undefined/],
    [{ x: '1' }, /a number/],
    [{ on: 1 }, /true or false/],
    [{ serial: 1 }, /a bigint/],
    [{ serial: 2n ** 64n }, /a bigint of 0 to/],
    [{ name: 'too long!' }, /a string of at most 8 bytes/],
    [{ name: 'a\0b' }, /without U\+0000/],
    [{ name: '\ud800' }, /well-formed/],
    [{ joints: [1, 2] }, /an array of 3 elements/],
    [{ joints: [1, 2, '3'] }, /field 'joints\[…\]' is "3"/],
    [{ joints: 5 }, /an array of 3/],
  ];
  for (const [change, message] of wrong) {
    t.throws(() => sent({ ...pose, ...change } as never), { ...invalid, message });
  }
  t.throws(() => sent(null as never), { ...invalid, message: /expected an object/ });
  const view = Pose.create(pose);
  t.throws(() => {
    view.id = 2 ** 32;
  }, invalid);
  t.is(view.id, 7);
});

test('bytes that are no such struct fail to decode', (t) => {
  t.throws(() => Pose.decode(new Uint8Array(47), 0, 47, 0), { message: /47 bytes; expected 48/ });
  const bytes = sent(pose);
  bytes[16] = 0xff;
  t.throws(() => Pose.decode(bytes, 0, 48, 0), { message: /not valid UTF-8/ });
});

test('a getter of the value that itself encodes does not disturb it', (t) => {
  const arena = new StagingArena();
  const Pair = struct({ a: 'u32', b: 'u32', c: 'u32' });
  let depth = 0;
  const value = {
    a: 1,
    get b(): number {
      if (depth++ < 3) Pair.encode(value, arena);
      if (depth === 2) arena.reserve(10_000_000);
      return 2;
    },
    c: 3,
  };
  Pair.encode(value, arena);
  const out = Pair.decode(arena.source, arena.start, arena.end, 0);
  t.deepEqual([out.a, out.b, out.c], [1, 2, 3]);
});

test('wrong descriptions are refused', (t) => {
  const wrong: readonly object[] = [
    {},
    { bytes: 'u8' },
    { constructor: 'u8' },
    { x: 'u128' },
    { x: 'char' },
    { x: 'toString' },
    { x: ['bool', 2] },
    { x: ['u8', 0] },
    { x: ['u8', 1.5] },
    { x: ['f64', 200_000] },
    { x: undefined },
  ];
  for (const fields of wrong) t.throws(() => struct(fields as StructFields), invalid);
  t.throws(() => struct(JSON.parse('{"__proto__": "u8"}') as StructFields), invalid);
});

test('field names are never code', (t) => {
  const name = '"]);globalThis.pwned=1;(["\u2028';
  const codec = struct({ [name]: 'u8' } as StructFields);
  const arena = new StagingArena();
  codec.encode({ [name]: 5 } as never, arena);
  t.deepEqual([...arena.source.slice(arena.start, arena.end)], [5]);
  t.false('pwned' in globalThis);
});

test('structs work where code may not be made from strings', (t) => {
  const program = `
    import { StagingArena } from './dist/memory/staging-arena.js';
    import { struct } from './dist/messages/codecs/struct.js';
    const arena = new StagingArena();
    struct({ a: 'u8', b: 'u32' }).encode({ a: 1, b: 2 }, arena);
    console.log(Buffer.from(arena.source.slice(arena.start, arena.end)).toString('hex'));
  `;
  const output = execFileSync(
    process.execPath,
    ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program],
    { cwd: new URL('../../', import.meta.url), encoding: 'utf8' },
  );
  t.is(output.trim(), '0100000002000000');
});
