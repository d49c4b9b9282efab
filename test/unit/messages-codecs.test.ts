// The codecs: values survive a round trip through regions of a reused slab, and wrong input is
// refused.
import { Buffer } from 'node:buffer';
import { generateKeySync } from 'node:crypto';
import { open } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { MemoryRegion } from '../../dist/index.js';
import { StagingArena } from '../../dist/memory/staging-arena.js';
import { type Codec, codecs, defineCodec } from '../../dist/messages/index.js';

const invalid = { code: 'ERR_BUSBAR_INVALID_ARGUMENT' } as const;

function encoded<In>(codec: Codec<unknown, In>, value: In, arena = new StagingArena()): Uint8Array {
  codec.encode(value, arena);
  return arena.source.slice(arena.start, arena.end);
}

/** Decodes from the middle of a slab that is overwritten at once. */
function decoded<Out>(codec: Codec<Out, never>, bytes: Uint8Array): Out {
  const slab = new Uint8Array(bytes.length + 600).fill(0xa5);
  slab.set(bytes, 300);
  const value = codec.decode(slab, 300, 300 + bytes.length, 0);
  slab.fill(0x5a);
  return value;
}

function roundTrip<Out, In>(codec: Codec<Out, In>, value: In, arena?: StagingArena): Out {
  return decoded(codec, encoded(codec, value, arena));
}

const plainBytes = (bytes: Uint8Array) => new Uint8Array(bytes);

test('bytes', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (value) => {
      t.deepEqual(roundTrip(codecs.bytes, value), plainBytes(value));
    }),
  );
  for (const size of [0, 1, 64, 65, 8192, 8193, 100_000]) {
    const out = roundTrip(codecs.bytes, Buffer.alloc(size, 7));
    t.is(Object.getPrototypeOf(out), Uint8Array.prototype);
    t.is(out.length, size);
    t.true(out.every((byte) => byte === 7));
    t.is(out.byteOffset % 8, 0);
  }
});

test('bytes are sent from where they are', (t) => {
  const arena = new StagingArena();
  const value = new Uint8Array(10).subarray(2, 5);
  codecs.bytes.encode(value, arena);
  t.true(arena.source === value);
  t.deepEqual([arena.start, arena.end], [0, 3]);
  arena.clear();
  t.true(arena.source === arena.buffer);
});

test('received bytes are also owned where the slab is a Buffer', (t) => {
  const slab = Buffer.from('hello');
  const out = codecs.bytes.decode(slab, 1, 3, 0);
  slab.fill(0);
  t.deepEqual(out, Uint8Array.from(Buffer.from('el')));
});

test('text', (t) => {
  const arena = new StagingArena();
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => {
      t.is(roundTrip(codecs.text, value, arena), value);
    }),
  );
  for (const value of [
    '',
    '\ufeffbom',
    '\ufffd',
    '\0',
    'é'.repeat(40_000),
    'x'.repeat(3_000_000),
  ]) {
    t.is(roundTrip(codecs.text, value, arena), value);
  }
});

test('text that UTF-8 cannot express is refused, bytes that are no UTF-8 too', (t) => {
  t.throws(() => encoded(codecs.text, 'a\ud800'), { ...invalid, message: /lone surrogate/ });
  for (const bytes of [
    [0xff],
    [0xc3],
    [0xed, 0xa0, 0x80],
    [0x61, 0x80],
    [0xef, 0xbf, 0xbd, 0xff],
  ]) {
    t.throws(() => decoded(codecs.text, Uint8Array.from(bytes)), { message: /not valid UTF-8/ });
  }
});

test('JSON', (t) => {
  const json = codecs.json();
  const arena = new StagingArena();
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      t.deepEqual(roundTrip(json, value, arena), JSON.parse(JSON.stringify(value)));
    }),
  );
  t.is(roundTrip(json, '\ud800'), '\ud800');
});

test('what JSON cannot express is refused', (t) => {
  const json = codecs.json();
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of [undefined, () => 1, Symbol('s'), 1n, cycle]) {
    t.throws(() => encoded(json, value), invalid);
  }
  t.throws(() => decoded(json, Buffer.from('{')));
  t.throws(() => decoded(json, new Uint8Array(0)));
});

test('structured clone', (t) => {
  const clone = codecs.structuredClone();
  const value = new Map<unknown, unknown>([
    ['set', new Set([1n, 'two'])],
    ['floats', Float64Array.of(1.5, 2.5)],
    ['date', new Date(0)],
  ]);
  value.set('self', value);
  const out = roundTrip(clone, value) as typeof value;
  t.is(out.get('self'), out);
  t.deepEqual(out.get('set'), value.get('set'));
  t.deepEqual(out.get('floats'), Float64Array.of(1.5, 2.5));
  t.throws(() => encoded(clone, { f: () => 1 }), invalid);
  t.throws(() => decoded(clone, Uint8Array.of(1, 2, 3)));
});

