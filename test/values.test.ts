// Every value arrives as it was sent, or `send` refuses it with an error of this package: generated
// values of each codec, of this realm and of another one, over a bus.
import { inspect, isDeepStrictEqual } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import {
  BusError,
  bytes,
  structuredClone as clones,
  json,
  messageBox,
  messagePack,
  messageType,
  struct,
  text,
} from 'busbar';
import fc from 'fast-check';
import { joined, newBus } from './support/program.js';

const box = messageBox({
  Plain: messagePack('test.values.plain'),
  Clone: clones('test.values.clone'),
  Json: json('test.values.json'),
  Text: text,
  Bytes: bytes,
  Pose: messageType('test.values.pose', {
    codec: struct({ x: 'f64', id: 'u32', name: ['char', 8], big: 'i64', floats: ['f64', 2] }),
  }),
});

type Key = keyof typeof box;
type Factory = (value: unknown) => ReturnType<typeof box.Json>;

/** Sends each value to the sender itself, and compares what arrives with `expected` of it. */
async function checkAll(
  t: ExecutionContext,
  key: Key,
  values: fc.Arbitrary<unknown>,
  expected: (value: unknown) => unknown = (value) => value,
): Promise<void> {
  const endpoint = await joined(t, newBus(), { label: 'self', messages: box });
  let arrived = 0;
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      try {
        endpoint.send('self', (box[key] as unknown as Factory)(value));
      } catch (error) {
        if (error instanceof BusError) return;
        throw error;
      }
      const { payload } = await endpoint.recv();
      arrived++;
      const should = expected(value);
      if (!isDeepStrictEqual(payload, should)) {
        throw new Error(`${inspect(value)} arrived as ${inspect(payload)}`);
      }
    }),
    { numRuns: 500 },
  );
  t.true(arrived > 10);
  t.is(endpoint.counters.rejected, 0);
}

const anything = fc.anything({
  maxDepth: 4,
  stringUnit: 'binary',
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});

const isPrototypeKey = (key: unknown) => key === '__proto__';

/** The value as the documentation of `messagePackCodec` describes it. */
function asDocumented(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value;
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return Array.from(value, asDocumented);
  if (value instanceof Set) return new Set(Array.from(value, asDocumented));
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, member]) => [
      isPrototypeKey(key) ? '__proto_' : String(key),
      asDocumented(member),
    ]),
  );
}

// isDeepStrictEqual() treats two invalid dates as different.
const hasInvalidDate = (value: unknown) => inspect(value, { depth: 9 }).includes('Invalid Date');
const comparable = anything.filter((value) => !hasInvalidDate(value));

test('MessagePack', (t) => checkAll(t, 'Plain', comparable, asDocumented));

test('a getter may send: both messages arrive whole', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'self', messages: box });
  const long = 'y'.repeat(100_000);
  for (const inner of ['x', 'x'.repeat(70_000), 'x'.repeat(3_000_000)]) {
    const outer = {
      before: long,
      get log() {
        endpoint.send('self', box.Plain(inner));
        endpoint.send('self', box.Json({ toJSON: () => inner }));
        return endpoint.send('self', box.Text(inner));
      },
      after: long,
    };
    for (const key of ['Plain', 'Clone', 'Json'] as const) {
      endpoint.send('self', box[key](outer));
      for (let i = 0; i < 3; i++) t.is((await endpoint.recv()).payload, inner);
      t.deepEqual((await endpoint.recv()).payload, { before: long, log: 1, after: long });
    }
  }
});

/** Makes the same value from the classes of another realm. */
const rebuild = runInContext(
  `(function rebuild(value, host) {
    if (typeof value !== 'object' || value === null) return value;
    if (host.isDate(value)) return new Date(value.getTime());
    if (host.isView(value)) return new globalThis[value[Symbol.toStringTag]](Array.from(value));
    if (Array.isArray(value)) return Array.from(value, (each) => rebuild(each, host));
    if (host.isSet(value)) return new Set(Array.from(value, (each) => rebuild(each, host)));
    if (host.isMap(value)) {
      return new Map(Array.from(value, ([key, each]) => [rebuild(key, host), rebuild(each, host)]));
    }
    if (host.isBoxed(value)) return Object(value.valueOf());
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, rebuild(each, host)]));
  })`,
  createContext({}),
) as (value: unknown, host: object) => unknown;

