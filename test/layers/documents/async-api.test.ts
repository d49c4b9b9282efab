// Interfaces as AsyncAPI documents: the official schemas accept them, their references lead
// somewhere, and their schemas describe the values that are sent.
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import test from 'ava';
import { asyncApiOf, printAsyncApi } from 'busbar/documents';
import { defineInterface, type Interface, type Json, shapeOf, t as types } from 'busbar/interface';
import fc from 'fast-check';
import { z } from 'zod';
import { interfaceFrom } from '../interface/support/interfaces.js';
import { cases } from '../interface/support/schemas.js';
import { thermostat } from './support/thermostat.js';

type Document = Readonly<Record<string, Json>>;

const specs: { readonly schemas: Readonly<Record<string, object>> } = createRequire(
  import.meta.url,
)('@asyncapi/specs');

/** The official schema of a version. It brings draft 7 itself. */
function officialSchema(version: string) {
  const ajv = new Ajv({
    strict: false,
    validateFormats: false,
    meta: false,
    validateSchema: false,
  });
  return ajv.compile(specs.schemas[version] as object);
}
const accepts = officialSchema('3.0.0');

/** The part of a document that a pointer leads to. */
function at(document: Json, pointer: string): Json | undefined {
  return pointer
    .split('/')
    .slice(1)
    .reduce<Json | undefined>(
      (value, step) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, step)
          ? (value as Readonly<Record<string, Json>>)[step]
          : undefined,
      document,
    );
}

/** The references of a document that lead nowhere. */
function brokenReferences(document: Document): string[] {
  const broken: string[] = [];
  const walk = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, part] of Object.entries(value)) {
      if (key === '$ref' && typeof part === 'string') {
        if (at(document, part.slice(1)) === undefined) broken.push(part);
      } else walk(part);
    }
  };
  walk(document);
  return broken;
}

test('the official schemas accept an interface with something of everything', (t) => {
  for (const version of ['3.0.0', '3.1.0'] as const) {
    const document = asyncApiOf(thermostat, { version });
    const check = officialSchema(version);
    t.true(check(document), JSON.stringify(check.errors));
    t.is(document.asyncapi, version);
    t.deepEqual(brokenReferences(document), []);
  }
  t.false(accepts({ ...asyncApiOf(thermostat), channels: { a: { address: 1 } } }));
});

test('the official schema accepts generated interfaces', (t) => {
  fc.assert(
    fc.property(fc.gen(), (g) => {
      const document = asyncApiOf(interfaceFrom(g));
      if (!accepts(document)) throw new Error(JSON.stringify(accepts.errors));
      t.deepEqual(brokenReferences(document), []);
    }),
    { numRuns: 100, endOnFailure: true },
  );
});

test('a method is a channel, an operation and its replies', (t) => {
  const document = asyncApiOf(thermostat);
  t.like(at(document, '/channels/setTarget'), {
    address: 'com.example.thermostat/1.setTarget',
    description: 'Sets the temperature to reach.',
    messages: { call: { $ref: '#/components/messages/setTarget.call' } },
  });
  t.like(at(document, '/operations/setTarget'), {
    action: 'receive',
    channel: { $ref: '#/channels/setTarget' },
    'x-busbar': { idempotent: true },
  });
  t.deepEqual(
    (at(document, '/operations/setTarget/reply/messages') as { $ref: string }[]).map(
      ({ $ref }) => $ref,
    ),
    ['result', 'OutOfRange', 'Locked', 'error'].map(
      (role) => `#/channels/setTarget.reply/messages/${role}`,
    ),
  );
  t.is(at(document, '/channels/setTarget.reply/address'), null);
  t.is(at(document, '/operations/setTarget/reply/address/location'), '$message.header#/from');
  t.deepEqual(at(document, '/components/schemas/SetTargetArguments'), {
    type: 'object',
    properties: {
      celsius: { type: 'number', format: 'double' },
      mode: { allOf: [{ $ref: '#/components/schemas/Mode' }], default: 'heat' },
      until: { type: 'string', format: 'date-time' },
    },
    required: ['celsius'],
  });
  t.deepEqual(at(document, '/components/schemas/SetTargetOutOfRangeError'), {
    type: 'object',
    properties: {
      code: { type: 'string', const: 'OutOfRange' },
      message: { type: 'string' },
      data: { $ref: '#/components/schemas/SetTargetOutOfRange' },
    },
    required: ['code', 'message', 'data'],
  });
});

