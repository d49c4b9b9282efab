// The words of SQL as SQLite reads them: enough to find statements, keywords and parameters, and no
// grammar. SQLite itself judges everything else.

/** What a token is. */
export type TokenKind = 'word' | 'quoted' | 'text' | 'parameter' | 'number' | 'sign';

/** A token of SQL; comments and white space are none. */
export interface Token {
  readonly kind: TokenKind;
  /** Where it begins, in UTF-16 units. */
  readonly from: number;
  /** Where it ends. */
  readonly to: number;
  /** As written; words in capital letters. */
  readonly text: string;
}

// Sticky expressions, tried in this order. A quoted name or a text that does not end is one token
// until the end: SQLite refuses it.
const skipped = /(?:[ \t\n\f\r\ufeff]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))+/y;
const rules: readonly (readonly [TokenKind, RegExp])[] = [
  ['text', /[xX]?'(?:[^']+|'')*'?/y],
  ['quoted', /"(?:[^"]+|"")*"?|`(?:[^`]+|``)*`?|\[[^\]]*\]?/y],
  [
    'parameter',
    /\?\d*|[:@#][\w$\u0080-\uffff]+|\$[\w$\u0080-\uffff]+(?:::[\w$\u0080-\uffff]*)*(?:\([^ \t\n\f\r)]*\))?/y,
  ],
  ['word', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ['number', /(?:0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?)/y],
  ['sign', /[\s\S]/y],
];

/** The tokens of a text, in order. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at = matchAt(skipped, sql, at) ?? at;
    if (at >= sql.length) return tokens;
    for (const [kind, rule] of rules) {
      const to = matchAt(rule, sql, at);
      if (to === undefined) continue;
      const written = sql.slice(at, to);
      tokens.push({ kind, from: at, to, text: kind === 'word' ? written.toUpperCase() : written });
      at = to;
      break;
    }
  }
}

function matchAt(rule: RegExp, sql: string, at: number): number | undefined {
  rule.lastIndex = at;
  return rule.test(sql) && rule.lastIndex > at ? rule.lastIndex : undefined;
}

/** The name that a word or a quoted name stands for, in lower case; `undefined` for other tokens. */
export function nameOf(token: Token | undefined): string | undefined {
  if (token?.kind === 'word') return token.text.toLowerCase();
  if (token?.kind === 'text') return token.text.slice(1, -1).replaceAll("''", "'").toLowerCase();
  if (token?.kind !== 'quoted') return undefined;
  const [open = ''] = token.text;
  const inner = token.text.slice(1, -1);
  return (open === '[' ? inner : inner.replaceAll(open + open, open)).toLowerCase();
}