const host = {
  isDate: (value: unknown) => value instanceof Date,
  isView: (value: unknown) => ArrayBuffer.isView(value),
  isSet: (value: unknown) => value instanceof Set,
  isMap: (value: unknown) => value instanceof Map,
  isBoxed: (value: unknown) =>
    value instanceof Number || value instanceof String || value instanceof Boolean,
};

/** Sends the value of another realm; compares with the value of this one. */
async function checkForeign(
  t: ExecutionContext,
  key: Key,
  values: fc.Arbitrary<unknown>,
  expected: (value: unknown) => unknown,
): Promise<void> {
  const originals = new WeakMap<object, unknown>();
  const foreign = values.map((value) => {
    const made = { value: rebuild(value, host) };
    originals.set(made, value);
    return made;
  });
  await checkAll(t, key, foreign, (made) => ({ value: expected(originals.get(made as object)) }));
}

test('MessagePack, of another realm', (t) => checkForeign(t, 'Plain', comparable, asDocumented));

/** As structured clones always are: without symbols, with plain prototypes. */
function cloned(value: unknown): unknown {
  return structuredClone(value);
}

test('structured clones', (t) => checkAll(t, 'Clone', comparable, cloned));
test('structured clones, of another realm', (t) =>
  checkForeign(t, 'Clone', comparable, (value) => cloned(hereAgain(value))));

/**
 * The result of `rebuild`, in this realm: arrays without holes, objects with the usual prototype.
 */
function hereAgain(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, hereAgain);
  if (value instanceof Set) return new Set(Array.from(value, hereAgain));
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, each]) => [hereAgain(key), hereAgain(each)]));
  }
  const plain = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  if (!plain || value instanceof Date || host.isBoxed(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, hereAgain(each)]));
}

test('JSON', (t) =>
  checkAll(t, 'Json', anything, (value) => JSON.parse(JSON.stringify(value) ?? 'null')));

test('text', (t) => checkAll(t, 'Text', fc.oneof(fc.string({ unit: 'binary' }), anything)));

test('bytes', (t) =>
  checkAll(t, 'Bytes', fc.oneof(fc.uint8Array({ maxLength: 70_000 }), anything), (value) =>
    Uint8Array.from(value as Uint8Array),
  ));

const poses = fc.record({
  x: fc.oneof(fc.double(), fc.constantFrom('1', undefined)),
  id: fc.oneof(fc.nat(), fc.constantFrom(-1, 2 ** 32, 0.5)),
  name: fc.string({ unit: 'binary', maxLength: 9 }),
  big: fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(2n ** 63n, 1),
  ),
  floats: fc.oneof(
    fc.float64Array({ minLength: 1, maxLength: 3 }),
    fc.array(fc.double(), { minLength: 2, maxLength: 2 }),
  ),
});

test('structs', async (t) => {
  const endpoint = await joined(t, newBus(), { label: 'self', messages: box });
  await fc.assert(
    fc.asyncProperty(poses, async (value) => {
      try {
        endpoint.send('self', box.Pose(value as never));
      } catch (error) {
        if (error instanceof BusError) return;
        throw error;
      }
      const { payload } = (await endpoint.recv()) as { payload: Record<string, unknown> };
      const { x, id, name, big, floats } = payload;
      const should = { ...value, floats: Float64Array.from(value.floats as ArrayLike<number>) };
      if (!isDeepStrictEqual({ x, id, name, big, floats }, should)) {
        throw new Error(`${inspect(value)} arrived as ${inspect({ x, id, name, big, floats })}`);
      }
    }),
    { numRuns: 500 },
  );
  t.is(endpoint.counters.rejected, 0);
});
