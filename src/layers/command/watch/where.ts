// The language of `--where`: comparisons of the fields of a payload, `x > 3 & mode == "heat"`.
//
//   or      = and { "|" and }             also `||`, `or`
//   and     = not { "&" not }             also `&&`, `and`, `,`
//   not     = "!" not | test              also `not`
//   test    = "(" or ")" | value [ operator value ]
//   operator: == = != < <= > >= ~         `~`: a text or list has it in it
//   value   = number | text in quotes | true | false | null | path
//   path    = name { "." name | "[" number "]" }, from `$` on of the message: $bytes, $from.pid
//
// A path alone is true if there is such a field, and it is neither false nor null.
import { UsageError } from '../usage.js';

/** Whether something about a message holds; `message` has its facts, for paths that begin with `$`. */
export type Where = (payload: unknown, message: unknown) => boolean;

type Value = (payload: unknown, message: unknown) => unknown;

const maxDepth = 64;
const tokenAt =
  /\s*(?:(\$?[A-Za-z_][\w$]*|\$)|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(==|!=|<=|>=|&&|\|\||[=<>~&|!(),.[\]]))/y;

interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'sign' | 'end';
  readonly text: string;
}

/**
 * The condition of a text.
 * @throws UsageError that says where it is wrong.
 */
export function parseWhere(text: string): Where {
  const parser = new Parser(text);
  const where = parser.or(0);
  parser.expectEnd();
  return where;
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  or(depth: number): Where {
    if (depth > maxDepth) throw wrong(this.#text, 'nests too deep');
    let left = this.#and(depth);
    while (this.#takes('|', '||', 'or')) {
      const [a, b] = [left, this.#and(depth)];
      left = (payload, message) => a(payload, message) || b(payload, message);
    }
    return left;
  }

  #and(depth: number): Where {
    let left = this.#not(depth);
    while (this.#takes('&', '&&', 'and', ',')) {
      const [a, b] = [left, this.#not(depth)];
      left = (payload, message) => a(payload, message) && b(payload, message);
    }
    return left;
  }

  #not(depth: number): Where {
    let negated = false;
    while (this.#takes('!', 'not')) negated = !negated;
    const test = this.#test(depth);
    return negated ? (payload, message) => !test(payload, message) : test;
  }

  #test(depth: number): Where {
    if (this.#takes('(')) {
      const inner = this.or(depth + 1);
      if (!this.#takes(')')) throw this.#unexpected("')'");
      return inner;
    }
    const left = this.#value();
    const operator = operators.get(this.#token.text);
    if (operator === undefined) {
      return (payload, message) => {
        const value = left(payload, message);
        return value !== undefined && value !== null && value !== false;
      };
    }
    this.#at++;
    const right = this.#value();
    return (payload, message) => operator(left(payload, message), right(payload, message));
  }

  #value(): Value {
    const { kind, text } = this.#token;
    this.#at++;
    if (kind === 'number') return constant(Number(text));
    if (kind === 'text') return constant(unquoted(text));
    if (kind !== 'name') {
      this.#at--;
      throw this.#unexpected('a field, a number or a text in quotes');
    }
    if (text === 'true' || text === 'false') return constant(text === 'true');
    if (text === 'null') return constant(null);
    return this.#path(text);
  }

  #path(first: string): Value {
    const steps: string[] = [];
    const ofMessage = first.startsWith('$');
    const name = ofMessage ? first.slice(1) : first;
    if (name !== '') steps.push(name);
    for (;;) {
      if (this.#takes('.')) {
        const { kind, text } = this.#token;
        if (kind !== 'name') throw this.#unexpected('a name');
        steps.push(text);
        this.#at++;
      } else if (this.#takes('[')) {
        const { kind, text } = this.#token;
        if (kind !== 'number' && kind !== 'text') throw this.#unexpected('a number');
        steps.push(kind === 'text' ? unquoted(text) : text);
        this.#at++;
        if (!this.#takes(']')) throw this.#unexpected("']'");
      } else {
        return (payload, message) => fieldOf(ofMessage ? message : payload, steps);
      }
    }
  }

  expectEnd(): void {
    if (this.#token.kind !== 'end') throw this.#unexpected("'&', '|' or the end");
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #takes(...texts: readonly string[]): boolean {
    const { kind, text } = this.#token;
    if ((kind !== 'sign' && kind !== 'name') || !texts.includes(text)) return false;
    this.#at++;
    return true;
  }

  #unexpected(expected: string): UsageError {
    const { kind, text } = this.#token;
    return wrong(
      this.#text,
      `expected ${expected} ${kind === 'end' ? 'at the end' : `before '${text}'`}`,
    );
  }
}

function tokensOf(text: string): readonly Token[] {
  const scanner = new RegExp(tokenAt);
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  while (scanner.lastIndex < end) {
    const { lastIndex } = scanner;
    const found = scanner.exec(text);
    if (found === null) throw wrong(text, `'${text.slice(lastIndex).trim()}' is not understood`);
    const [, name, number, quoted, sign] = found;
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
  }
  return tokens;
}

function wrong(text: string, what: string): UsageError {
  return new UsageError(`--where '${text}': ${what}`);
}

function constant(value: unknown): Value {
  return () => value;
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** Own fields only: a payload is a peer's. */
function fieldOf(from: unknown, steps: readonly string[]): unknown {
  let value = from;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

type Operator = (a: unknown, b: unknown) => boolean;

const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['==', same],
  ['=', same],
  ['!=', (a, b) => !same(a, b)],
  ['<', (a, b) => ordered(a, b) && comparable(a) < comparable(b)],
  ['<=', (a, b) => ordered(a, b) && comparable(a) <= comparable(b)],
  ['>', (a, b) => ordered(a, b) && comparable(a) > comparable(b)],
  ['>=', (a, b) => ordered(a, b) && comparable(a) >= comparable(b)],
  ['~', contains],
]);

function contains(a: unknown, b: unknown): boolean {
  if (typeof a === 'string') return a.includes(String(b));
  return Array.isArray(a) && a.some((each) => same(each, b));
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a === 'bigint' && typeof b === 'number')
    return a === BigInt(Math.trunc(b)) && Number.isInteger(b);
  if (a instanceof Date) return typeof b === 'string' && a.getTime() === Date.parse(b);
  return a === b;
}

/** Numbers with numbers, texts with texts, times with texts that are times. */
function ordered(a: unknown, b: unknown): boolean {
  const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint';
  if (isNumber(a) && isNumber(b)) return true;
  if (a instanceof Date) return typeof b === 'string' && !Number.isNaN(Date.parse(b));
  return typeof a === 'string' && typeof b === 'string';
}

function comparable(value: unknown): number | string | bigint {
  if (value instanceof Date) return value.toISOString();
  return value as number | string | bigint;
}
