// What Stinger's own schemas refuse, our reader of its files refuses, and nothing else but what
// Stinger's programs cannot use either. The schemas come with Stinger's packages on PyPI, which
// `npm run check:python` fetches; without them these tests are skipped, and say so.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import test, { type ExecutionContext } from 'ava';
import { InterfaceFileError, parseStinger } from 'busbar/interface';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';

const named = process.env.BUSBAR_STINGER;
const folder = named ?? fileURLToPath(new URL('../../../build/stinger', import.meta.url));
const files = {
  '0.1': join(folder, '0.9.7.post1', 'stingeripc', 'schema', 'schema.yaml'),
  '0.2': join(folder, '0.11.2b1', 'stingeripc', 'schemas', '0.2', 'schema.yaml'),
} as const;

/** Whether a test has to be left out. A folder that is named must have the schemas. */
function lacksSchemas(t: ExecutionContext): boolean {
  if (named !== undefined || Object.values(files).every((file) => existsSync(file))) return false;
  t.pass('skipped');
  t.log('skipped: needs the schemas of Stinger, see npm run check:python');
  return true;
}

function schemaOf(version: keyof typeof files): ValidateFunction {
  const schema = parse(readFileSync(files[version], 'utf8')) as object;
  return new Ajv({ strict: false, validateFormats: false }).compile(schema);
}

/** The same files each time; by hand others: BUSBAR_SEED=2. */
const seed = Number(process.env.BUSBAR_SEED ?? 1);

const token = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,7}$/).map((name) => `x${name}`);
const version = fc.constantFrom('1', '1.2', '1.2.3');
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const types = ['float', 'string', 'integer', 'boolean', 'datetime', 'duration'] as const;

/** A type, of the enum `Colour` and the struct `Part`. */
function typeOf(isNewer: boolean): fc.Arbitrary<object> {
  return fc.oneof(
    fc.constantFrom(...types).map((type) => ({ type })),
    fc.constant(isNewer ? { type: 'binary', contentType: 'image/png' } : { type: 'binary' }),
    fc.constant({ type: 'enum', enumName: 'Colour', enumVersion: '1.0.0' }),
    fc.constant({ type: 'struct', structName: 'Part', structVersion: '1.0.0' }),
  );
}

function argOf(isNewer: boolean): fc.Arbitrary<object> {
  const type = typeOf(isNewer);
  return fc
    .record(
      {
        type: fc.oneof(
          type,
          type.map((itemType) => ({ type: 'array', itemType })),
        ),
        optional: fc.boolean(),
        description: fc.constantFrom('A text.', ''),
        schema: fc.constantFrom({ minimum: 1 }, { type: ['string', 'null'], not: {} }),
        index: fc.nat({ max: 9 }).map((index) => index + 1),
        example: fc.constant(null),
      },
      { requiredKeys: ['type'] },
    )
    .map(({ type: given, ...rest }) => ({ ...given, ...rest }));
}

/** The arguments of a member, with names of their own. */
function argsOf(isNewer: boolean, least = 0): fc.Arbitrary<object[]> {
  return fc
    .uniqueArray(fc.tuple(token, argOf(isNewer)), {
      selector: ([name]) => name,
      minLength: least,
      maxLength: 4,
    })
    .map((pairs) => pairs.map(([name, arg]) => ({ name, ...arg })));
}

interface StingerFile {
  readonly [key: string]: unknown;
}

/** A file that the schema accepts. */
function fileOf(isNewer: boolean): fc.Arbitrary<StingerFile> {
  const doc = { documentation: maybe(fc.constant('More *of* it.\n')), version: maybe(version) };
  const consumers = fc.uniqueArray(token, { maxLength: 2 });
  const members = <T>(member: fc.Arbitrary<T>) =>
    fc.dictionary(token, member, { maxKeys: 4, noNullPrototype: true });
  const withConsumers = (member: fc.Arbitrary<object>) =>
    fc
      .tuple(member, maybe(consumers))
      .map(([given, names]) =>
        names === undefined || (given as { version?: string }).version === undefined
          ? given
          : { ...given, consumers: names },
      );
  return fc
    .record({
      stingeripc: fc
        .constantFrom(...(isNewer ? ['0.2.0'] : ['0.0.7', '0.0.8', '0.0.9', '0.1.0', '0.1.1']))
        .map((each) => ({ version: each })),
      interface: fc.record({
        name: token,
        version: fc.constantFrom('0.0.1', '1.2.3', 'next'),
        title: maybe(fc.constant('A title')),
        license: maybe(fc.constant('MIT')),
      }),
      enums: fc.constant({ Colour: { values: [{ name: 'red', value: 1 }, { name: 'blue' }] } }),
      structures: fc.constant({
        Part: { version: '1.0.0', members: [{ name: 'a', type: 'float' }] },
      }),
      signals: members(withConsumers(fc.record({ ...doc, payload: argsOf(isNewer) }))),
      properties: members(
        withConsumers(
          fc.record({ ...doc, values: argsOf(isNewer, 1), readOnly: maybe(fc.boolean()) }),
        ),
      ),
      methods: members(
        withConsumers(
          fc.record({ ...doc, arguments: argsOf(isNewer), returnValues: maybe(argsOf(isNewer)) }),
        ),
      ),
      constants: members(
        fc.constantFrom(
          { type: 'integer', value: 5 },
          { type: 'string', value: 'a', description: 'b' },
        ),
      ),
    })
    .map((file) => JSON.parse(JSON.stringify(file)) as StingerFile);
}

