// Statements in a text: where each ends, what it does, and its parameters. A statement is analysed
// once; the last ones are remembered by their text.
import { classify, Refusal, type StatementKind } from './classify.js';
import { type Token, tokensOf } from './tokens.js';

/** The longest text of SQL, in UTF-16 units. */
export const maxSqlLength = 1_000_000;
/** The most parameters of a statement: SQLite's limit. */
const maxParameters = 32_766;

/** A statement as this layer knows it. */
export interface StatementText {
  /** Its text as written. */
  readonly text: string;
  /** Its text with each parameter as `?`, so that all drivers bind alike, in order. */
  readonly sql: string;
  /** What it does. */
  readonly kind: StatementKind;
  /** For each `?` of {@link sql} the value that it gets: its place from 0, or its name. */
  readonly slots: readonly (number | string)[];
  /** How many values it takes by place. */
  readonly places: number;
  /** The names that it takes values by, without their sign. */
  readonly names: readonly string[];
}

const remembered = new Map<string, StatementText>();
const maxRemembered = 500;
const maxRememberedLength = 20_000;

/**
 * The one statement of a text.
 * @throws Refusal if it has none or several, or no caller may run it.
 */
export function statementOf(sql: string): StatementText {
  const known = remembered.get(sql);
  if (known !== undefined) return known;
  const [first, second] = split(sql);
  if (first === undefined) throw new Refusal('empty', 'the text has no statement');
  if (second !== undefined) {
    throw new Refusal('several', 'the text has several statements; use script() for them');
  }
  const statement = analyse(sql, first);
  if (sql.length <= maxRememberedLength) {
    // The oldest goes: texts that are made anew each time come once.
    if (remembered.size >= maxRemembered) remembered.delete(remembered.keys().next().value ?? '');
    remembered.set(sql, statement);
  }
  return statement;
}

/**
 * All statements of a text.
 * @throws Refusal if no caller may run one of them, or the text is too long.
 */
export function statementsOf(sql: string): StatementText[] {
  return split(sql).map((tokens) => analyse(sql, tokens));
}

function split(sql: string): Token[][] {
  if (sql.length > maxSqlLength) {
    throw new Refusal('too-long', `the text is ${sql.length} long; the limit is ${maxSqlLength}`);
  }
  // SQLite stops reading there.
  if (sql.includes('\0')) throw new Refusal('values', 'the text has a NUL; give it as a value');
  const statements: Token[][] = [];
  let own: Token[] = [];
  for (const token of tokensOf(sql)) {
    if (token.kind === 'sign' && token.text === ';' && !inTrigger(own)) {
      if (own.length > 0) statements.push(own);
      own = [];
    } else {
      own.push(token);
    }
  }
  if (own.length > 0) statements.push(own);
  return statements;
}

// The statements of a trigger end with semicolons, and the last one is followed by END.
function inTrigger(tokens: readonly Token[]): boolean {
  if (tokens[0]?.text !== 'CREATE' && tokens[0]?.text !== 'EXPLAIN') return false;
  const at = tokens.findIndex(({ text }) => text === 'CREATE');
  const temporary = ['TEMP', 'TEMPORARY'].includes(tokens[at + 1]?.text ?? '');
  if (tokens[at + (temporary ? 2 : 1)]?.text !== 'TRIGGER') return false;
  return !(tokens.at(-1)?.text === 'END' && tokens.at(-2)?.text === ';');
}

function analyse(whole: string, tokens: readonly Token[]): StatementText {
  const kind = classify(tokens);
  const slots: (number | string)[] = [];
  const names: string[] = [];
  let places = 0;
  let sql = '';
  let at = tokens[0]?.from ?? 0;
  for (const token of tokens) {
    if (token.kind !== 'parameter') continue;
    const { text } = token;
    let slot: number | string;
    if (text.startsWith('?')) {
      slot = text === '?' ? places : Number(text.slice(1)) - 1;
      if (slot < 0 || slot >= maxParameters) {
        throw new Refusal('parameters', `${text} is not between ?1 and ?${maxParameters}`);
      }
      places = Math.max(places, slot + 1);
    } else {
      slot = text.slice(1);
      if (!names.includes(slot)) names.push(slot);
    }
    slots.push(slot);
    sql += `${whole.slice(at, token.from)}?`;
    at = token.to;
  }
  sql += whole.slice(at, tokens.at(-1)?.to);
  if (places > 0 && names.length > 0) {
    throw new Refusal('parameters', 'the statement has parameters with and without names');
  }
  const text = whole.slice(tokens[0]?.from, tokens.at(-1)?.to);
  return { text, sql, kind, slots, places, names };
}
