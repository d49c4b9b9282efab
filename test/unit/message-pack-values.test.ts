// Each kind of value as MessagePack: it arrives unchanged, or changed as documented, or is refused
// with its path in the payload. The library msgpackr reads the bytes as well, as another reader of
// the format.
import { Buffer } from 'node:buffer';
import { generateKeySync } from 'node:crypto';
import { inspect, isDeepStrictEqual } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import { Unpackr } from 'msgpackr';
import { KernelObject, label, MemoryRegion, messageBox, text } from '../../dist/index.js';
import { StagingArena } from '../../dist/memory/staging-arena.js';
import { codecs } from '../../dist/messages/index.js';

const codec = codecs.messagePack();
const realm = createContext({});
const elsewhere = (code: string): unknown => runInContext(code, realm);

function encoded(value: unknown, arena = new StagingArena()): Uint8Array {
  codec.encode(value, arena);
  return arena.source.slice(arena.start, arena.end);
}

function roundTrip(value: unknown, arena?: StagingArena): unknown {
  const bytes = encoded(value, arena);
  return codec.decode(bytes, 0, bytes.length, 0);
}

function same(t: ExecutionContext, actual: unknown, expected: unknown, what: string): void {
  t.true(isDeepStrictEqual(actual, expected), `${what}: ${inspect(actual)}`);
}

class Floats extends Float32Array {}
class Point {
  x = 1;
  readonly #y = 2;
  get y(): number {
    return this.#y;
  }
}
class Fault extends TypeError {
  override readonly name = 'Fault';
}

/** The value sent, and the value received if it differs. */
const kept: Readonly<Record<string, readonly [value: unknown, arrives?: unknown]>> = {
  'minus zero': [[-0, 0]],
  numbers: [[2 ** 32, -(2 ** 31) - 1, 0.1, Number.NaN, Infinity, -Infinity, 255, -129, 65_536]],
  bigints: [
    [2n ** 64n - 1n, -(2n ** 63n), 5n],
    [2n ** 64n - 1n, -(2n ** 63n), 5],
  ],
  'byte order mark': ['\ufeff'.repeat(50)],
  'U+FFFD': ['\ufffd'.repeat(50)],
  'text of two bytes a character': ['ä'.repeat(31)],
  'text of three': [`${'€'.repeat(31)}`],
  'text of four': ['🚌'.repeat(200)],
  dates: [
    [0, 1, 2 ** 32 * 1000, 2 ** 34 * 1000 + 1, -1, 8.64e15, -8.64e15].map((at) => new Date(at)),
  ],
  sets: [new Set([1, new Set(['two'])])],
  'a regular expression': [/a+/giu],
  'typed arrays': [
    [Int8Array.of(-1), Float64Array.of(0.1), BigUint64Array.of(1n), new Uint16Array(0)],
  ],
  'a large typed array': [new Float32Array(70_000).fill(1.5)],
  'a subclass of a typed array': [new Floats([1.5]), Float32Array.of(1.5)],
  'byte arrays': [
    [Buffer.from('hi'), new Uint8Array(300)],
    [Uint8Array.of(104, 105), new Uint8Array(300)],
  ],
  'a buffer and a view': [[new ArrayBuffer(3), new DataView(new ArrayBuffer(2))]],
  'an error with a cause': [new RangeError('far', { cause: new Error('why', { cause: 0 }) })],
  'an error of Node': [Object.assign(new Error('no file'), { code: 'ENOENT', errno: -2 })],
  'an aggregate error': [new AggregateError([new TypeError('a'), 'b'], 'both')],
  'a map': [
    new Map<unknown, unknown>([
      ['a', 1],
      [2, { b: 3 }],
    ]),
    { a: 1, 2: { b: 3 } },
  ],
  'an instance': [new Point(), { x: 1 }],
  'no prototype': [Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  'toJSON of a plain object': [
    [{ toJSON: () => 7 }, new Uint8Array(1), { toJSON: () => 8 }],
    [7, new Uint8Array(1), 8],
  ],
  'a URL': [new URL('http://a/b'), 'http://a/b'],
  'a member called constructor': [{ constructor: 'x', toString: 1, hasOwnProperty: 2, toJSON: 3 }],
  'a hole': [new Array(1), [undefined]],
  'a proxy': [new Proxy({ a: [1] }, {}), { a: [1] }],
  'many members': [Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))],
  'many elements': [Array.from({ length: 70_000 }, (_, i) => i)],
  // biome-ignore lint/complexity/useLiteralKeys: a literal would set the prototype.
  __proto__: [JSON.parse('{"__proto__":1}'), { ['__proto_']: 1 }],
};

test('values arrive as they were sent, or as is documented', (t) => {
  for (const [what, [value, ...others]] of Object.entries(kept)) {
    same(t, roundTrip(value), others.length > 0 ? others[0] : value, what);
  }
  const fault = roundTrip(new Fault('mine')) as Error;
  t.deepEqual([fault.name, fault.message, Object.keys(fault)], ['Fault', 'mine', []]);
  t.false('cause' in (roundTrip(new Error('none')) as Error));
  t.true(Number.isNaN((roundTrip(new Date(Number.NaN)) as Date).getTime()));
});