/** What we refuse and the schema does not: what Stinger's programs cannot use. */
const beyondSchema = [
  /, which is not among the (?:enums|structures)/,
  /is '[^']*' for the second time/,
  /uses version \S+ of \S+, which has version/,
  // An alternative of the schema for references, which accepts an object without keys, too.
  /(?:enums|structures)\S* lacks the key '(?:values|members)'/,
  /itemType lacks the key 'type'/,
  /refers to /,
  // The longest name that we have.
  /characters; the limit is 64$/,
];

async function verdictOf(file: unknown): Promise<string> {
  try {
    await parseStinger(stringify(file));
    return '';
  } catch (error) {
    if (error instanceof InterfaceFileError) return error.problem;
    throw error;
  }
}

const junk = [
  ...[
    null,
    true,
    0,
    1.5,
    '',
    'x',
    'struct',
    'a b',
    '1.2.3',
    'a\nb',
    [],
    [1, 1],
    {},
    { type: 'enum' },
  ],
  ...[
    { name: 'a', type: 'array' },
    [{ name: 'a', type: 'float' }],
    { $ref: '#/none' },
    'y'.repeat(600),
  ],
];
const keys = [
  ...[
    'documentation',
    'description',
    'version',
    'consumers',
    'consumer',
    'args',
    'payload',
    'values',
  ],
  ...[
    'arguments',
    'returns',
    'type',
    'enumName',
    'schema',
    'index',
    'optional',
    'example',
    'enums',
  ],
  ...[
    'struct',
    'contentType',
    'readOnly',
    'value',
    'members',
    'name',
    'other',
    'itemType',
    'format',
  ],
];

/** All containers of a file. */
function containersOf(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(containersOf)];
}

/** Changes a copy of a file in one place. */
function mutated(file: StingerFile, g: fc.GeneratorValue): StingerFile {
  const copy = structuredClone(file);
  const containers = containersOf(copy);
  const target = containers[g(fc.nat, { max: containers.length - 1 })] as Record<string, unknown>;
  const own = Object.keys(target);
  const kind = g(fc.nat, { max: 2 });
  const value = structuredClone(g(() => fc.constantFrom(...junk)));
  if (kind === 0 || own.length === 0) {
    if (Array.isArray(target)) target.push(value);
    else target[g(() => fc.constantFrom(...keys))] = value;
    return copy;
  }
  const key = g(() => fc.constantFrom(...own));
  if (kind === 1) target[key] = value;
  else if (Array.isArray(target)) target.splice(Number(key), 1);
  else delete target[key];
  return copy;
}

for (const name of ['0.1', '0.2'] as const) {
  test(`files that the schema of ${name} accepts come through whole`, async (t) => {
    if (lacksSchemas(t)) return;
    const accepts = schemaOf(name);
    await fc.assert(
      fc.asyncProperty(fileOf(name === '0.2'), async (file) => {
        if (!accepts(file)) throw new Error(JSON.stringify(accepts.errors));
        const { source } = await parseStinger(stringify(file));
        const count = (members: unknown) => Object.keys(members as object).length;
        t.is(count(source.methods), count(file.methods));
        t.is(count(source.properties), count(file.properties));
        t.is(count(source.signals), count(file.signals));
      }),
      { seed, numRuns: 60, endOnFailure: true, includeErrorInReport: true },
    );
  });

  test(`what the schema of ${name} refuses is refused, and only that`, async (t) => {
    if (lacksSchemas(t)) return;
    const accepts = schemaOf(name);
    let [refused, accepted] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fileOf(name === '0.2'), fc.gen(), async (file, g) => {
        const changed = mutated(file, g);
        const isAccepted = accepts(changed);
        const problem = await verdictOf(changed);
        if (isAccepted) accepted++;
        else refused++;
        if (isAccepted === (problem === '')) return;
        if (isAccepted && beyondSchema.some((each) => each.test(problem))) return;
        throw new Error(
          `${problem || 'accepted'}\n${stringify(changed)}\n${JSON.stringify(accepts.errors)}`,
        );
      }),
      { seed, numRuns: 500, endOnFailure: true, includeErrorInReport: true },
    );
    t.true(refused > 70 && accepted > 70, `${refused} refused, ${accepted} accepted`);
  });
}
