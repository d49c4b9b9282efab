// Interfaces as the compiler sees them. Never run: it passes by compiling.

import { type } from 'arktype';
import type { KernelObject, MemoryRegion, RegionRange } from 'busbar';
import {
  type ArgsOf,
  defineInterface,
  type ErrorsOf,
  type Infer,
  type InferInput,
  type InputOf,
  type Interface,
  type ItemOf,
  type ResultOf,
  type Schema,
  type SentArgsOf,
  type SentErrorsOf,
  type SentInputOf,
  type SentItemOf,
  type SentResultOf,
  shapeOf,
  t,
  type ValueOf,
} from 'busbar/interface';
import * as v from 'valibot';
import { z } from 'zod';
import { same } from './same.js';

const Sample = t.struct('Sample', { at: t.time, celsius: t.f64 });
const Mode = t.enum('Mode', ['heat', 'cool']);

const Thermostat = defineInterface('com.example.thermostat', '1.2', {
  methods: {
    setTarget: {
      args: { celsius: t.f64, note: t.optional(t.string), mode: t.optional(Mode, 'heat') },
      returns: t.bool,
      errors: { OutOfRange: { min: t.f64, max: t.f64 }, Broken: {} },
      idempotent: true,
    },
    history: { args: { since: t.time }, stream: Sample },
    upload: { args: { name: t.string }, input: t.bytes, returns: t.u64 },
    grab: { returns: { frame: t.region, lock: t.object } },
    reset: {},
  },
  properties: { target: { type: t.f64, access: 'read-write' }, mode: { type: Mode } },
  signals: { overheated: { celsius: t.f64 } },
});
type M = typeof Thermostat.methods;

same<typeof Thermostat.name, 'com.example.thermostat'>();
same<keyof M, 'setTarget' | 'history' | 'upload' | 'grab' | 'reset'>();
same<keyof typeof Thermostat.properties, 'target' | 'mode'>();
same<typeof Thermostat.properties.target.access, 'read-write'>();
same<M['setTarget']['idempotent'], true>();
// Any interface is one.
const general: Interface = Thermostat;

// What is received has its defaults; what is sent may leave them out.
same<
  ArgsOf<M['setTarget']>,
  { celsius: number; mode: 'heat' | 'cool'; note?: string | undefined }
>();
same<
  SentArgsOf<M['setTarget']>,
  {
    readonly celsius: number;
    readonly note?: string | undefined;
    readonly mode?: 'heat' | 'cool' | undefined;
  }
>();
same<ArgsOf<M['reset']>, undefined>();
same<SentArgsOf<M['reset']>, undefined>();
same<ResultOf<M['setTarget']>, boolean>();
same<ResultOf<M['reset']>, undefined>();
same<ResultOf<M['history']>, undefined>();
same<ResultOf<M['upload']>, bigint>();
same<ResultOf<M['grab']>, { frame: MemoryRegion; lock: KernelObject }>();
same<
  SentResultOf<M['grab']>,
  { readonly frame: MemoryRegion | RegionRange; readonly lock: KernelObject }
>();
same<ItemOf<M['history']>, { at: Date; celsius: number }>();
same<SentItemOf<M['history']>, { readonly at: Date; readonly celsius: number }>();
same<ItemOf<M['setTarget']>, never>();
same<InputOf<M['upload']>, Uint8Array>();
same<SentInputOf<M['upload']>, Uint8Array>();
same<InputOf<M['history']>, never>();
same<ErrorsOf<M['setTarget']>['OutOfRange'], { min: number; max: number }>();
same<keyof ErrorsOf<M['setTarget']>, 'OutOfRange' | 'Broken'>();
same<keyof ErrorsOf<M['setTarget']>['Broken'], never>();
same<keyof ErrorsOf<M['reset']>, never>();
same<keyof SentErrorsOf<M['setTarget']>, 'OutOfRange' | 'Broken'>();
same<ValueOf<typeof Thermostat.properties.mode>, 'heat' | 'cool'>();
same<Infer<typeof Thermostat.signals.overheated>, { celsius: number }>();

