// Generated schemas with values that fit them, for property tests.

import { type AnySchema, type Fields, type Schema, t } from 'busbar/interface';
import fc from 'fast-check';

/** A value and what its receiver gets. */
export interface Pair {
  readonly sent: unknown;
  readonly received: unknown;
}

/** A schema and values that fit it. */
export interface Sample {
  readonly schema: AnySchema;
  readonly values: fc.Arbitrary<Pair>;
}

const unchanged = (values: fc.Arbitrary<unknown>): fc.Arbitrary<Pair> =>
  values.map((sent) => ({ sent, received: sent }));

const integers = (min: number, max: number): fc.Arbitrary<unknown> =>
  fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max, Math.max(min, 0)));

const bigs = (min: bigint, max: bigint): fc.Arbitrary<unknown> =>
  fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 1n), fc.nat().map(BigInt));

/** Text that UTF-8 can express, of all planes. */
export const texts = fc.string({ unit: 'grapheme', maxLength: 12 });

const noMinusZero = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, part) => (Object.is(part, -0) ? 0 : part)));

const jsonValues = fc
  .jsonValue({ maxDepth: 3 })
  .filter((value) => !/"(__proto__|constructor)":/.test(JSON.stringify(value)))
  .map(noMinusZero)
  .filter((value) => isWellFormed(JSON.stringify(value)));

function isWellFormed(text: string): boolean {
  return !/\\ud[89a-f]/i.test(text);
}

// Whole milliseconds, and fractions of few digits, which are whole nanoseconds.
const durations = fc.oneof(
  fc.integer({ min: -9_000_000_000_000, max: 9_000_000_000_000 }),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((count) => count / 64),
);

const leaves: readonly Sample[] = (
  [
    [t.bool, fc.boolean()],
    [t.f64, fc.double()],
    [t.f32, fc.float()],
    [t.i8, integers(-128, 127)],
    [t.i16, integers(-32_768, 32_767)],
    [t.i32, integers(-2_147_483_648, 2_147_483_647)],
    [t.i64, bigs(-(2n ** 63n), 2n ** 63n - 1n)],
    [t.u8, integers(0, 255)],
    [t.u16, integers(0, 65_535)],
    [t.u32, integers(0, 4_294_967_295)],
    [t.u64, bigs(0n, 2n ** 64n - 1n)],
    [t.u53, fc.maxSafeNat()],
    [t.string, texts],
    [t.bytes, fc.uint8Array({ maxLength: 40 })],
    [
      t.time,
      fc.date({
        min: new Date('0000-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      }),
    ],
    [t.duration, durations],
    [t.any, jsonValues],
    [t.enum(['heat', 'cool', 'read-only']), fc.constantFrom('heat', 'cool', 'read-only')],
  ] as const satisfies readonly (readonly [AnySchema, fc.Arbitrary<unknown>])[]
).map(([schema, values]) => ({ schema, values: unchanged(values) }));

/** Names of fields, some of which JavaScript or other languages could take for something else. */
export const fieldNames = fc.oneof(
  fc.stringMatching(/^[a-z][A-Za-z0-9_]{0,8}$/),
  fc.constantFrom('class', 'import', 'length', 'name', 'int', 'None', 'delete', 'kind', 'doc'),
);
const reserved = new Set([...Object.getOwnPropertyNames(Object.prototype), 'then', 'prototype']);

/** Keys of maps; only one is refused. */
const keys = fc
  .oneof(texts, fc.constantFrom('constructor', 'toString', 'then', '', '0'))
  .filter((key) => key !== '__proto__');

function lists({ schema, values }: Sample): Sample {
  return {
    schema: t.list(schema),
    values: fc.array(values, { maxLength: 5 }).map((pairs) => ({
      sent: pairs.map(({ sent }) => sent),
      received: pairs.map(({ received }) => received),
    })),
  };
}

function maps({ schema, values }: Sample): Sample {
  const filled = fc.array(fc.tuple(keys, values), { maxLength: 5 });
  return {
    schema: t.map(schema),
    values: filled.map((pairs) => {
      const received: Record<string, unknown> = Object.create(null);
      for (const [key, pair] of pairs) received[key] = pair.received;
      return { sent: Object.fromEntries(pairs.map(([key, { sent }]) => [key, sent])), received };
    }),
  };
}

/** A field that may be missing, and what is then received. */
interface FieldSample {
  readonly schema: AnySchema;
  readonly values: fc.Arbitrary<Pair | undefined>;
  readonly fallback: unknown;
}

function fields(inner: fc.Arbitrary<Sample>): fc.Arbitrary<FieldSample> {
  const present = inner.map(({ schema, values }) => ({ schema, values, fallback: undefined }));
  const missing = inner.map(({ schema, values }) => ({
    schema: t.optional(schema),
    values: fc.option(values, { nil: undefined }),
    fallback: undefined,
  }));
  const defaulted = inner.chain(({ schema, values }) =>
    values.map(({ sent, received }) => ({
      schema: t.optional(schema, sent as never),
      values: fc.option(values, { nil: undefined }),
      fallback: received,
    })),
  );
  return fc.oneof(present, missing, defaulted);
}

function structs(inner: fc.Arbitrary<Sample>): fc.Arbitrary<Sample> {
  const named = fc.dictionary(
    fieldNames.filter((name) => !reserved.has(name)),
    fields(inner),
    { maxKeys: 5, noNullPrototype: true },
  );
  return named.map((of) => {
    const names = Object.keys(of);
    const made: Fields = Object.fromEntries(
      names.map((name) => [name, (of[name] as FieldSample).schema]),
    );
    const values = fc.tuple(...names.map((name) => (of[name] as FieldSample).values));
    return {
      schema: t.struct(made),
      values: values.map((pairs) => {
        const sent: Record<string, unknown> = {};
        const received: Record<string, unknown> = {};
        for (const [at, name] of names.entries()) {
          const pair = pairs[at];
          if (pair !== undefined) sent[name] = pair.sent;
          const got = pair === undefined ? (of[name] as FieldSample).fallback : pair.received;
          if (got !== undefined) received[name] = got;
        }
        return { sent, received };
      }),
    };
  });
}

/** Any schema of `t`, except those of attachments, to this depth, with its values. */
export function samples(depth = 3): fc.Arbitrary<Sample> {
  const leaf = fc.constantFrom(...leaves);
  if (depth === 0) return leaf;
  const inner = samples(depth - 1);
  return fc.oneof(leaf, inner.map(lists), inner.map(maps), structs(inner));
}

/** Any value of any schema. */
export const cases: fc.Arbitrary<Pair & { readonly schema: Schema }> = samples().chain(
  ({ schema, values }) => values.map((pair) => ({ ...pair, schema: schema as Schema })),
);
