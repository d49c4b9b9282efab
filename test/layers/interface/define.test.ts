// What defineInterface() makes, and what it refuses with the place of the mistake.
import test from 'ava';
import { messageType } from 'busbar';
import {
  defineInterface,
  InvalidInterfaceError,
  memberTypeId,
  memberTypeName,
  shapesOf,
  t as types,
} from 'busbar/interface';

const Sample = types.struct('Sample', { at: types.time, celsius: types.f64 });

const definition = {
  methods: {
    setTarget: {
      args: { celsius: types.f64 },
      returns: types.bool,
      errors: { OutOfRange: { min: types.f64, max: types.f64 } },
      idempotent: true,
    },
    history: { args: { since: types.time }, stream: Sample },
    reset: {},
  },
  properties: { target: { type: types.f64, access: 'read-write' } },
  signals: { overheated: { celsius: types.f64 } },
} as const;

test('an interface is its definition, frozen', (t) => {
  const Thermostat = defineInterface('com.example.thermostat', '1.2', definition);
  t.deepEqual(
    { ...Thermostat },
    { name: 'com.example.thermostat', version: '1.2', major: 1, doc: undefined, ...definition },
  );
  for (const part of [
    Thermostat,
    Thermostat.methods,
    Thermostat.methods.setTarget,
    Thermostat.methods.setTarget.args,
    Thermostat.methods.setTarget.errors.OutOfRange,
    Thermostat.properties.target,
    Thermostat.signals.overheated,
    Sample,
    Sample.fields,
  ]) {
    t.true(Object.isFrozen(part));
  }
  // A copy: the caller's object stays the caller's.
  t.false(Object.isFrozen(definition.methods.setTarget.args));
});

test('the type of a member has the name and the UUID that the bus derives from it', (t) => {
  const Thermostat = defineInterface('com.example.thermostat', '3.2', definition);
  t.is(memberTypeName(Thermostat, 'setTarget'), 'com.example.thermostat/3.setTarget');
  t.is(memberTypeId(Thermostat, 'setTarget'), messageType('com.example.thermostat/3.setTarget').id);
});

test('each member has its shapes, compiled once', (t) => {
  const Thermostat = defineInterface('com.example.thermostat', '1.2', definition);
  const shapes = shapesOf(Thermostat);
  t.is(shapesOf(Thermostat), shapes);
  t.deepEqual([...shapes.methods.keys()], ['setTarget', 'history', 'reset']);
  const setTarget = shapes.methods.get('setTarget');
  t.deepEqual(setTarget?.args?.decode({ celsius: 3, more: 1 }), { celsius: 3 });
  t.is(setTarget?.returns?.decode(true), true);
  t.deepEqual(setTarget?.errors.get('OutOfRange')?.decode({ min: 1, max: 2 }), { min: 1, max: 2 });
  t.is(setTarget?.stream, undefined);
  t.is(shapes.methods.get('reset')?.args, undefined);
  t.is(shapes.methods.get('constructor'), undefined);
  t.is(shapes.properties.get('target')?.encode(5), 5);
  t.throws(() => shapes.signals.get('overheated')?.encode({}), { message: 'celsius is missing' });
  t.throws(() => shapesOf({ ...Thermostat }), { instanceOf: InvalidInterfaceError });
});

