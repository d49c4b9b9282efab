// Splits the TypeScript of an interface into tokens. Knows the literals that such a file has, and
// no more of the language.
import { type FilePlace, InterfaceFileError } from './errors.js';

/** A token, with its offset in the text. */
export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'bigint' | 'sign' | 'end';
  /** The word, the sign, or the value of the string as it is meant. */
  readonly text: string;
  readonly at: number;
  /** The text of the documentation comment before it. */
  readonly doc: string | undefined;
}

const pattern = new RegExp(
  [
    String.raw`(?<space>\s+|\/\/[^\n]*)`,
    String.raw`\/\*(?<comment>[\s\S]*?)\*\/`,
    String.raw`(?<word>[A-Za-z_$][\w$]*)`,
    String.raw`(?<number>-?(?:\d+n|\d+(?:\.\d+)?(?:e-?\d+)?))`,
    String.raw`(?<string>'(?:[^'\\\n]|\\[^\n])*'|"(?:[^"\\\n]|\\[^\n])*")`,
    String.raw`(?<sign>=>|[{}()[\]<>.,:;=|?])`,
  ].join('|'),
  'y',
);

/** The place of an offset, for errors. */
export function placeOf(text: string, at: number, file: string | undefined): FilePlace {
  const before = text.slice(0, at);
  return {
    file,
    line: before.split('\n').length,
    column: at - before.lastIndexOf('\n'),
  };
}

/**
 * The tokens of a text, the last of which is its end.
 * @throws InterfaceFileError at a character that no token begins with.
 */
export function tokensOf(text: string, file: string | undefined): readonly Token[] {
  const tokens: Token[] = [];
  const scanner = new RegExp(pattern);
  let doc: string | undefined;
  while (scanner.lastIndex < text.length) {
    const at = scanner.lastIndex;
    const { space, comment, word, number, string, sign } = scanner.exec(text)?.groups ?? {};
    if (comment !== undefined) {
      if (comment.startsWith('*')) doc = docOf(comment.slice(1));
    } else if (space === undefined) {
      const token = tokenOf(word, number, string, sign);
      if (token === undefined) {
        const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
        throw new InterfaceFileError(
          placeOf(text, at, file),
          `${JSON.stringify(character)} has no place in an interface`,
        );
      }
      tokens.push({ ...token, at, doc });
      doc = undefined;
    }
  }
  tokens.push({ kind: 'end', text: 'the end of the file', at: text.length, doc: undefined });
  return tokens;
}

function tokenOf(
  word: string | undefined,
  number: string | undefined,
  string: string | undefined,
  sign: string | undefined,
): Pick<Token, 'kind' | 'text'> | undefined {
  if (word !== undefined) return { kind: 'word', text: word };
  if (number?.endsWith('n')) return { kind: 'bigint', text: number.slice(0, -1) };
  if (number !== undefined) return { kind: 'number', text: number };
  if (string !== undefined) return { kind: 'string', text: unquoted(string) };
  return sign === undefined ? undefined : { kind: 'sign', text: sign };
}

const escapes: Readonly<Record<string, string>> = {
  ...{ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', 0: '\0' },
};

function unquoted(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\s\S]))/g, (_, four, two, one) => {
      const code: string | undefined = four ?? two;
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      return escapes[one] ?? one;
    });
}

/** The text of a documentation comment without its frame of asterisks. */
function docOf(comment: string): string {
  const rows = comment.split('\n').map((row) => row.replace(/^\s*\* ?/, '').trimEnd());
  return rows.length === 1 ? comment.trim() : rows.join('\n').trim();
}
