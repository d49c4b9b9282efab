// The quick way from values to MessagePack and back does what the slow way does: the same bytes, the
// same values; and what it does not do, it leaves alone.
import { execFileSync } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { messageBox, messagePack, raw } from 'busbar';
import {
  notUnpacked,
  PackedItems,
  PayloadPacker,
  type Shape,
  shapeOf,
  t as types,
  unpack,
  unpackItems,
} from 'busbar/interface';
import fc from 'fast-check';
import { joined, newBus } from '../../support/program.js';
import { cases } from './support/schemas.js';

const packer = new PayloadPacker();
const box = messageBox({ Packed: messagePack('test.interface.packing') });
const Point = types.struct({ x: types.f64, y: types.u8, label: types.optional(types.string) });

test('packed values have the bytes that the codec writes, and are read as they arrive', async (t) => {
  const bus = newBus();
  const bytes = await joined(t, bus, { label: 'bytes', messages: raw });
  const values = await joined(t, bus, { label: 'values', messages: box });
  let packings = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ({ schema, sent }) => {
      const shape = shapeOf(schema);
      const packed = packer.pack(shape, sent);
      if (packed === undefined) return;
      packings++;
      const message = box.Packed(shape.encode(sent));
      values.send('bytes', message);
      values.send('values', message);
      const written = (await bytes.recv()).payload.bytes;
      const own = packed.bytes.subarray(packed.start, packed.end);
      if (!isDeepStrictEqual(own, written)) throw new Error(`${own} is not ${written}`);
      const expected = shape.decode((await values.recv()).payload);
      if (!isDeepStrictEqual(unpack(shape, written), expected)) throw new Error('read otherwise');
      const twice = new PackedItems();
      packer.packItem(shape, sent, twice);
      packer.packItem(shape, sent, twice);
      const list = listOf(twice.finish());
      const items = unpackItems(shape, list);
      if (!isDeepStrictEqual(items, [expected, expected])) throw new Error('not the items');
    }),
    { numRuns: 1500 },
  );
  t.true(packings > 300, `${packings}`);
});

test('what is read from damaged bytes is what the slow way reads', async (t) => {
  const bus = newBus();
  const relay = await joined(t, bus, { messages: raw });
  const values = await joined(t, bus, { label: 'values', messages: box });
  const { id: typeId } = messagePack('test.interface.packing');
  let rejected = 0;
  values.on('rejected', () => rejected++);
  let read = 0;
  let left = 0;
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(cases, damage, fc.boolean(), async ({ schema, sent }, changes, cut) => {
      const shape = shapeOf(schema);
      const packed = packer.pack(shape, sent);
      if (packed === undefined) return;
      const bytes = packed.bytes.slice(packed.start, packed.end - (cut ? 1 : 0));
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      const value = unpack(shape, bytes);
      if (value === notUnpacked) {
        left++;
        return;
      }
      read++;
      relay.send('values', raw.message({ typeId, bytes }));
      if (!isDeepStrictEqual(shape.decode((await values.recv()).payload), value)) {
        throw new Error(`${bytes} was read otherwise`);
      }
    }),
    { numRuns: 1500 },
  );
  t.is(rejected, 0);
  t.true(read > 50 && left > 50, `${read} ${left}`);
});

test('values that are unusual or wrong are left to the slow way', (t) => {
  const shape = shapeOf(Point) as Shape;
  const left = (value: unknown, of = shape) => t.is(packer.pack(of, value), undefined);
  left({ x: 1 });
  left({ x: 1, y: 256 });
  left({ x: '1', y: 1 });
  left(Object.create({ x: 1, y: 1 }));
  left([1, 2]);
  left(null);
  left({ x: 1, y: 1, label: '\ud800' });
  left(new Uint8Array(10_000), shapeOf(types.bytes) as Shape);
  left(Object.create(Uint8Array.prototype), shapeOf(types.bytes) as Shape);
  t.truthy(packer.pack(shape, { x: -0, y: 1, label: undefined, other: () => 0 }));
  t.is(shapeOf(types.struct({ when: types.time })).packing, undefined);
  t.is(shapeOf(types.struct({ frame: types.region })).packing, undefined);
});

