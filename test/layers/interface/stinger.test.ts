// Interfaces of Stinger's files: what becomes of each part, and refusals with line and column.
import test from 'ava';
import { InterfaceFileError, modelOf, parseStinger } from 'busbar/interface';

const head = 'stingeripc: { version: 0.1.0 }\ninterface: { name: Lamp, version: 1.2.3 }\n';

const whole = `stingeripc:
  version: 0.1.0
interface:
  name: lamp-control
  version: 1.2.3
  title: A lamp
  summary: Lights a room.
  documentation: |
    More *about* it.
  license: MIT
brokers: { local: { host: 127.0.0.1 } }
enums:
  colour_name:
    documentation: What it can show.
    values:
      - { name: warm-white, value: 1, description: Like a bulb. }
      - { name: red, value: 2 }
      - name: 2nd
structures:
  part:
    members:
      - { name: on, type: boolean }
      - { name: colour, type: enum, enumName: colour_name, optional: true }
  spare: { members: [] }
constants:
  MAX: { type: integer, value: 5, description: Lamps in a room. }
signals:
  burnt-out: { documentation: It is dark., payload: [{ name: at, type: datetime, description: When. }] }
  nothing: {}
properties:
  parts:
    readOnly: true
    values: [{ name: all, type: array, itemType: { type: struct, structName: part } }]
  level:
    version: 1.0.0
    consumers: [room, hall]
    values:
      - { name: percent, type: float, schema: { maximum: 100 }, example: 50, index: 1 }
methods:
  blink:
    documentation: Blinks.
    arguments:
      - { name: times, type: integer }
      - { name: pause, type: duration, optional: true }
      - { name: then, type: binary, optional: true }
    returnValues: [{ name: ok, type: boolean }, { name: text, type: string }]
  reset: { arguments: [] }
`;

test('every part is there, and what an interface cannot say is noted', async (t) => {
  const { source, notes } = await parseStinger(whole, { name: 'com.example.lamp' });
  t.deepEqual(modelOf(source), {
    interface: 'com.example.lamp',
    version: '1.2',
    doc: 'A lamp\n\nLights a room.\n\nMore *about* it.\n\nConstants:\n\n- `MAX` = `5`: Lamps in a room.\n\nLicense: MIT',
    types: {
      ColourName: {
        doc: 'What it can show.\n\n- `warm-white` (1): Like a bulb.\n- `red` (2)\n- `x2nd`',
        enum: ['warm-white', 'red', 'x2nd'],
      },
      Part: { struct: { on: 'bool', colour: 'ColourName?' } },
    },
    methods: {
      blink: {
        doc: 'Blinks.',
        args: { times: 'i32', pause: 'duration?', then_: 'bytes?' },
        returns: { ok: 'bool', text: 'string' },
      },
      reset: {},
    },
    properties: {
      parts: { type: { all: 'list<Part>' }, access: 'read-only' },
      level: {
        doc: 'Version 1.0.0.\n\nConsumers: room, hall.',
        type: {
          percent: {
            doc: 'Constraint: `{"maximum":100}`. Example: `50`. Index: 1.',
            type: 'f64',
          },
        },
        access: 'read-write',
      },
    },
    signals: {
      burnt_out: { doc: 'It is dark.', struct: { at: { doc: 'When.', type: 'time' } } },
      nothing: {},
    },
  });
  t.deepEqual(
    notes.map(({ line, column, text }) => `${line}:${column}: ${text}`),
    [
      '5:3: interface.version is 1.2 here',
      '11:1: brokers is not known and left out',
      '15:5: enums.colour_name.values have numbers, which are documentation only',
      "18:9: enums.colour_name.values[2].name is 'x2nd' here",
      '24:3: structures.spare is left out, since no member uses it',
      '25:1: constants are documentation of the interface; it has no constants',
      `28:3: signals["burnt-out"] is called 'burnt_out' here`,
      '35:5: properties.level.version is documentation only',
      '36:5: properties.level.consumers are documentation only',
      '38:39: properties.level.values[0].schema is documentation only',
      '38:78: properties.level.values[0].index is documentation only',
      "45:11: methods.blink.arguments[2].name is 'then_' here",
    ],
  );
  t.is((await parseStinger(whole)).source.name, 'stinger.lamp-control');
});