const foreign: Readonly<Record<string, readonly [code: string, arrives: unknown]>> = {
  Map: ['new Map([["a", new Map()]])', { a: {} }],
  Set: ['new Set([1])', new Set([1])],
  Date: ['new Date(5)', new Date(5)],
  RegExp: ['/a/g', /a/g],
  Error: ['new TypeError("t", { cause: 1 })', new TypeError('t', { cause: 1 })],
  ArrayBuffer: ['new Uint8Array([1, 2]).buffer', Uint8Array.of(1, 2).buffer],
  Uint8Array: ['new Uint8Array([1, 2])', Uint8Array.of(1, 2)],
  Float32Array: ['new Float32Array([1.5])', Float32Array.of(1.5)],
  DataView: ['new DataView(new ArrayBuffer(1))', new DataView(new ArrayBuffer(1))],
  plain: ['({ a: [1, { b: null }] })', { a: [1, { b: null }] }],
};

test('values of another realm arrive as those of this one', (t) => {
  for (const [what, [code, arrives]] of Object.entries(foreign)) {
    same(t, roundTrip(elsewhere(code)), arrives, what);
    same(t, roundTrip({ deep: [elsewhere(code)] }), { deep: [arrives] }, what);
  }
  for (const code of ['Promise.resolve()', 'new WeakMap()', 'Object(1)', '(function* () {})()']) {
    t.throws(() => encoded(elsewhere(code)), { code: 'ERR_BUSBAR_INVALID_ARGUMENT' }, code);
  }
  const bytes = elsewhere('new Uint8Array([1, 2])') as Uint8Array;
  const arena = new StagingArena();
  codecs.bytes.encode(bytes, arena);
  t.true(arena.source === bytes);
});

function detached<T extends { readonly buffer: ArrayBufferLike }>(view: T): T {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
}

const cycle: Record<string, unknown> = {};
cycle.self = [cycle];

/** Refused values, and the error text after 'payload'. */
const refused: Readonly<Record<string, readonly [value: unknown, text: string]>> = {
  'a function': [{ a: { 'b c': () => 1 } }, '.a["b c"] is a function'],
  'a symbol': [[1, Symbol('s')], '[1] is a symbol'],
  'a large bigint': [{ n: 2n ** 64n }, '.n is a bigint of more than 64 bits'],
  'a larger one, with bytes beside it': [[new Uint8Array(1), -(2n ** 63n) - 1n], '[1] is a bigint'],
  'a lone surrogate': [{ list: ['a', 'b\ud800'] }, '.list[1] has a lone surrogate'],
  'one at the end of a long text': ['x'.repeat(100).concat('\udc00'), ' has a lone surrogate'],
  'one in a key': [{ '\udc00': 1 }, '["\\udc00"] has a lone surrogate'],
  'a boxed number': [[new Number(5)], '[0] is a Number'],
  'a boxed string': [Object('x'), ' is a String'],
  'a promise': [{ p: Promise.resolve() }, '.p is a Promise'],
  'a weak map': [new WeakMap(), ' is a WeakMap'],
  'a generator': [(function* () {})(), ' is a Generator'],
  'an iterator': [[1].values(), ' is an Array Iterator'],
  'a blob': [new Blob(['x']), ' is a Blob'],
  'a key': [[generateKeySync('hmac', { length: 64 })], '[0] is a'],
  'shared memory': [new SharedArrayBuffer(1), ' is a SharedArrayBuffer'],
  'a module of WebAssembly': [
    elsewhere('new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))'),
    ' is a WebAssembly.Module',
  ],
  'a map with objects as keys': [new Map([[{}, 1]]), ' is a Map with an Object as a key'],
  'a map with the same key twice': [
    new Map<unknown, unknown>([
      ['1', 1],
      [1, 2],
    ]),
    ' is a Map with two keys that are 1',
  ],
  'a value in a map in a set': [new Set([0, new Map([['k', Symbol('s')]])]), '[1].k is a symbol'],
  'a cause': [new Error('e', { cause: () => 1 }), '.cause is a function'],
  'a member of an error': [Object.assign(new Error('e'), { f: () => 1 }), '.f is a function'],
  'transferred bytes': [
    { b: detached(new Uint8Array(1)) },
    '.b is an array whose memory was transferred',
  ],
  'a transferred view': [detached(new DataView(new ArrayBuffer(1))), ' is an array whose memory'],
  'a transferred buffer': [
    detached(new Uint8Array(1)).buffer,
    ' is an ArrayBuffer that was transferred',
  ],
  'a memory region': [{ r: MemoryRegion.create(1) }, '.r is a MemoryRegion'],
  'a kernel object': [KernelObject.fromFd(0), ' is a KernelObject'],
  'a message within another': [[messageBox({ Text: text }).Text('x')], '[0] is an OutgoingMessage'],
  'a label expression': [label('x'), ' is a LabelExpression'],
  'a proxy of a map': [new Proxy(new Map(), {}), ' is a Map'],
  'a cycle': [
    cycle,
    '.self[0].self[0].self[0].self[0].self[0].self[0]… is cyclic or nested more than 1000 deep',
  ],
};

