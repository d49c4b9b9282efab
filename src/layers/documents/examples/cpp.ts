// Examples in C++: what a client of `busbar::rpc` does with each member, in the names that generated
// headers have.
import {
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
import { bare, bracketed, flat, type Part } from './layout.js';
import { fieldsOf, type Literals, sampleOf, samplesOf, shownFields } from './sample.js';

const braced = (parts: readonly Part[]) =>
  bracketed('{', bare(parts.map(({ piece }) => piece)), '}');

/** Values; structs have none of their own here, because their fields are assigned by name. */
function literalsOf(given: Interface): Literals {
  return {
    simple: {
      ...{ bool: 'true', f64: '1.5', f32: '1.5F', string: '"text"', any: '{}', i8: '1', i16: '1' },
      ...{ i32: '1', i64: '1', u8: '1', u16: '1', u32: '1', u64: '1', u53: '1', bytes: 'bytes' },
      ...{ time: 'now', duration: 'std::chrono::milliseconds(1500)' },
      ...{ object: 'std::move(object)', region: 'std::move(region)' },
    },
    json: '{}',
    field: (name) => variable(name),
    key: (name) => `"${name}"`,
    list: (parts) => bracketed('{', bare(parts), '}'),
    map: (parts) =>
      bracketed('{', bare(parts.map(({ head, piece }) => braced([part(head), part(piece)]))), '}'),
    struct: () => '{}',
    enumValue: (value, { name = '' }) => `${spaceOf(given)}::${name}::${variable(value)}`,
  };
}

const part = (piece: Part['piece']): Part => ({ head: '', piece });

/** How a program connects. */
export function connecting(given: Interface): string {
  return [
    '#include <busbar_rpc.hpp>',
    `#include "${snakeCase(shortName(given)).replaceAll('_', '-')}.hpp"`,
    '',
    'auto session = busbar::rpc::Session::join("my-bus");',
    `${spaceOf(given)}::${shortName(given)}Client client(*session);`,
  ].join('\n');
}

/** How a program calls a method. */
export function calling(given: Interface, name: string, method: MethodDefinition): string {
  const { args, stream, input, errors = {} } = method;
  const filled = args === undefined ? [] : assigned(given, name, args);
  const call = `client.${variable(name)}(${filled.length > 0 ? 'args' : ''})`;
  if (input !== undefined) return [...filled, ...streamingIn(call, stream)].join('\n');
  if (stream !== undefined) return [...filled, ...streamingOut(call)].join('\n');
  const [code] = Object.keys(errors);
  const handling =
    code === undefined
      ? ['if (!result) show(result.error().message);']
      : [
          'if (!result) {',
          `  if (auto* error = result.error().as<${spaceOf(given)}::${code}>()) {`,
          '    show(*error);',
          '  }',
          '}',
        ];
  return [...filled, `auto result = ${call}.get();`, ...handling].join('\n');
}

function streamingOut(call: string): string[] {
  return [`for (const auto& item : ${call}) {`, '  show(item);', '}'];
}

function streamingIn(call: string, stream: TypeOf | undefined): string[] {
  const answer = stream === undefined ? ['auto result = answer.get();'] : streamingOut('answer');
  return [
    `auto [input, answer] = ${call};`,
    'for (const auto& item : items) input.write(item);',
    'input.finish();',
    ...answer,
  ];
}

/** The arguments of a method, field by field. */
function assigned(given: Interface, name: string, args: NamedTypes): string[] {
  const own = isSchema(args) ? (args as { readonly name?: string }).name : undefined;
  const literals = literalsOf(given);
  const fields = samplesOf(fieldsOf(args), literals);
  // What has fields of its own is a variable, which the example does not fill.
  const lines = fields.map(({ head, piece }) => {
    const value = flat(piece);
    return `args.${head} = ${value.includes('{}') ? head : value};`;
  });
  return [`${spaceOf(given)}::${own ?? pascalCase(name)} args;`, ...lines];
}

/** How a program reads, sets and watches a property. */
export function using(
  given: Interface,
  name: string,
  { type, access }: PropertyDefinition,
): string {
  const property = `client.${variable(name)}`;
  const value = flat(sampleOf(type, literalsOf(given)));
  const shown = value.includes('{}') ? 'value' : value;
  return [
    `auto now = ${property}.get().get();`,
    ...(access === 'read-write' ? [`auto set = ${property}.set(${shown}).get();`] : []),
    `auto watching = ${property}.watch([](const auto& now) {`,
    '  show(now.value);',
    '});',
  ].join('\n');
}

/** How a program listens to a signal. */
export function listening(_: Interface, name: string, data: NamedTypes): string {
  const [field] = shownFields(fieldsOf(data));
  return [
    `auto listening = client.${variable(name)}.on([](const auto& data, auto) {`,
    `  show(data${field === undefined ? '' : `.${variable(field)}`});`,
    '});',
  ].join('\n');
}

function variable(name: string): string {
  return nameIn('cpp', snakeCase(name));
}

/** The namespace of an interface. */
function spaceOf(given: Interface): string {
  return variable(shortName(given));
}