test('a getter that packs in turn does not disturb the payload that it is read for', (t) => {
  const shape = shapeOf(Point) as Shape;
  const inner: unknown[] = [];
  const value = {
    x: 1,
    get y() {
      inner.push(packer.pack(shape, { x: 9, y: 9 }));
      return 2;
    },
  };
  const packed = packer.pack(shape, value);
  t.deepEqual(inner, [undefined]);
  t.deepEqual(packed && unpack(shape, packed.bytes.slice(packed.start, packed.end)), {
    x: 1,
    y: 2,
  });
  const failing = {
    x: 1,
    get y(): number {
      throw new RangeError('mine');
    },
  };
  t.throws(() => packer.pack(shape, failing), { message: 'mine' });
  t.truthy(packer.pack(shape, { x: 1, y: 1 }));
});

test('payloads stay as they are while others are packed behind them', (t) => {
  const shape = shapeOf(types.struct({ text: types.string, part: types.bytes })) as Shape;
  const values = Array.from({ length: 300 }, (_, i) => ({
    text: 'ä'.repeat(i),
    part: new Uint8Array(i + 1).fill(i),
  }));
  const all = values.map((value) => packer.pack(shape, value));
  all.forEach((packed, i) => {
    if (packed === undefined) {
      t.fail();
      return;
    }
    t.deepEqual(unpack(shape, packed.bytes.slice(packed.start, packed.end)), values[i]);
  });
});

test('a list that claims more items than it has bytes is not made', (t) => {
  const Tree: unknown = types.struct({
    get children() {
      return types.list(Tree as typeof Point);
    },
  } as never);
  const shape = shapeOf(Tree as typeof Point) as Shape;
  // Each list claims as many items as there are bytes behind all of them.
  const level = Uint8Array.from([0x81, 0xa8, ...Buffer.from('children'), 0xdd, 0, 0x10, 0, 0]);
  const bytes = new Uint8Array(2 ** 20 + 90 * level.length).fill(0x80);
  for (let depth = 0; depth < 90; depth++) bytes.set(level, depth * level.length);
  const before = process.resourceUsage().maxRSS;
  t.is(unpack(shape, bytes), notUnpacked);
  // 90 lists of a million would have 720 MB.
  t.true(process.resourceUsage().maxRSS - before < 300_000);
});

test('where code cannot be made from strings, the same is written and read', (t) => {
  const program = `
    import { PayloadPacker, shapeOf, t, unpack } from 'busbar/interface';
    const shape = shapeOf(t.struct({ x: t.f64, label: t.optional(t.string), n: t.optional(t.u8, 7) }));
    const packed = new PayloadPacker().pack(shape, { x: 1.5, label: 'a' });
    const bytes = packed.bytes.slice(packed.start, packed.end);
    let refused;
    try { new Function('') } catch (error) { refused = error.name }
    console.log(JSON.stringify([refused, Buffer.from(bytes).toString('hex'), unpack(shape, bytes)]));
  `;
  const flag = '--disallow-code-generation-from-strings';
  const output = execFileSync(process.execPath, [flag, '--input-type=module', '--eval', program], {
    cwd: new URL('../../../', import.meta.url),
    encoding: 'utf8',
  });
  const shape = shapeOf(
    types.struct({
      x: types.f64,
      label: types.optional(types.string),
      n: types.optional(types.u8),
    }),
  );
  const packed = packer.pack(shape as Shape, { x: 1.5, label: 'a' });
  const hex = Buffer.from(packed?.bytes.slice(packed.start, packed.end) ?? []).toString('hex');
  t.deepEqual(JSON.parse(output), ['EvalError', hex, { x: 1.5, label: 'a', n: 7 }]);
});

function listOf({ count, runs }: PackedItems): Uint8Array {
  return Uint8Array.from([0x90 | count, ...runs.flatMap((run) => [...slice(run)])]);
}

function slice({ bytes, start, end }: PackedItems['runs'][number]): Uint8Array {
  return bytes.slice(start, end);
}
