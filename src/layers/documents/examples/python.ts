// Examples in Python: what a client of `busbar.rpc` does with each member, in the names that
// `printPython` gives them.
import {
  type AnySchema,
  type Interface,
  isSchema,
  type MethodDefinition,
  type NamedTypes,
  nameIn,
  type PropertyDefinition,
  pascalCase,
  shortName,
  snakeCase,
  type TypeOf,
} from '../../interface/index.js';
import { type Bracketed, bare, bracketed, indented, laidOut, type Part } from './layout.js';
import { fieldsOf, type Literals, sampleOf, samplesOf, shownFields } from './sample.js';

const indent = '    ';

const call = (name: string, parts: readonly Part[]): Bracketed => bracketed(`${name}(`, parts, ')');

const literals: Literals = {
  simple: {
    ...{ bool: 'True', f64: '1.5', f32: '1.5', string: '"text"', any: '{}' },
    ...{ i8: '1', i16: '1', i32: '1', i64: '1', u8: '1', u16: '1', u32: '1', u64: '1', u53: '1' },
    ...{ bytes: 'b"\\x01\\x02"', time: 'datetime(2026, 1, 31, tzinfo=UTC)' },
    ...{ duration: 'timedelta(seconds=1.5)', object: 'sock', region: 'region' },
  },
  json: '{}',
  field: (name) => `${variable(name)}=`,
  key: (name) => `"${name}": `,
  list: (parts) => bracketed('[', bare(parts), ']'),
  map: (parts) => bracketed('{', parts, '}'),
  struct: (parts, schema, place) =>
    call(schema?.name ?? place.map((word) => pascalCase(word)).join(''), parts),
  enumValue: (value, { name }) =>
    name === undefined ? `"${value}"` : `${name}.${snakeCase(value).toUpperCase()}`,
};

/** How a program connects. */
export function connecting(given: Interface): string {
  const name = shortName(given);
  return [
    'from busbar import rpc',
    `from ${client(given)} import ${name}`,
    '',
    `async with rpc.connect("my-bus", ${name}) as ${client(given)}:`,
    `${indent}...`,
  ].join('\n');
}

/** How a program calls a method. */
export function calling(given: Interface, name: string, method: MethodDefinition): string {
  const { returns, stream, input, errors = {} } = method;
  const items = input === undefined ? '' : inputOf(name, input);
  const invoked = call(`${client(given)}.${variable(name)}`, parameters(name, method));
  const before = returns === undefined || stream !== undefined ? 'await ' : 'result = await ';
  const body =
    stream === undefined
      ? laidOut(before, invoked, '', indent)
      : laidOut('async for item in ', invoked, `:\n${indent}print(item)`, indent);
  const [code] = Object.keys(errors);
  if (code === undefined) return items + body;
  const caught = [
    'try:',
    indented(body, indent),
    `except ${code} as error:`,
    `${indent}print(error)`,
  ];
  return items + caught.join('\n');
}

/** A generator of what is streamed to a method. */
function inputOf(name: string, input: TypeOf): string {
  const item = laidOut('yield ', sampleOf(input, literals, [name, 'input']), '', indent);
  return ['async def items():', indented(item, indent), '', ''].join('\n');
}

function parameters(name: string, { args, input }: MethodDefinition): Part[] {
  const given = args === undefined ? [] : samplesOf(fieldsOf(args), literals, placeOf(name, args));
  const last = input === undefined ? [] : [{ head: 'input=', piece: 'items()' }];
  return [...given, ...last];
}

/** How a program reads, sets and watches a property. */
export function using(
  given: Interface,
  name: string,
  { type, access }: PropertyDefinition,
): string {
  const property = `${client(given)}.${variable(name)}`;
  const value = sampleOf(type, literals, [name, 'value']);
  const set = laidOut('await ', call(`${property}.set`, bare([value])), '', indent);
  return [
    `value = await ${property}.get()`,
    ...(access === 'read-write' ? [set] : []),
    `async for value in ${property}:`,
    `${indent}print(value)`,
  ].join('\n');
}

/** How a program listens to a signal. */
export function listening(given: Interface, name: string, data: NamedTypes): string {
  const [field] = shownFields(fieldsOf(data));
  const signal = `${client(given)}.${variable(name)}`;
  return field === undefined
    ? `async for _ in ${signal}:\n${indent}print("${name}")`
    : `async for data in ${signal}:\n${indent}print(data.${variable(field)})`;
}

/** Where the fields of arguments are used; those of a struct with a name belong to that. */
function placeOf(name: string, args: NamedTypes): string[] {
  const { name: own } = isSchema(args) ? (args as AnySchema & { name?: string }) : {};
  return [own ?? name];
}

function variable(name: string): string {
  return nameIn('python', snakeCase(name));
}

/** The variable of a client, and the module of its interface. */
function client(given: Interface): string {
  return variable(shortName(given));
}