const wrong: readonly (readonly [what: string, text: string, place: string, problem: RegExp])[] = [
  ['no version', 'interface: { name: a, version: 1.0.0 }', '1:1', /lacks the key 'stingeripc'/],
  [
    'a later version',
    head.replace('0.1.0', '0.3.0'),
    '1:24',
    /version is "0\.3\.0"; expected one of/,
  ],
  [
    'a number as version',
    head.replace('1.2.3', '1.2'),
    '2:35',
    /version is 1\.2; .*'1\.2' with quotes/,
  ],
  ['a long name', head.replace('Lamp', 'L'.repeat(33)), '2:20', /33 characters; the limit is 32/],
  ['a reserved word', `${head}methods:\n  struct: { arguments: [] }`, '4:3', /reserved word/],
  ['a name with a dot', `${head}signals:\n  a.b: {}`, '4:3', /expected letters, digits, _ and -/],
  ['structs', `${head}structs: {}`, '3:1', /structs is not allowed here; write 'structures'/],
  ['args', `${head}methods:\n  a: { args: [] }`, '4:8', /not allowed here; write 'arguments'/],
  [
    'methods in the interface',
    head.replace('1.2.3', '1.2.3, methods: {}'),
    '2:42',
    /not allowed here$/,
  ],
  ['no arguments', `${head}methods:\n  a: {}`, '4:6', /lacks the key 'arguments'/],
  [
    'no values',
    `${head}properties:\n  a: { values: [] }`,
    '4:16',
    /has 0 elements; it needs at least 1/,
  ],
  [
    'an unknown type',
    `${head}signals:\n  a:\n    payload: [{ name: b, type: int }]`,
    '5:32',
    /type is "int"; expected one of float, string/,
  ],
  [
    'documentation of an argument',
    `${head}signals:\n  a: { payload: [{ name: b, type: float, documentation: c }] }`,
    '4:42',
    /write 'description'/,
  ],
  [
    'a description of two lines',
    `${head}signals:\n  a: { payload: [{ name: b, type: float, description: "c\\nd" }] }`,
    '4:55',
    /expected one line/,
  ],
  [
    'an enum that is not there',
    `${head}signals:\n  a: { payload: [{ name: b, type: enum, enumName: C }] }`,
    '4:51',
    /enumName is 'C', which is not among the enums/,
  ],
  [
    'an array of arrays',
    `${head}signals:\n  a: { payload: [{ name: b, type: array, itemType: { type: array } }] }`,
    '4:60',
    /itemType\.type is "array"/,
  ],
  [
    'consumers alone',
    `${head}signals:\n  a: { consumers: [b] }`,
    '4:6',
    /needs the key 'version', too/,
  ],
  [
    'a use without version',
    `${head}enums: { C: { values: [{ name: d }] } }\nsignals:\n  a: { version: 1.0.0, payload: [{ name: b, type: enum, enumName: C }] }`,
    '5:34',
    /lacks the key 'enumVersion'/,
  ],
  [
    'a use of another version',
    `${head}structures: { C: { version: 2.0.0, members: [] } }\nsignals:\n  a: { payload: [{ name: b, type: struct, structName: C, structVersion: 1.0.0 }] }`,
    '5:18',
    /uses version 1\.0\.0 of C, which has version 2\.0\.0/,
  ],
  [
    'an argument twice',
    `${head}signals:\n  a: { payload: [{ name: b, type: float }, { name: b, type: string }] }`,
    '4:52',
    /is 'b' for the second time/,
  ],
  [
    'binary without a content type, as of 0.2',
    `${head.replace('0.1.0', '0.2.0')}signals:\n  a: { payload: [{ name: b, type: binary }] }`,
    '4:18',
    /lacks the key 'contentType'/,
  ],
  [
    'a constraint that C++ cannot check, as of 0.2',
    `${head.replace('0.1.0', '0.2.0')}signals:\n  a: { payload: [{ name: b, type: float, schema: { format: c } }] }`,
    '4:52',
    /format is not known here/,
  ],
  [
    'a reference',
    `${head}structures: { A: { $ref: 'b.yaml#/c' } }`,
    '3:18',
    /give the option 'read'/,
  ],
  [
    'a reference to itself',
    `${head}structures: { A: { $ref: '#/structures/A' } }`,
    '3:18',
    /without end/,
  ],
  ['no YAML', 'a: [', '1:5', /not YAML/],
];

for (const [what, text, place, problem] of wrong) {
  test(`refuses ${what} with its place`, async (t) => {
    const error = await t.throwsAsync(() => parseStinger(text, { file: 'a.stinger.yaml' }), {
      instanceOf: InterfaceFileError,
      message: problem,
    });
    t.is(`${error?.line}:${error?.column}`, place, error?.message);
  });
}

test('references lead into other files, and not out of the folder', async (t) => {
  const files: Readonly<Record<string, string>> = {
    'other.stinger.yaml':
      'structures: { lunch: { $ref: "#/parts/lunch" } }\nparts: { lunch: { members: [{ name: drink, type: boolean }] } }',
    'endless.yaml': 'a: { $ref: "endless.yaml#/a" }',
  };
  const read = async (name: string) => {
    const text = files[name];
    if (text === undefined) throw new Error('no such file');
    return text;
  };
  const use = (reference: string) =>
    `${head}structures: { meal: { $ref: '${reference}' } }\nsignals: { a: { payload: [{ name: b, type: struct, structName: meal }] } }`;
  const { source } = await parseStinger(use('other.stinger.yaml#/structures/lunch'), { read });
  t.deepEqual(modelOf(source).types, { Meal: { struct: { drink: 'bool' } } });
  for (const [reference, problem] of [
    ['other.stinger.yaml#/structures/dinner', /which is not there/],
    ['none.yaml#/a', /refers to 'none\.yaml', which cannot be read: no such file/],
    ['endless.yaml#/a', /without end/],
    ['../other.yaml#/a', /not beside this file/],
    ['/etc/passwd#/a', /not beside this file/],
    ['http://example.com/a.yaml#/a', /not beside this file/],
    ['a/../../b.yaml#/a', /not beside this file/],
  ] as const) {
    await t.throwsAsync(() => parseStinger(use(reference), { read }), {
      instanceOf: InterfaceFileError,
      message: problem,
    });
  }
});
