// Files that describe interfaces: every mistake has its line and column, and the published JSON
// Schema accepts what the reader accepts.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import test from 'ava';
import {
  InterfaceFileError,
  InvalidInterfaceError,
  interfaceOf,
  modelOf,
  parseTypeScript,
  parseYaml,
} from 'busbar/interface';
import fc from 'fast-check';
import { parse } from 'yaml';
import { interfaceFrom } from './support/interfaces.js';

const schemaFile = fileURLToPath(new URL('../../../schemas/interface.json', import.meta.url));
const matches = new Ajv({ allErrors: false }).compile(JSON.parse(readFileSync(schemaFile, 'utf8')));

const head = "interface: com.example.a\nversion: '1.2'\n";

/** Texts that are refused: where, and why; and whether the JSON Schema notices, too. */
const wrong: readonly (readonly [string, string, string, RegExp, boolean?])[] = [
  [
    'a number as version',
    'interface: a.b\nversion: 1.2',
    '2:10',
    /version is 1\.2; .*with quotes$/,
    true,
  ],
  ['a name', 'interface: thermostat\nversion: "1.2"', '1:12', /interface is "thermostat"/, true],
  ['a missing key', 'interface: a.b\n', '1:1', /lacks the key 'version'/, true],
  ['a key', `${head}method: {}`, '3:1', /method is not known here; did you mean 'methods'\?/, true],
  [
    'a key of a method',
    `${head}methods:\n  go: { return: f64 }`,
    '4:9',
    /did you mean 'returns'/,
    true,
  ],
  [
    'a type',
    `${head}methods:\n  go: { returns: f65 }`,
    '4:18',
    /is "f65"; .*did you mean 'f64'/,
    true,
  ],
  [
    'a type in a list',
    `${head}methods: { go: { returns: list<map<f65>> } }`,
    '3:27',
    /list<map<f65>>/,
    true,
  ],
  ['half a type', `${head}methods: { go: { returns: list<f64 } }`, '3:27', /expected a > after/],
  [
    'a number as type',
    `${head}methods:\n  go:\n    args:\n      a: 5`,
    '6:10',
    /\.args\.a is 5/,
    true,
  ],
  [
    'nothing as type',
    `${head}methods:\n  go:\n    args:\n      a:`,
    '6:9',
    /\.args\.a is null/,
    true,
  ],
  ['a name of a member', `${head}signals:\n  go-on: {}`, '4:3', /is no name for a member/, true],
  ['a reserved name', `${head}signals:\n  then: {}`, '4:3', /'then' is reserved/],
  [
    'a default',
    `${head}properties:\n  a: { type: { type: u8, default: 256 } }`,
    '4:35',
    /default is 256/,
  ],
  ['an unused type', `${head}types:\n  A: { struct: {} }`, '4:3', /types\.A is used nowhere/],
  [
    'two kinds',
    `${head}types:\n  A: { struct: {}, enum: [a] }\nsignals: { a: A }`,
    '4:6',
    /needs one of/,
    true,
  ],
  [
    'two types',
    `${head}signals:\n  a: { b: { list: f64, map: f64 } }`,
    '4:24',
    /beside 'list'/,
    true,
  ],
  [
    'an endless struct',
    `${head}types:\n  A: { struct: { a: A } }\nsignals: { b: A }`,
    '5:15',
    /endless/,
  ],
  ['no as a word', `${head}methods:\n  no: {}`, '4:3', /write 'no' with quotes/],
  [
    'on as a value',
    `${head}types: { A: { enum: [on, off] } }\nsignals: { a: A }`,
    '3:22',
    /write 'on'/,
  ],
  ['true as a key', `${head}methods:\n  true: {}`, '4:3', /the key true is no text; write 'true'/],
  ['a number as key', `${head}methods:\n  1: {}`, '4:3', /the key 1 is no text/],
  ['a list as key', `${head}methods:\n  ? [a]\n  : {}`, '4:5', /a key must be a word/],
  ['a key twice', `${head}methods:\n  a: {}\n  a: {}`, '5:3', /the key is there twice/],
  ['an alias', `${head}methods:\n  a: &x {}\n  b: *x`, '4:9', /an anchor is not allowed/],
  ['a merge', `${head}methods:\n  a: { <<: {} }`, '4:8', /\["<<"\] is not known here/, true],
  ['a tag', `${head}methods:\n  a: !!map {}`, '4:12', /the tag tag:yaml.org,2002:map is not/],
  ['two documents', `${head}---\na: b`, '3:1', /more than one document/],
  ['no YAML', `${head}methods: [`, '3:11', /not YAML: /],
  ['a tab', `${head}methods:\n\ta: {}`, '4:1', /not YAML: tabs are not allowed/],
  ['deep brackets', '['.repeat(100_000), '1:1', /nested too deep/],
  ['deep dashes', '- '.repeat(100_000), '1:1', /nested too deep/],
  [
    'deep indentation',
    Array.from({ length: 999 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    '1:1',
    /nested too deep/,
  ],
  ['much text', `# ${'a'.repeat(2 ** 20)}`, '1:1', /the limit is 1048576/],
];

for (const [what, text, place, problem, isNoticed = false] of wrong) {
  test(`YAML: refuses ${what} with its place`, async (t) => {
    const error = await t.throwsAsync(() => parseYaml(text, { file: 'a.busbar.yaml' }), {
      instanceOf: InterfaceFileError,
      code: 'ERR_BUSBAR_INTERFACE_FILE',
      message: problem,
    });
    t.is(`${error?.line}:${error?.column}`, place);
    t.is(error?.message, `a.busbar.yaml:${place}: ${error?.problem}`);
    if (isNoticed) t.false(matches(parse(text)));
  });
}

test('aliases that would explode are refused before they do', async (t) => {
  const rows = ['a: &a [x, x]'];
  for (let level = 1; level < 30; level++) rows.push(`b${level}: &b${level} [*a, *a]`);
  await t.throwsAsync(() => parseYaml(rows.join('\n')), { message: /an anchor is not allowed/ });
});

const wrongCode: readonly (readonly [string, string, string, RegExp])[] = [
  ['no interface', 'export const A = t.u8;', '1:23', /defines no interface/],
  ['a statement', 'import "x";\nprocess.exit();', '2:1', /found 'process'; expected 'const'/],
  ['an operator', 'export const A = 1 + 1;', '1:20', /"\+" has no place/],
  ['a call', 'export const A = f(1);', '1:18', /'f' is not defined/],
  ['a name', 'export const A = t.list(B);', '1:25', /'B' is not defined before this/],
  ['a builder', 'export const A = t.lists(t.u8);', '1:20', /t has no 'lists'/],
  [
    'a builder of all objects',
    'export const A = t.constructor();',
    '1:20',
    /t has no 'constructor'/,
  ],
  ['a refused value', "export const A = t.enum(['a b']);", '1:20', /'a b' is not allowed/],
  ['a definition', "export const A = defineInterface('a', '1.0', {});", '1:18', /name is "a"/],
  ['an open bracket', 'export const A = t.struct({', '1:28', /found the end of the file/],
  ['deep brackets', `export const A = ${'['.repeat(9999)}`, '1:82', /nested too deep/],
];

for (const [what, text, place, problem] of wrongCode) {
  test(`TypeScript: refuses ${what} with its place`, (t) => {
    const error = t.throws(() => parseTypeScript(text, { file: 'a.ts' }), {
      instanceOf: InterfaceFileError,
      message: problem,
    });
    t.is(`${error?.line}:${error?.column}`, place);
  });
}

test('the JSON Schema accepts every interface', (t) => {
  fc.assert(
    fc.property(fc.gen(), (g) => {
      const model = modelOf(interfaceFrom(g));
      t.true(matches(model), JSON.stringify(matches.errors));
    }),
    { numRuns: 300, endOnFailure: true },
  );
});

test('any value is a model or refused with a path', (t) => {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.object({
        key: fc.constantFrom(
          'methods',
          'types',
          'A',
          'args',
          'struct',
          'type',
          'list',
          'enum',
          'doc',
        ),
        values: [fc.constantFrom('f64', 'A', 'list<A>', '', 'x?'), fc.anything()],
        maxDepth: 6,
      }),
      (given) => {
        try {
          interfaceOf({ interface: 'com.example.a', version: '1.0', ...given });
        } catch (error) {
          if (!(error instanceof InvalidInterfaceError)) throw error;
          refused++;
        }
      },
    ),
    { numRuns: 3000 },
  );
  t.true(refused > 1000);
});