test('structured clone refuses by one kind of error, and goes on', async (t) => {
  const clone = codecs.structuredClone();
  const handle = await open(process.execPath);
  const { port1 } = new MessageChannel();
  const transferred = new Uint8Array(4);
  structuredClone(transferred, { transfer: [transferred.buffer] });
  const wasm = runInNewContext(
    'new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))',
  );
  for (const value of [
    port1,
    generateKeySync('hmac', { length: 64 }),
    handle,
    transferred,
    transferred.buffer,
    new SharedArrayBuffer(1),
    Promise.resolve(),
    new WeakMap(),
    new Proxy({}, {}),
    Symbol('s'),
  ]) {
    t.throws(() => encoded(clone, value), invalid);
    t.throws(() => encoded(clone, { deep: [value] }), { ...invalid, message: /cannot be cloned/ });
    t.deepEqual(roundTrip(clone, { fine: 1 }), { fine: 1 });
  }
  port1.close();
  await handle.close();
  t.throws(() => encoded(clone, wasm), { ...invalid, message: /WebAssembly.Module/ });
  t.throws(() => roundTrip(clone, { deep: wasm }));
  const own = new TypeError('own');
  const thrower = {
    get x() {
      throw own;
    },
  };
  t.is(
    t.throws(() => encoded(clone, thrower)),
    own,
  );
  // As in Node: each view has separate bytes.
  const buffer = new ArrayBuffer(8);
  const views = roundTrip(clone, [new Uint8Array(buffer), new Uint8Array(buffer, 4)]);
  const [first, second] = views as [Uint8Array, Uint8Array];
  first.fill(1);
  t.is(second[0], 0);
});

test('memory that was transferred is no empty byte array', (t) => {
  const value = new Uint8Array(4);
  structuredClone(value, { transfer: [value.buffer] });
  t.throws(() => encoded(codecs.bytes, value), { ...invalid, message: /transferred/ });
  using region = MemoryRegion.create(8);
  t.throws(() => region.write(value), { ...invalid, message: /transferred/ });
  t.throws(() => region.read(value), { ...invalid, message: /transferred/ });
});

const messagePack = codecs.messagePack();

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, undefined),
    fc.integer(),
    fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme-ascii', minLength: 60, maxLength: 90 }),
    fc.uint8Array({ maxLength: 70 }),
    fc.date({ min: new Date(0), max: new Date(2 ** 33 * 1000), noInvalidDate: true }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 5 }),
  ),
})).value;

// As the codec documents for bigints, byte arrays and `__proto__`.
function expected(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value;
  }
  if (value instanceof Uint8Array) return plainBytes(value);
  if (Array.isArray(value)) return value.map(expected);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key === '__proto__' ? '__proto_' : key,
      expected(member),
    ]),
  );
}

test('MessagePack', (t) => {
  const arena = new StagingArena();
  fc.assert(
    fc.property(values, (value) => {
      t.deepEqual(roundTrip(messagePack, value, arena), expected(value));
    }),
    { numRuns: 1000 },
  );
});

test('MessagePack keeps what extensions express', (t) => {
  const value = {
    set: new Set([1, new Uint8Array(3)]),
    floats: Float32Array.of(1.5),
    clamped: Uint8ClampedArray.of(1),
    error: new RangeError('far'),
    pattern: /a+/g,
  };
  t.deepEqual(roundTrip(messagePack, value), value);
  t.deepEqual(roundTrip(messagePack, new Map([['a', 1]])), { a: 1 });
  class Point {
    x = 1;
  }
  t.deepEqual(roundTrip(messagePack, new Point()), { x: 1 });
});

test('MessagePack is what others read: maps with keys, byte arrays as bin', (t) => {
  const hexOf = (value: unknown) => Buffer.from(encoded(messagePack, value)).toString('hex');
  for (let i = 0; i < 3; i++) {
    t.is(hexOf({ a: 1 }), '81a16101');
    t.is(hexOf({ a: Uint8Array.of(1, 2) }), '81a161c4020102');
    t.is(hexOf([Buffer.of(9), new Map([['b', Uint8Array.of(8)]])]), '92c4010981a162c40108');
    t.is(hexOf({ toJSON: () => Uint8Array.of(7) }), 'c40107');
  }
  t.is(hexOf(Uint8Array.of(5)), 'c40105');
});

test("the user's own use of the library stays untouched", (t) => {
  const mine = new Packr({ useRecords: false });
  const before = mine.pack({ a: 'before' });
  encoded(messagePack, { b: 'x'.repeat(2_000_000) });
  encoded(messagePack, { b: 'y' });
  const after = mine.pack({ a: 'after' });
  encoded(messagePack, { c: 'z'.repeat(100) });
  t.deepEqual(mine.unpack(before), { a: 'before' });
  t.deepEqual(mine.unpack(after), { a: 'after' });
});