test('what cannot arrive is refused, with its place', (t) => {
  const arena = new StagingArena();
  for (const [what, [value, place]] of Object.entries(refused)) {
    const error = t.throws(
      () => encoded(value, arena),
      { code: 'ERR_BUSBAR_INVALID_ARGUMENT' },
      what,
    );
    t.true(error?.message.startsWith(`payload${place}`), `${what}: ${error?.message}`);
    t.regex(error?.message ?? '', /which MessagePack cannot express$/);
    t.deepEqual(roundTrip({ a: 'fine' }, arena), { a: 'fine' });
  }
});

test('getters and toJSON() are asked once, whatever went before', (t) => {
  let asked = 0;
  const value = () => ({
    get bytes() {
      asked++;
      return new Uint8Array(1);
    },
    json: { toJSON: () => ++asked },
    deep: [new Set([1]), 1n],
  });
  for (const before of ['text', new Uint8Array(1), value()]) {
    encoded(before);
    asked = 0;
    t.deepEqual(roundTrip(value()), { bytes: new Uint8Array(1), json: 2, deep: [new Set([1]), 1] });
    t.is(asked, 2);
  }
});

for (const size of [10, 100_000, 3_000_000]) {
  test(`a payload of ${size} bytes that a getter encodes leaves the outer one whole`, (t) => {
    const arena = new StagingArena();
    const other = new StagingArena();
    const inner: unknown[] = [];
    const filling = 'y'.repeat(70_000);
    const value = (deep: number): object => ({
      before: filling,
      get log() {
        inner.push(roundTrip('x'.repeat(size), deep % 2 === 0 ? arena : other));
        return deep === 0 ? 1 : value(deep - 1);
      },
      after: filling,
    });
    for (let i = 0; i < 3; i++) {
      const out = roundTrip(value(2), arena) as Record<
        string,
        Record<string, Record<string, unknown>>
      >;
      t.is(out.after as unknown, filling);
      t.is(out.log?.log?.log as unknown, 1);
      t.is(out.log?.log?.after as unknown, filling);
      arena.clear();
    }
    t.true(inner.every((text) => (text as string).length === size));
    const thrower = {
      filling,
      get x() {
        encoded('inner', arena);
        throw new Error('mine');
      },
    };
    t.throws(() => encoded(thrower, arena), { message: 'mine' });
    t.true(arena.buffer.length <= 1024 * 1024);
    t.is(roundTrip('still well', arena), 'still well');
  });
}

test('what is enumerable on Object.prototype is no part of a payload', (t) => {
  Object.defineProperty(Object.prototype, 'polluted', {
    value: 1,
    enumerable: true,
    configurable: true,
    writable: true,
  });
  try {
    const members = Object.keys(roundTrip({ a: { b: new Error('e') } }) as object);
    t.deepEqual(members, ['a']);
    const own = roundTrip({ polluted: 2 }) as object;
    t.true(Object.hasOwn(own, 'polluted'));
  } finally {
    delete (Object.prototype as { polluted?: unknown }).polluted;
  }
});

test('another library reads it', (t) => {
  const unpackr = new Unpackr({
    useRecords: false,
    mapsAsObjects: true,
    int64AsType: 'auto' as 'bigint',
  });
  for (const what of [
    'numbers',
    'bigints',
    'text of four',
    'dates',
    'sets',
    'typed arrays',
    'byte arrays',
    'a regular expression',
    'a map',
    'many members',
    'an error of Node',
  ]) {
    const [value] = kept[what] as readonly [unknown];
    const bytes = encoded(value);
    t.deepEqual(unpackr.unpack(bytes.slice()), unpackr.unpack(bytes.slice()), what);
    if (!(value instanceof Error)) t.true(inspect(unpackr.unpack(Buffer.from(bytes))).length > 0);
    if (what !== 'byte arrays' && !(value instanceof Error))
      same(t, unpackr.unpack(bytes.slice()), roundTrip(value), what);
  }
});

test('received byte arrays are plain and have memory of their own, also where the slab is a Buffer', (t) => {
  for (const size of [1, 64, 65, 33_000]) {
    const bytes = Buffer.from(encoded({ b: new Uint8Array(size).fill(7), v: Float32Array.of(1) }));
    const { b, v } = codec.decode(bytes, 0, bytes.length, 0) as { b: Uint8Array; v: Float32Array };
    bytes.fill(0);
    t.is(Object.getPrototypeOf(b), Uint8Array.prototype);
    t.is(b[size - 1], 7);
    t.is(v[0], 1);
    t.is(Object.getPrototypeOf(codecs.bytes.adopt?.(bytes, 0)), Uint8Array.prototype);
  }
});