// Arguments, results and the data of errors that are wrong do not compile.
declare function call<K extends keyof M>(method: K, args: SentArgsOf<M[K]>): ResultOf<M[K]>;
call('setTarget', { celsius: 21 });
call('reset', undefined);
// @ts-expect-error a text is no number
call('setTarget', { celsius: '21' });
// @ts-expect-error an argument is missing
call('setTarget', {});
// @ts-expect-error misspelt
call('setTarget', { celcius: 21 });
// @ts-expect-error not a value of the enum
call('setTarget', { celsius: 21, mode: 'dry' });
// @ts-expect-error no such method
call('setTargets', { celsius: 21 });
const implementation: { setTarget(args: ArgsOf<M['setTarget']>): SentResultOf<M['setTarget']> } = {
  // @ts-expect-error a number is no boolean
  setTarget: () => 1,
};
declare function fail<C extends keyof SentErrorsOf<M['setTarget']>>(
  code: C,
  data: SentErrorsOf<M['setTarget']>[C],
): never;
if (general.major === 9) fail('OutOfRange', { min: 5, max: 30 });
// @ts-expect-error the data of another error
if (general.major === 9) fail('OutOfRange', {});
// @ts-expect-error no such error
if (general.major === 9) fail('TooCold', {});

// Definitions that are wrong do not compile.
// @ts-expect-error a version is a string
defineInterface('com.example.a', 1.2, {});
// @ts-expect-error misspelt
defineInterface('com.example.a', '1.0', { method: {} });
// @ts-expect-error misspelt, beside a key that is right
defineInterface('com.example.a', '1.0', { methods: { a: { idempotent: true, retruns: t.bool } } });
// @ts-expect-error no schema
defineInterface('com.example.a', '1.0', { methods: { a: { args: { x: 'f64' } } } });
// @ts-expect-error arguments have names
defineInterface('com.example.a', '1.0', { methods: { a: { args: t.f64 } } });
// @ts-expect-error no such access
defineInterface('com.example.a', '1.0', { properties: { a: { type: t.f64, access: 'write' } } });
// @ts-expect-error a default of another type
t.optional(t.f64, 'warm');
// @ts-expect-error elements are schemas
t.list(Number);
// @ts-expect-error built already
Thermostat.methods.reset = {};

// Containers.
interface Tree {
  readonly name: string;
  readonly tags: readonly number[];
  readonly children: readonly Tree[];
}
// A struct that contains itself needs its type written out.
const Tree: Schema<Tree> = t.struct('Tree', {
  name: t.string,
  tags: t.list(t.u8),
  get children() {
    return t.list(Tree);
  },
});
defineInterface('com.example.forest', '1.0', { methods: { plant: { args: { tree: Tree } } } });
const tags = t.list(t.u8);
same<Infer<typeof Tree>, Tree>();
same<Infer<typeof tags>, number[]>();
same<InferInput<typeof tags>, readonly number[]>();
const counts = t.map(t.u53);
same<Infer<typeof counts>, Record<string, number>>();
same<Infer<typeof t.any>, unknown>();
const bag = t.struct({ anything: t.any });
same<Infer<typeof bag>, { anything: unknown }>();
const openBag = t.struct({ any: t.optional(t.any), filled: t.optional(t.any, 1) });
same<Infer<typeof openBag>, { filled: unknown; any?: unknown }>();
same<InferInput<typeof openBag>, { readonly any?: unknown; readonly filled?: unknown }>();

// Schemas of other libraries stand in their place, with what they make of a value.
const Mixed = defineInterface('com.example.mixed', '1.0', {
  methods: {
    zod: {
      args: {
        when: z.string().transform((text) => new Date(text)),
        size: z.number().int().default(3),
        note: z.string().optional(),
      },
      returns: z.object({ ok: z.boolean() }),
    },
    valibot: { args: { size: v.pipe(v.number(), v.minValue(1)) }, returns: v.array(v.string()) },
    arktype: { args: { size: type('number > 0') }, returns: type({ 'name?': 'string' }) },
  },
});
type Mixed = typeof Mixed.methods;
same<ArgsOf<Mixed['zod']>, { when: Date; size: number; note?: string | undefined }>();
same<
  SentArgsOf<Mixed['zod']>,
  { readonly when: string; readonly size?: number | undefined; readonly note?: string | undefined }
>();
same<ResultOf<Mixed['zod']>, { ok: boolean }>();
same<ArgsOf<Mixed['valibot']>, { size: number }>();
same<ResultOf<Mixed['valibot']>, string[]>();
same<ArgsOf<Mixed['arktype']>, { size: number }>();
same<ResultOf<Mixed['arktype']>, { name?: string }>();

// And ours in theirs, where they take one.
const shape = shapeOf(t.struct({ at: t.time }));
same<ReturnType<typeof shape.decode>, { at: Date }>();
// @ts-expect-error the value of another schema
shape.encode({ at: 'today' });
