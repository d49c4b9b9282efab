// Values of every kind of schema, ours and other libraries', as arguments, results, items, errors,
// properties and signals: over a bus and over a message port, in both codecs.
import { inspect, isDeepStrictEqual } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { type } from 'arktype';
import test, { type ExecutionContext } from 'ava';
import { type AnySchema, defineInterface, type Schema, t as types } from 'busbar/interface';
import { connect, isError, type PortLike, serve } from 'busbar/rpc';
import fc from 'fast-check';
import * as v from 'valibot';
import { z } from 'zod';
import { newBus } from '../../support/program.js';
import { type Sample, samples } from '../interface/support/schemas.js';

type Place = readonly [server: string | PortLike, client: string | PortLike];

function placeOf(t: ExecutionContext, kind: 'bus' | 'port'): Place {
  if (kind === 'bus') {
    const bus = newBus();
    return [bus, bus];
  }
  const { port1, port2 } = new MessageChannel();
  t.teardown(() => port1.close());
  return [port1, port2];
}

const places = ['bus', 'port'] as const;
const codecs = ['messagepack', 'json'] as const;

/** A method `m<n>` that returns its argument, for each schema. */
function echoOf(schemas: readonly AnySchema[]) {
  const entries = schemas.map((value, index) => {
    const returns = value as Schema;
    return [`m${index}`, { args: { value: returns }, returns }] as const;
  });
  return defineInterface('com.example.echo', '1.0', { methods: Object.fromEntries(entries) });
}

type Echo = Record<string, (args: { readonly value: unknown }) => Promise<unknown>>;

for (const kind of places) {
  for (const codec of codecs) {
    test(`any value of any schema goes and comes back over a ${kind} in ${codec}`, async (t) => {
      const all: readonly Sample[] = fc.sample(samples(), 60);
      const Echoing = echoOf(all.map(({ schema }) => schema));
      const [here, there] = placeOf(t, kind);
      const methods = Object.keys(Echoing.methods).map(
        (name) => [name, ({ value }: { readonly value: unknown }) => value] as const,
      );
      const service = await serve(here, Echoing, Object.fromEntries(methods) as never);
      const client = await connect(there, Echoing, { codec });
      t.teardown(() => Promise.all([client.close(), service.close()]));
      const echo = client as unknown as Echo;
      for (const [index, { values }] of all.entries()) {
        await fc.assert(
          fc.asyncProperty(values, async ({ sent, received }) => {
            const found = await echo[`m${index}`]?.({ value: sent });
            if (isDeepStrictEqual(found, received)) return;
            throw new Error(`${inspect(sent)} came back as ${inspect(found)}`);
          }),
          { numRuns: 20 },
        );
      }
      t.pass();
    });
  }
}

for (const kind of places) {
  test(`a value that is in two places arrives in both over a ${kind}`, async (t) => {
    const Twice = defineInterface('com.example.twice', '1.0', {
      methods: {
        both: {
          args: {
            times: types.list(types.time),
            all: types.list(types.any),
            bytes: types.list(types.bytes),
          },
          returns: types.u32,
        },
      },
    });
    const [here, there] = placeOf(t, kind);
    const both = ({ times, all, bytes }: { times: Date[]; all: unknown[]; bytes: Uint8Array[] }) =>
      times.length + all.length + bytes.length;
    const service = await serve(here, Twice, { both });
    const client = await connect(there, Twice);
    t.teardown(() => Promise.all([client.close(), service.close()]));
    const [time, any, some] = [new Date(0), { a: [1, { b: {} }] }, Uint8Array.of(1)];
    t.is(
      await client.both({ times: [time, time], all: [any, any, [], []], bytes: [some, some] }),
      8,
    );
  });
}

const libraries = {
  zod: {
    point: z.object({ x: z.number().min(0), name: z.string().optional() }),
    size: z.number().default(3),
    moment: z.string().transform((text) => new Date(text)),
  },
  valibot: {
    point: v.object({ x: v.pipe(v.number(), v.minValue(0)), name: v.optional(v.string()) }),
    size: v.optional(v.number(), 3),
    moment: v.pipe(
      v.string(),
      v.transform((text) => new Date(text)),
    ),
  },
  ArkType: {
    point: type({ x: 'number >= 0', 'name?': 'string' }),
    size: type('number | undefined').pipe((size) => size ?? 3),
    moment: type('string').pipe((text) => new Date(text)),
  },
};

async function foreign(
  t: ExecutionContext,
  [here, there]: Place,
  { point, size, moment }: (typeof libraries)['zod'],
  codec: (typeof codecs)[number],
): Promise<void> {
  const Mixed = defineInterface('com.example.mixed', '1.0', {
    methods: {
      move: {
        args: { point, size, moment },
        returns: types.struct({ point, at: types.time, size: types.f64 }),
      },
      wrong: { returns: point },
      path: { input: point, stream: point },
      fail: { errors: { Bad: { point } } },
    },
    properties: { at: { type: point, access: 'read-write' } },
    signals: { moved: { point } },
  });
  const service = await serve(
    here,
    Mixed,
    {
      // Transformed and filled in once, here.
      move: ({ point, size, moment }) => ({ point, size, at: moment }),
      wrong: () => ({ x: -1 }),
      async *path(_, call) {
        for await (const { x } of call.input) yield { x: x + 1 };
      },
      fail(_, call) {
        throw call.error('Bad', { point: { x: 9 } });
      },
    },
    { properties: { at: { x: 0 } } },
  );
  const client = await connect(there, Mixed, { codec });
  t.teardown(() => Promise.all([client.close(), service.close()]));
  const at = new Date('2026-01-01T00:00:00Z');
  t.deepEqual(await client.move({ point: { x: 1 }, moment: '2026-01-01T00:00:00Z' }), {
    point: { x: 1 },
    size: 3,
    at,
  });
  const refused = await t.throwsAsync(client.move({ point: { x: -1 }, moment: '' }), {
    code: 'INVALID_ARGUMENT',
  });
  t.regex(refused?.message ?? '', /point\.x/);
  await t.throwsAsync(client.wrong(), { code: 'INVALID_RESULT', message: /x/ });
  const seen: number[] = [];
  for await (const { x } of client.path([{ x: 1 }, { x: 2 }])) seen.push(x);
  t.deepEqual(seen, [2, 3]);
  const bad = await t.throwsAsync(client.fail());
  if (!isError(Mixed, 'Bad', bad)) return t.fail();
  t.is(bad.data.point.x, 9);
  await client.at.set({ x: 4 });
  t.deepEqual(await client.at.get(), { x: 4 });
  await t.throwsAsync(client.at.set({ x: -4 }), { code: 'INVALID_ARGUMENT' });
  const heard = new Promise((resolve) => client.on('moved', resolve));
  for await (const value of client.at) {
    t.deepEqual(value, { x: 4 });
    break;
  }
  service.emit.moved({ point: { x: 5 } });
  t.deepEqual(await heard, { point: { x: 5 } });
}

for (const kind of places) {
  for (const codec of codecs) {
    for (const [library, schemas] of Object.entries(libraries)) {
      test(`schemas of ${library} over a ${kind} in ${codec}`, (t) =>
        foreign(t, placeOf(t, kind), schemas as (typeof libraries)['zod'], codec));
    }
  }
}
