// Examples in TypeScript: what a client of `busbar/rpc` does with each member.
import {
  camelCase,
  type Interface,
  type MethodDefinition,
  type NamedTypes,
  nameIn,
  type PropertyDefinition,
  shortName,
  snakeCase,
  type TypeOf,
} from '../../interface/index.js';
import { bare, bracketed, indented, laidOut, type Part, type Piece } from './layout.js';
import { fieldsOf, type Literals, sampleOf, samplesOf, shownFields } from './sample.js';

const object = (parts: readonly Part[]): Piece => bracketed('{', parts, '}', ' ');

const literals: Literals = {
  simple: {
    ...{ bool: 'true', f64: '1.5', f32: '1.5', string: "'text'", any: '{}' },
    ...{ i8: '1', i16: '1', i32: '1', i64: '1n', u8: '1', u16: '1', u32: '1', u64: '1n', u53: '1' },
    ...{ bytes: 'Uint8Array.of(1, 2)', time: "new Date('2026-01-31')", duration: '1500' },
    ...{ object: 'object', region: 'region' },
  },
  json: '{}',
  field: (name) => `${name}: `,
  key: (name) => `${name}: `,
  list: (parts) => bracketed('[', bare(parts), ']'),
  map: object,
  struct: object,
  enumValue: (value) => `'${value}'`,
};

/** How a program connects. */
export function connecting(given: Interface): string {
  const name = shortName(given);
  const hasErrors = Object.values(given.methods).some(({ errors }) => errors !== undefined);
  const call = bracketed('connect(', bare(["'my-bus'", name]), ')');
  return [
    `import { connect${hasErrors ? ', isError' : ''} } from 'busbar/rpc';`,
    `import { ${name} } from './${snakeCase(name).replaceAll('_', '-')}.js';`,
    '',
    laidOut(`const ${client(given)} = await `, call, ';'),
  ].join('\n');
}

/** How a program calls a method. */
export function calling(given: Interface, name: string, method: MethodDefinition): string {
  const { returns, stream, errors = {} } = method;
  const call = bracketed(`${client(given)}.${name}(`, bare(parameters(method)), ')');
  const before = returns === undefined ? 'await ' : 'const result = await ';
  const body =
    stream === undefined
      ? laidOut(before, call, ';')
      : laidOut('for await (const item of ', call, ') {\n  console.log(item);\n}');
  const [code] = Object.keys(errors);
  if (code === undefined) return body;
  return [
    'try {',
    indented(body, '  '),
    '} catch (error) {',
    `  if (isError(${shortName(given)}, '${code}', error)) {`,
    '    console.log(error.data);',
    '  }',
    '}',
  ].join('\n');
}

/** How a program reads, sets and watches a property. */
export function using(
  given: Interface,
  name: string,
  { type, access }: PropertyDefinition,
): string {
  const property = `${client(given)}.${name}`;
  const set = bracketed(`${property}.set(`, bare([sample(type)]), ')');
  return [
    `const value = await ${property}.get();`,
    ...(access === 'read-write' ? [laidOut('await ', set, ';')] : []),
    `for await (const each of ${property}) {`,
    '  console.log(each);',
    '}',
  ].join('\n');
}

/** How a program listens to a signal. */
export function listening(given: Interface, name: string, data: NamedTypes): string {
  const names = shownFields(fieldsOf(data));
  const own = names.map((field) => nameIn('typescript', field));
  const fields = names.map((field, index) =>
    field === own[index] ? field : `${field}: ${own[index]}`,
  );
  // Of many fields, the example would be nothing but their names.
  const isMany = names.length > 3;
  const bound = isMany ? '(data)' : names.length === 0 ? '()' : `({ ${fields.join(', ')} })`;
  const shown = isMany ? 'data' : names.length === 0 ? `'${name}'` : own.join(', ');
  return [`${client(given)}.on('${name}', ${bound} => {`, `  console.log(${shown});`, '});'].join(
    '\n',
  );
}

function client(given: Interface): string {
  return nameIn('typescript', camelCase(shortName(given)));
}

function parameters({ args, input }: MethodDefinition): Piece[] {
  const given: Piece[] = [];
  if (args !== undefined) {
    const parts = samplesOf(fieldsOf(args), literals);
    // Without any argument, there are none to give, except that input stands behind them.
    if (parts.length > 0 || input !== undefined) given.push(object(parts));
  }
  if (input !== undefined) given.push(bracketed('[', bare([sample(input)]), ']'));
  return given;
}

function sample(type: TypeOf): Piece {
  return sampleOf(type, literals);
}