const f64 = types.f64;
const Endless: unknown = types.struct('Endless', {
  get self() {
    return Endless as typeof f64;
  },
});
const wrong: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['a name without a domain', () => make({}, 'thermostat'), /^name is "thermostat"; expected/],
  ['a name with a space', () => make({}, 'com.a b'), /^name is "com\.a b"/],
  ['a long name', () => make({}, `a.${'b'.repeat(127)}`), /at most 128 characters/],
  ['no name', () => make({}, null), /^name is null/],
  ['a number as version', () => make({}, 'a.b', 1.2), /^version is 1\.2; .*'1\.2' with quotes$/],
  ['a version of one part', () => make({}, 'a.b', '1'), /^version is "1"; expected a string/],
  ['a version of three', () => make({}, 'a.b', '1.2.3'), /^version is "1\.2\.3"/],
  ['a version with a zero', () => make({}, 'a.b', '01.2'), /^version is "01\.2"/],
  ['no definition', () => make(undefined), /is undefined; expected an object/],
  ['a misspelt kind', () => make({ method: {} }), /^method is not known here; did you mean/],
  ['a kind that is a list', () => make({ methods: [] }), /^methods is an array; expected/],
  ['a method that is none', () => make({ methods: { a: 1 } }), /^methods\.a is 1; expected/],
  ['a method that is a schema', () => make({ methods: { a: f64 } }), /^methods\.a is an object/],
  ['a misspelt key', () => make({ methods: { a: { argz: {} } } }), /^methods\.a\.argz .*'args'\?/],
  ['an unknown key', () => make({ methods: { a: { zzzz: 1 } } }), /known: 'args', 'returns'/],
  [
    'a reserved member',
    () => make({ signals: JSON.parse('{"then":{}}') }),
    /^signals\.then .*is reserved$/,
  ],
  ['another one', () => make({ methods: { close: {} } }), /^methods\.close .*is reserved$/],
  ['a member constructor', () => make({ methods: { constructor: {} } }), /constructor.*reserved/],
  [
    'a member __proto__',
    () => make({ methods: JSON.parse('{"__proto__":{}}') }),
    /^methods\.__proto__ .*is reserved$/,
  ],
  ['a member with a dash', () => make({ methods: { 'a-b': {} } }), /^methods\.a-b is no name/],
  [
    'a member twice',
    () => make({ methods: { a: {} }, signals: { a: {} } }),
    /'a' is defined twice/,
  ],
  ['an argument that is no schema', () => method({ args: { b: 5 } }), /\.args\.b is 5; expected/],
  [
    'an argument then',
    () => method({ args: JSON.parse('{"then":1}') }),
    /\.args\.then .*is reserved/,
  ],
  [
    'arguments that are a schema',
    () => method({ args: f64 }),
    /\.args is a schema; expected named/,
  ],
  ['a result that is no schema', () => method({ returns: 'f64' }), /\.returns is "f64"; expected/],
  ['a result of fields that are none', () => method({ returns: { a: {} } }), /\.returns\.a is an/],
  [
    'an error in capitals',
    () => method({ errors: { BUSY: {} } }),
    /\.BUSY is no name for an error/,
  ],
  ['an error in small letters', () => method({ errors: { bad: {} } }), /\.bad is no name for an/],
  ['a text for idempotent', () => method({ idempotent: 'no' }), /\.idempotent is "no"; expected/],
  ['an empty documentation', () => method({ doc: '' }), /\.doc is 0 characters long; expected/],
  ['a property without type', () => make({ properties: { a: {} } }), /^properties\.a\.type is/],
  [
    'an access',
    () => make({ properties: { a: { type: f64, access: 'write' } } }),
    /^properties\.a\.access is "write"; expected 'read-only' or 'read-write'$/,
  ],
  ['a struct in itself', () => method({ returns: Endless }), /\.returns\.self is Endless within/],
  [
    'a getter that is no schema',
    () =>
      method({
        returns: types.list(
          types.struct({
            get a() {
              return 5 as never;
            },
          }),
        ),
      }),
    /\.returns\.a is 5; expected a schema/,
  ],
  ['an enum without values', () => types.enum([]), /^t\.enum\(\) has values that are an array/],
  ['an enum with a value twice', () => types.enum(['a', 'a']), /has a value twice/],
  ['an enum with a number', () => types.enum([1 as never]), /has the value 1; expected a string/],
  ['an enum with a space', () => types.enum(['a b']), /'a b' is not allowed/],
  [
    'a name of a type',
    () => types.struct('sample', {}),
    /has the name "sample"; expected a capital/,
  ],
  ['an optional optional', () => types.optional(types.optional(f64)), /optional of an optional/],
  [
    'a list of optional any',
    () => types.list(types.optional(types.any)),
    /values that may be null/,
  ],
  ['a default', () => types.optional(types.u8, 256), /default that does not fit: .*is 256/],
  ['a list of nothing', () => types.list(undefined as never), /^t\.list\(\) is undefined/],
];

function make(definition: unknown, name: unknown = 'com.example.a', version: unknown = '1.0') {
  return defineInterface(name as string, version as string, definition as object);
}

function method(definition: unknown) {
  return make({ methods: { a: definition } });
}

for (const [what, call, expected] of wrong) {
  test(`refuses ${what}`, (t) => {
    t.throws(call, {
      instanceOf: InvalidInterfaceError,
      code: 'ERR_BUSBAR_INVALID_INTERFACE',
      message: expected,
    });
  });
}

test('a struct may contain itself in a list, map or optional', (t) => {
  const Tree: typeof f64 = types.struct('Tree', {
    get left() {
      return types.optional(Tree);
    },
    get others() {
      return types.map(types.list(Tree));
    },
  }) as never;
  const shape = shapesOf(make({ properties: { a: { type: Tree } } })).properties.get('a');
  const value = { left: { others: {} }, others: { x: [{ others: {} }] } };
  const wire = JSON.parse(JSON.stringify(shape?.encode(value)));
  t.is(JSON.stringify(shape?.decode(wire)), JSON.stringify(value));
  const json = Tree['~standard'].jsonSchema.input({ target: 'draft-07' });
  t.deepEqual(json, {
    $ref: '#/definitions/Tree',
    definitions: {
      Tree: {
        type: 'object',
        properties: {
          left: { $ref: '#/definitions/Tree' },
          others: {
            type: 'object',
            additionalProperties: { type: 'array', items: { $ref: '#/definitions/Tree' } },
          },
        },
        required: ['others'],
      },
    },
  } as never);
});
