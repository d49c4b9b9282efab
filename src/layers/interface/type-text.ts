// Types as texts: `f64`, `Sample`, `list<map<u8>>`, `string?`.

import { hint } from '../../base/misspelt.js';
import { simpleKinds } from './schema.js';

/** A parsed type text. */
export type TypeText =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list' | 'map' | 'optional'; readonly of: TypeText };

/** What is wrong with a type text. */
export class TypeTextError extends Error {}

const maxText = 512;
const token = /\s*(?:([A-Za-z]\w*)|([<>?]))/y;

/**
 * Parses a type text. `types` are the names of structs and enums.
 * @throws TypeTextError without a place, which the caller knows.
 */
export function parseTypeText(text: string, types: readonly string[]): TypeText {
  if (text.length > maxText) throw new TypeTextError(`is longer than ${maxText} characters`);
  const tokens: string[] = [];
  const scanner = new RegExp(token);
  while (scanner.lastIndex < text.trimEnd().length) {
    const found = scanner.exec(text);
    if (found === null) throw expected(text, 'a type such as f64, list<f64> or f64?');
    tokens.push(found[1] ?? found[2] ?? '');
  }
  const parser = { text, tokens, at: 0, types };
  const type = parseType(parser);
  if (parser.at < tokens.length) throw expected(text, `the end before '${tokens[parser.at]}'`);
  return type;
}

interface Parser {
  readonly text: string;
  readonly tokens: readonly string[];
  at: number;
  readonly types: readonly string[];
}

function parseType(parser: Parser): TypeText {
  let type = parseSingle(parser);
  while (parser.tokens[parser.at] === '?') {
    parser.at += 1;
    if (type.kind === 'optional') throw expected(parser.text, 'one ? at most');
    type = { kind: 'optional', of: type };
  }
  return type;
}

function parseSingle(parser: Parser): TypeText {
  const name = parser.tokens[parser.at] ?? '';
  parser.at += 1;
  if (name !== 'list' && name !== 'map') return parseName(parser, name);
  if (parser.tokens[parser.at] !== '<') throw expected(parser.text, `${name}<…> with its type`);
  parser.at += 1;
  const of = parseType(parser);
  if (parser.tokens[parser.at] !== '>')
    throw expected(parser.text, `a > after the type of ${name}`);
  parser.at += 1;
  return { kind: name, of };
}

function parseName({ text, types }: Parser, name: string): TypeText {
  const known = [...simpleKinds, ...types];
  if (known.includes(name)) return { kind: 'name', name };
  const guess = hint(name, known);
  throw new TypeTextError(
    `is ${JSON.stringify(text)}; expected a type${guess.startsWith('; did') ? guess : `, one of ${[...known, 'list<…>', 'map<…>'].join(', ')}`}`,
  );
}

function expected(text: string, what: string): TypeTextError {
  return new TypeTextError(`is ${JSON.stringify(text)}; expected ${what}`);
}