test('what is sent on its own goes the other way', (t) => {
  const document = asyncApiOf(thermostat);
  t.is(at(document, '/operations/overheated/action'), 'send');
  t.is(at(document, '/operations/target.change/action'), 'send');
  t.is(at(document, '/operations/target.set/action'), 'receive');
  t.is(at(document, '/operations/mode.set'), undefined);
  t.is(at(document, '/operations/import.input/channel/$ref'), '#/channels/import.input');
  t.is(
    at(document, '/components/messages/overheated.signal/payload/$ref'),
    '#/components/schemas/OverheatedData',
  );
});

test('every struct has a name, also those that have none in the interface', (t) => {
  const { components } = asyncApiOf(thermostat);
  const names = Object.keys(at(components as Json, '/schemas') as object);
  for (const name of ['Mode', 'Sample', 'Room', 'PlanArguments', 'PlanArgumentsWeekItem']) {
    t.true(names.includes(name), name);
  }
  const clashing = defineInterface('com.example.a', '1.0', {
    methods: { go: { args: { a: types.struct('GoArguments', { b: types.u8 }) } } },
  });
  t.deepEqual(at(asyncApiOf(clashing), '/components/messages/go.call/payload'), {
    $ref: '#/components/schemas/GoArguments2',
  });
});

test('references within schemas of others lead to the same place as before', (t) => {
  const Tree = z.object({
    name: z.string(),
    get children() {
      return z.array(Tree);
    },
  });
  const list = { definitions: { a: { type: 'string' } }, items: { $ref: '#/definitions/a' } };
  const given = defineInterface('com.example.a', '1.0', {
    signals: { tree: { tree: Tree }, list: { lists: types.list(types.json(list)) } },
  });
  const document = asyncApiOf(given);
  t.deepEqual(brokenReferences(document), []);
  t.deepEqual(at(document, '/components/schemas/ListData/properties/lists/items/items'), {
    $ref: '#/components/schemas/ListData/properties/lists/items/definitions/a',
  });
  t.true(accepts(document), JSON.stringify(accepts.errors));
});

test('the schemas accept the values that are sent', (t) => {
  fc.assert(
    fc.property(cases, ({ schema, sent }) => {
      const given = defineInterface('com.example.a', '1.0', {
        signals: { changed: { value: schema } },
      });
      const { components } = asyncApiOf(given);
      const ajv = new Ajv({ strict: false, validateFormats: false });
      const json = shapeOf({ value: schema }).encode({ value: sent }, undefined, 'json');
      const check = ajv.compile({ $ref: '#/components/schemas/ChangedData', components });
      // JSON has no NaN; our text for it is no number.
      if (!/"(?:-?Infinity|NaN|-0)"/.test(JSON.stringify(json))) {
        t.true(check(json), JSON.stringify([check.errors, json]));
      }
      // Nothing at all is no signal.
      t.false(check(null));
    }),
    { numRuns: 300 },
  );
});

test('the text is the document, and the same each time', (t) => {
  const text = printAsyncApi(thermostat);
  t.deepEqual(JSON.parse(text), asyncApiOf(thermostat));
  t.is(printAsyncApi(thermostat), text);
  t.true(text.endsWith('}\n'));
  t.throws(() => asyncApiOf(thermostat, { version: '2.6.0' as '3.0.0' }), {
    instanceOf: TypeError,
    message: /version is 2\.6\.0; expected one of 3\.0\.0, 3\.1\.0/,
  });
  t.throws(() => asyncApiOf({} as Interface));
});