test('a getter that itself encodes does not disturb the outer encoding', (t) => {
  const arena = new StagingArena();
  const inner: unknown[] = [];
  const value = {
    before: 1,
    get nested() {
      inner.push(roundTrip(messagePack, { inner: true }, arena));
      return 2;
    },
    after: 'z',
  };
  t.deepEqual(roundTrip(messagePack, value, arena), { before: 1, nested: 2, after: 'z' });
  t.deepEqual(inner, [{ inner: true }]);
});

test('what MessagePack cannot express is refused', (t) => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const cycleWithBytes: unknown[] = [new Uint8Array(1)];
  cycleWithBytes.push(cycleWithBytes);
  for (const value of [() => 1, { f() {} }, Symbol('s'), [Symbol('s')], cycle, cycleWithBytes]) {
    t.throws(() => encoded(messagePack, value), { ...invalid, message: /MessagePack/ });
  }
  const own = new Error('own');
  const thrower = {
    get x() {
      throw own;
    },
  };
  t.is(
    t.throws(() => encoded(messagePack, thrower)),
    own,
  );
  t.deepEqual(roundTrip(messagePack, { fine: 1 }), { fine: 1 });
});

test('hostile MessagePack throws or gives a value, and harms nothing after it', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decoded(messagePack, bytes);
      } catch (error) {
        t.true(error instanceof Error);
      }
      t.deepEqual(roundTrip(messagePack, { a: ['b', 1] }), { a: ['b', 1] });
    }),
    { numRuns: 2000 },
  );
  for (const hex of [
    '',
    'dcffff',
    'ddffffffff',
    'dfffffffff',
    'd9ff',
    'c6ffffffff',
    'a5',
    '81a161',
  ]) {
    t.throws(() => decoded(messagePack, Buffer.from(hex, 'hex')), undefined, hex);
  }
  t.throws(() => decoded(messagePack, Buffer.from('0101', 'hex')), {
    message: /1 bytes after the end/,
  });
  t.throws(() => decoded(messagePack, new Uint8Array(100_000).fill(0x91)));
});

test('MessagePack with a few wrong bytes is refused or another value, and nothing more', (t) => {
  const rich = {
    list: [
      1,
      -200,
      1.5,
      2n ** 60n,
      'text',
      'a longer text that is beyond thirty-one bytes',
      null,
      true,
    ],
    map: {
      ä: new Date(1),
      deep: { deeper: [new Set([1]), /x/g, new RangeError('e', { cause: 1 })] },
    },
    bytes: new Uint8Array(40),
    floats: Float64Array.of(1, 2),
    none: undefined,
  };
  const good = encoded(messagePack, rich);
  const change = fc.record({ at: fc.nat(good.length - 1), to: fc.nat(255) });
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.nat(good.length),
      (changes, cut) => {
        const bytes = good.slice(0, cut % 4 === 0 ? cut : good.length);
        for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
        try {
          decoded(messagePack, bytes);
        } catch (error) {
          t.true(error instanceof Error);
        }
        t.deepEqual(roundTrip(messagePack, { a: ['b', 1] }), { a: ['b', 1] });
        t.is(({} as { polluted?: unknown }).polluted, undefined);
      },
    ),
    { numRuns: 5000 },
  );
  t.deepEqual(roundTrip(messagePack, rich), { ...rich });
});

test('arrays in arrays that claim more members than there are bytes take no memory', (t) => {
  const bytes = new Uint8Array(60_000);
  for (let at = 0; at + 5 <= bytes.length; at += 5) bytes.set([0xdd, 0, 0, 0xe0, 0], at);
  const before = process.memoryUsage().rss;
  t.throws(() => decoded(messagePack, bytes), { message: /end within a value/ });
  t.true(process.memoryUsage().rss - before < 64 * 1024 * 1024);
});

test('a codec of two plain functions', (t) => {
  const codec = defineCodec<string>({
    name: 'latin1',
    encode: (value) => Buffer.from(value, 'latin1'),
    decode: (bytes, format) => `${Buffer.from(bytes).toString('latin1')}${format}`,
  });
  t.is(roundTrip(codec, 'ö'), 'ö0');
  const wrong = defineCodec<unknown>({
    name: 'wrong',
    encode: () => 'text' as unknown as Uint8Array,
    decode: () => 0,
  });
  t.throws(() => encoded(wrong, 1), { ...invalid, message: /codec 'wrong' encoded to "text"/ });
});

test('the arena grows, gives back, and cannot be transferred', (t) => {
  const arena = new StagingArena();
  const start = arena.reserve(5_000_000);
  t.true(arena.buffer.length - start >= 5_000_000);
  arena.stage(arena.buffer, start, start + 5_000_000);
  t.is(arena.end - arena.start, 5_000_000);
  arena.clear();
  t.is(arena.buffer.length, 1024 * 1024);
  const { buffer } = arena;
  // Node 20 copies instead, later versions throw; in both cases the buffer stays where it is.
  try {
    structuredClone(buffer, { transfer: [buffer.buffer] });
  } catch (error) {
    t.true(error instanceof DOMException);
  }
  t.is(buffer.length, 1024 * 1024);
});
