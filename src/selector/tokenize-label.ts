// Splits the text of a label expression into tokens. It knows names, quotes and escapes, not the
// grammar. native/core/selector/selector_text.cc has the same rules for C.
import { InvalidLabelError } from '../errors/index.js';
import { bareCharacters, checkLabelName } from './label-name.js';
import { SelectorSyntaxError } from './selector-syntax-error.js';

/** A token; `start` is its index in the text, in UTF-16 code units. */
export type Token =
  | { readonly kind: '&' | '|' | '!' | '(' | ')' | 'end'; readonly start: number }
  | { readonly kind: 'constant'; readonly start: number; readonly value: boolean }
  | { readonly kind: 'name'; readonly start: number; readonly name: string }
  | { readonly kind: 'peer'; readonly start: number; readonly id: number };

const nameAt = new RegExp(`${bareCharacters}+`, 'uy');
const peerAt = new RegExp(`#([0-9]{1,16})(?!${bareCharacters})`, 'uy');
const spaceAt = /\s*/uy;
const escapeAt = /\\(?:(["'\\/bfnrt])|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\})/uy;

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * The token at or after `index`, and where the next one begins.
 * @throws SelectorSyntaxError if no token begins there.
 */
export function nextToken(text: string, index: number): { token: Token; end: number } {
  const start = index + (matchAt(spaceAt, text, index)?.[0].length ?? 0);
  const first = text[start];
  if (first === undefined) return { token: { kind: 'end', start }, end: start };
  if (first === '&' || first === '|' || first === '!' || first === '(' || first === ')') {
    return { token: { kind: first, start }, end: start + 1 };
  }
  if (first === '"' || first === "'") return quotedName(text, start, first);
  if (first === '#') return peer(text, start);
  const bare = matchAt(nameAt, text, start)?.[0];
  if (bare === undefined) {
    const found = JSON.stringify(String.fromCodePoint(text.codePointAt(start) ?? 0));
    throw new SelectorSyntaxError(`unexpected ${found}; quote the name it belongs to`, text, start);
  }
  const end = start + bare.length;
  if (bare === 'true' || bare === 'false') {
    return { token: { kind: 'constant', start, value: bare === 'true' }, end };
  }
  return { token: nameToken(text, start, bare), end };
}

function peer(text: string, start: number): { token: Token; end: number } {
  const match = matchAt(peerAt, text, start);
  const id = Number(match?.[1]);
  if (match === undefined || !Number.isSafeInteger(id)) {
    throw new SelectorSyntaxError("expected an endpoint's id, as in #7", text, start);
  }
  return { token: { kind: 'peer', start, id }, end: start + match[0].length };
}

function quotedName(text: string, start: number, quote: string): { token: Token; end: number } {
  let name = '';
  let index = start + 1;
  while (text[index] !== quote) {
    const character = text[index];
    if (character === undefined) {
      throw new SelectorSyntaxError('the quoted name has no end', text, start);
    }
    if (character === '\\') {
      const sequence = matchAt(escapeAt, text, index);
      if (sequence === undefined) throw new SelectorSyntaxError('unknown escape', text, index);
      name += characterOf(sequence, text, index);
      index += sequence[0].length;
    } else {
      name += character;
      index += 1;
    }
  }
  return { token: nameToken(text, start, name), end: index + 1 };
}

function characterOf(sequence: RegExpExecArray, text: string, index: number): string {
  const [, letter, fourDigits, codePoint] = sequence;
  if (letter !== undefined) return escapes[letter] ?? letter;
  const code = Number.parseInt(fourDigits ?? codePoint ?? '', 16);
  if (code > 0x10ffff) {
    throw new SelectorSyntaxError('no character has a number above 10ffff', text, index);
  }
  return String.fromCodePoint(code);
}

// Applies the rules for label strings; an error gets the position of the name.
function nameToken(text: string, start: number, name: string): Token {
  try {
    checkLabelName(name);
  } catch (error) {
    if (!(error instanceof InvalidLabelError)) throw error;
    throw new SelectorSyntaxError(error.message, text, start, { cause: error, limit: error.limit });
  }
  return { kind: 'name', start, name };
}

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | undefined {
  pattern.lastIndex = index;
  return pattern.exec(text) ?? undefined;
}
