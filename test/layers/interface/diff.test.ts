// What a change of an interface means: each kind of change alone, with its path and effect.
import test from 'ava';
import {
  defineInterface,
  diff,
  type Effect,
  type Fields,
  type Methods,
  parseYaml,
  t as types,
} from 'busbar/interface';
import fc from 'fast-check';
import { z } from 'zod';
import { interfaceFrom } from './support/interfaces.js';

const f64 = types.f64;
const optional = types.optional(f64);

function method(definition: Methods[string]) {
  return defineInterface('com.example.a', '1.2', { methods: { go: definition } });
}

/** A change: what it was, what it is, and what must be reported. */
type Case = readonly [Methods[string], Methods[string], Effect, string, RegExp];

const args = (before: Fields, after: Fields) => [{ args: before }, { args: after }] as const;
const cases: Readonly<Record<string, Case>> = {
  'an optional argument added': [
    ...args({}, { a: optional }),
    'compatible',
    'methods.go.args.a',
    /^added; it may be missing$/,
  ],
  'a first optional argument': [
    {},
    { args: { a: optional } },
    'compatible',
    'methods.go.args.a',
    /added/,
  ],
  'a required argument added': [
    ...args({}, { a: f64 }),
    'wire-breaking',
    'methods.go.args.a',
    /older senders/,
  ],
  'an optional argument removed': [
    ...args({ a: optional }, {}),
    'source-breaking',
    'methods.go.args.a',
    /removed/,
  ],
  'a required argument removed': [
    ...args({ a: f64 }, {}),
    'wire-breaking',
    'methods.go.args.a',
    /older receivers/,
  ],
  'an argument that became optional': [
    ...args({ a: f64 }, { a: optional }),
    'wire-breaking',
    'methods.go.args.a',
    /optional now/,
  ],
  'an argument that became required': [
    ...args({ a: optional }, { a: f64 }),
    'wire-breaking',
    'methods.go.args.a',
    /required now/,
  ],
  'a default added': [
    ...args({ a: optional }, { a: types.optional(f64, 1) }),
    'compatible',
    'methods.go.args.a',
    /^the default is 1 now, before none$/,
  ],
  'another default': [
    ...args({ a: types.optional(f64, 2) }, { a: types.optional(f64, 1) }),
    'compatible',
    'methods.go.args.a',
    /^the default is 1 now, before 2$/,
  ],
  'a default removed': [
    ...args({ a: types.optional(f64, 2) }, { a: optional }),
    'source-breaking',
    'methods.go.args.a',
    /no default now/,
  ],
  'another type': [
    ...args({ a: f64 }, { a: types.u8 }),
    'wire-breaking',
    'methods.go.args.a',
    /^u8 now, before f64$/,
  ],
  'another type in a list': [
    { returns: types.list(types.map(f64)) },
    { returns: types.list(types.map(types.f32)) },
    'wire-breaking',
    'methods.go.returns[]{}',
    /^f32 now/,
  ],
  'an enum of a string': [
    { returns: types.string },
    { returns: types.enum(['a']) },
    'source-breaking',
    'methods.go.returns',
    /^enum now, before string$/,
  ],
  'a value of an enum added': [
    { returns: types.enum('E', ['a']) },
    { returns: types.enum('E', ['a', 'b']) },
    'compatible',
    'types.E.b',
    /^added/,
  ],
  'a value of an enum removed': [
    { returns: types.enum(['a', 'b']) },
    { returns: types.enum(['a']) },
    'source-breaking',
    'methods.go.returns.b',
    /^removed$/,
  ],
  'a type renamed': [
    { returns: types.struct('A', {}) },
    { returns: types.struct('B', {}) },
    'source-breaking',
    'methods.go.returns',
    /^the type is B, before A$/,
  ],
  'a field of a named type': [
    { stream: types.list(types.struct('A', {})) },
    { stream: types.list(types.struct('A', { b: f64 })) },
    'wire-breaking',
    'types.A.b',
    /older senders/,
  ],
  'a result added': [{}, { returns: f64 }, 'wire-breaking', 'methods.go.returns', /^added$/],
  'a stream removed': [{ stream: f64 }, {}, 'wire-breaking', 'methods.go.stream', /^removed$/],
  'an error added': [{}, { errors: { Bad: {} } }, 'compatible', 'methods.go.errors.Bad', /^added/],
  'an error removed': [
    { errors: { Bad: {} } },
    {},
    'source-breaking',
    'methods.go.errors.Bad',
    /^removed$/,
  ],
  'the data of an error': [
    { errors: { Bad: {} } },
    { errors: { Bad: { a: f64 } } },
    'wire-breaking',
    'methods.go.errors.Bad.a',
    /older senders/,
  ],
  'a method that is no longer idempotent': [
    { idempotent: true },
    {},
    'wire-breaking',
    'methods.go.idempotent',
    /send it again/,
  ],
  'a method that became idempotent': [
    {},
    { idempotent: true },
    'compatible',
    'methods.go.idempotent',
    /^so now$/,
  ],
  'a foreign schema that changed': [
    ...args({ a: z.string() }, { a: z.number() }),
    'wire-breaking',
    'methods.go.args.a',
    /described differently/,
  ],
};

for (const [what, [before, after, effect, path, text]] of Object.entries(cases)) {
  test(`${what} is ${effect}`, (t) => {
    const found = diff(method(before), method(after));
    t.is(found.changes.length, 1, JSON.stringify(found.changes));
    t.is(found.changes[0]?.path, path);
    t.is(found.effect, effect);
    t.regex(found.changes[0]?.text ?? '', text);
    t.is(found.version, effect === 'compatible' ? '1.3' : '2.0');
    t.false(found.isVersioned);
  });
}

test('members and properties', async (t) => {
  const before = await parseYaml(`
interface: com.example.a
version: '1.2'
methods: { go: {}, stay: {} }
properties: { level: { type: f64, access: read-write }, size: { type: u8 } }
signals: { gone: { at: time } }
`);
  const after = await parseYaml(`
interface: com.example.b
version: '2.0'
methods: { go: {}, come: {} }
properties: { level: { type: f64 }, size: { type: u8, access: read-write } }
signals: { gone: { at: time, by: string? } }
`);
  t.deepEqual(diff(before, after), {
    changes: [
      {
        path: 'interface',
        effect: 'wire-breaking',
        text: 'com.example.b now, before com.example.a',
      },
      { path: 'methods.stay', effect: 'wire-breaking', text: 'removed' },
      {
        path: 'properties.level.access',
        effect: 'wire-breaking',
        text: 'read-only now, before read-write',
      },
      { path: 'methods.come', effect: 'compatible', text: 'added' },
      {
        path: 'properties.size.access',
        effect: 'compatible',
        text: 'read-write now, before read-only',
      },
      { path: 'signals.gone.by', effect: 'compatible', text: 'added; it may be missing' },
    ],
    effect: 'wire-breaking',
    version: '2.0',
    isVersioned: true,
  });
});

test('nothing has changed in an interface that is the same', (t) => {
  fc.assert(
    fc.property(fc.gen(), (g) => {
      const given = interfaceFrom(g);
      t.deepEqual(diff(given, given), {
        changes: [],
        effect: 'compatible',
        version: given.version,
        isVersioned: true,
      });
    }),
    { numRuns: 200, endOnFailure: true },
  );
});
