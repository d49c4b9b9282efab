// Examples for the command line: the program `busbar`.
import {
  type Interface,
  type MethodDefinition,
  memberTypeName,
  type PropertyDefinition,
  type TypeOf,
} from '../../interface/index.js';
import { type Bracketed, bare, bracketed, flat, type Part } from './layout.js';
import { fieldsOf, type Literals, sampleOf, samplesOf } from './sample.js';

const object = (parts: readonly Part[]): Bracketed => bracketed('{', parts, '}');

/** Values as JSON, which is what the command line takes. */
const literals: Literals = {
  simple: {
    ...{ bool: 'true', f64: '1.5', f32: '1.5', string: '"text"', any: '{}' },
    ...{ i8: '1', i16: '1', i32: '1', i64: '"1"', u8: '1', u16: '1', u32: '1', u64: '"1"' },
    ...{ u53: '1', bytes: '"AQI="', time: '"2026-01-31T12:00:00Z"', duration: '"PT1.5S"' },
    // Neither of these can come from a command line.
    ...{ object: '0', region: '0' },
  },
  json: '{}',
  field: (name) => `"${name}": `,
  key: (name) => `"${name}": `,
  list: (parts) => bracketed('[', bare(parts), ']'),
  map: object,
  struct: object,
  enumValue: (value) => `"${value}"`,
};

/** How a shell says which bus it means. */
export function connecting(given: Interface): string {
  return ['export BUSBAR_BUS=my-bus', 'busbar ls', `busbar describe ${shortOf(given)}`].join('\n');
}

/** How a method is called. */
export function calling(given: Interface, name: string, method: MethodDefinition): string {
  const { args, input } = method;
  const parts = args === undefined ? [] : samplesOf(fieldsOf(args), literals);
  const words = parts.map(
    ({ head, piece }) => `${/^"(.*)": $/.exec(head)?.[1]}=${word(flat(piece))}`,
  );
  const call = command([`busbar call ${shortOf(given)}.${name}`, ...words]);
  // One item a line.
  return input === undefined ? call : `echo ${quoted(json(input))} |\n  ${call}`;
}

/** How a property is read, set and watched. */
export function using(
  given: Interface,
  name: string,
  { type, access }: PropertyDefinition,
): string {
  const call = `busbar call ${shortOf(given)}.${name}`;
  const set = access === 'read-write' ? [command([call, word(json(type))])] : [];
  return [call, ...set, `${call} --watch`].join('\n');
}

/** How a signal is seen. */
export function listening(given: Interface, name: string): string {
  return `busbar tap --type ${memberTypeName(given, name)}`;
}

/** The words of a command, on lines of their own if they are too long for one. */
function command(words: readonly string[]): string {
  const line = words.join(' ');
  return line.length <= maxLine ? line : words.join(' \\\n  ');
}

const maxLine = 56;

function shortOf({ name }: Interface): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function json(type: TypeOf): string {
  return flat(sampleOf(type, literals));
}

/** A value as a word of a shell: a text without its quotes. */
function word(text: string): string {
  return quoted(/^"[\w.:+-]*"$/.test(text) ? text.slice(1, -1) : text);
}

function quoted(text: string): string {
  return /^[\w.:+-]+$/.test(text) ? text : `'${text}'`;
}
