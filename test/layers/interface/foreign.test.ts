// Schemas of zod, valibot and ArkType in place of ours: they validate on both sides, transform once
// at the receiver, and describe themselves; and ours in theirs.
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import test from 'ava';
import {
  defineInterface,
  InvalidInterfaceError,
  InvalidValueError,
  shapeOf,
  shapesOf,
  t as types,
} from 'busbar/interface';
import * as v from 'valibot';
import { z } from 'zod';

const libraries = {
  zod: {
    point: z.object({ x: z.number().min(0), name: z.string().optional() }),
    size: z.number().default(3),
    note: z.string().optional(),
    moment: z.string().transform((text) => new Date(text)),
  },
  valibot: {
    point: v.object({ x: v.pipe(v.number(), v.minValue(0)), name: v.optional(v.string()) }),
    size: v.optional(v.number(), 3),
    note: v.optional(v.string()),
    moment: v.pipe(
      v.string(),
      v.transform((text) => new Date(text)),
    ),
  },
  ArkType: {
    point: type({ x: 'number >= 0', 'name?': 'string' }),
    // A default of ArkType belongs to a key, so that no schema of a value has one.
    size: type('number | undefined').pipe((size) => size ?? 3),
    note: type('string | undefined'),
    moment: type('string').pipe((text) => new Date(text)),
  },
};

for (const [library, { point, size, note, moment }] of Object.entries(libraries)) {
  for (const codec of ['messagepack', 'json'] as const) {
    test(`${library}: values are validated and transformed once, in ${codec}`, (t) => {
      const shape = shapeOf({ point, size, note, moment, own: types.u64 });
      const wire = shape.encode(
        { point: { x: 1 }, moment: '2026-01-01T00:00:00Z', own: 1n } as never,
        undefined,
        codec,
      );
      t.deepEqual(wire, {
        point: { x: 1 },
        moment: '2026-01-01T00:00:00Z',
        own: codec === 'json' ? '1' : 1n,
      });
      t.deepEqual(shape.decode(wire, undefined, codec), {
        point: { x: 1 },
        size: 3,
        moment: new Date('2026-01-01T00:00:00Z'),
        own: 1n,
      } as never);
    });
  }

  test(`${library}: what does not fit is refused on both sides, with its path`, (t) => {
    const shape = shapeOf({ points: types.list(point) });
    for (const call of [
      () => shape.encode({ points: [{ x: 1 }, { x: -1 }] } as never),
      () => shape.decode({ points: [{ x: 1 }, { x: -1 }] }),
    ]) {
      const error = t.throws(call, { instanceOf: InvalidValueError });
      t.deepEqual(error?.path, ['points', 1, 'x']);
      t.regex(error?.message ?? '', /^points\[1\]\.x is wrong: ./);
    }
    t.throws(() => shapeOf({ point }).decode({}), { message: /^point/ });
  });

  test(`${library}: an interface takes them everywhere`, (t) => {
    const Mixed = defineInterface('com.example.mixed', '1.0', {
      methods: { move: { args: { point, note }, returns: point, errors: { Bad: { point } } } },
      properties: { at: { type: point } },
      signals: { moved: { point } },
    });
    const { methods, properties, signals } = shapesOf(Mixed);
    t.deepEqual(methods.get('move')?.args?.decode({ point: { x: 2 } }), { point: { x: 2 } });
    t.throws(() => properties.get('at')?.encode({ x: 'a' }), { instanceOf: InvalidValueError });
    t.throws(() => signals.get('moved')?.encode({}), { instanceOf: InvalidValueError });
  });
}

test('they describe themselves within a description of ours', (t) => {
  const described = (schema: Parameters<typeof types.list>[0]) =>
    types.struct({ all: types.list(schema) })['~standard'].jsonSchema.input({
      target: 'draft-2020-12',
    });
  for (const schema of [
    libraries.zod.point,
    libraries.ArkType.point,
    toStandardJsonSchema(libraries.valibot.point),
  ]) {
    const { properties } = described(schema) as { properties: { all: { items: unknown } } };
    const { items } = properties.all as { items: { properties: object; required: string[] } };
    t.deepEqual(Object.keys(items.properties).sort(), ['name', 'x']);
    t.deepEqual(items.required, ['x']);
  }
  t.throws(() => described(libraries.valibot.point), {
    instanceOf: InvalidInterfaceError,
    message: /^all\[\] has a schema of valibot that cannot describe itself as JSON Schema/,
  });
  t.throws(() => described(z.bigint()), { message: /^all\[\] .*zod.*cannot describe itself/ });
});

test('a schema that validates asynchronously is refused where an interface is defined', (t) => {
  const asynchronous = z.unknown().refine(async () => true);
  t.throws(() => types.list(asynchronous), {
    instanceOf: InvalidInterfaceError,
    message: /asynchronously/,
  });
  t.throws(
    () =>
      defineInterface('com.example.a', '1.0', { methods: { a: { args: { b: asynchronous } } } }),
    { message: /^methods\.a\.args\.b is a schema that validates asynchronously/ },
  );
  // One that shows it only at some values is refused there.
  const later = z.string().refine(async () => true);
  t.throws(() => shapeOf({ later }).encode({ later: 'x' }), {
    message: /^later has a schema that/,
  });
});

test('a value that JSON lacks is refused, with the schema to use instead', (t) => {
  t.throws(() => shapeOf({ when: z.date() }).encode({ when: new Date(0) }), {
    instanceOf: InvalidValueError,
    message:
      'when is a Date; expected a value that JSON has; a value of a zod schema must be JSON on the wire',
  });
});

test('ours stand in theirs', (t) => {
  const Ark = type({ at: types.time, size: types.u8 });
  t.deepEqual(Ark({ at: new Date(0), size: 3 }), { at: new Date(0), size: 3 });
  t.true(Ark({ at: new Date(0), size: 300 }) instanceof type.errors);
});
