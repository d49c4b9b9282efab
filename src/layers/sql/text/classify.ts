// What kind of statement a text is, and the statements that no caller may run. The drivers do not
// all have SQLite's authorizer, so this is decided from the words of the statement.
import { nameOf, type Token } from './tokens.js';

/** What a statement does. */
export type StatementKind =
  /** Changes nothing. */
  | 'read'
  /** Changes rows and counts them. */
  | 'change'
  /** Changes the schema, or a number in the file's header. */
  | 'schema'
  /** Cannot run inside a transaction. */
  | 'alone'
  /** `SAVEPOINT`, `RELEASE` and `ROLLBACK TO`: only in a transaction of the caller. */
  | 'savepoint';

/** Why a statement is not run. */
export type RefusalReason =
  | 'attach'
  | 'empty'
  | 'parameters'
  | 'pragma'
  | 'read-only'
  | 'savepoint'
  | 'several'
  | 'temporary'
  | 'too-long'
  | 'transaction'
  | 'vacuum-into'
  | 'values';

/** A statement is not run. */
export class Refusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Names that begin so are this layer's own. */
export const ownPrefix = 'busbar_';

const changing = new Set(['INSERT', 'REPLACE', 'UPDATE', 'DELETE']);
const shaping = new Set(['CREATE', 'DROP', 'ALTER', 'REINDEX', 'ANALYZE']);

/** Pragmas that only read, with or without an argument in parentheses. */
const readingPragmas = new Set(
  `collation_list compile_options database_list foreign_key_check foreign_key_list function_list
  index_info index_list index_xinfo integrity_check module_list pragma_list quick_check
  table_info table_list table_xinfo`.split(/\s+/),
);
/** Pragmas that tell a setting, and may not set it. */
const tellingPragmas = new Set(
  `application_id auto_vacuum busy_timeout cache_size data_version defer_foreign_keys encoding
  foreign_keys freelist_count journal_mode max_page_count mmap_size page_count page_size
  query_only recursive_triggers schema_version secure_delete synchronous temp_store user_version
  wal_autocheckpoint`.split(/\s+/),
);
/** Pragmas that change the file in a way that concerns no other caller. */
const settingPragmas = new Set(['application_id', 'user_version', 'defer_foreign_keys']);
/** Pragmas that tidy up, outside a transaction. */
const tidyingPragmas = new Set(['incremental_vacuum', 'optimize', 'wal_checkpoint']);

/**
 * What the statement of these tokens does.
 * @throws Refusal if no caller may run it.
 */
export function classify(tokens: readonly Token[]): StatementKind {
  const [first, second, third] = tokens;
  if (first?.kind !== 'word') return 'read';
  switch (first.text) {
    case 'EXPLAIN': {
      const plan = second?.text === 'QUERY' && third?.text === 'PLAN';
      const inner = tokens.slice(plan ? 3 : 1);
      // Some pragmas act as soon as they are compiled.
      if (inner[0]?.text === 'PRAGMA') refuse('pragma', 'EXPLAIN of a PRAGMA is not run');
      return 'read';
    }
    case 'WITH':
      return afterWith(tokens);
    case 'PRAGMA':
      return pragma(tokens);
    case 'VACUUM':
      if (tokens.some(({ text }) => text === 'INTO')) {
        refuse('vacuum-into', 'VACUUM INTO writes another file, which no caller may choose');
      }
      return 'alone';
    case 'ATTACH':
    case 'DETACH':
      refuse('attach', `${first.text} is refused: a connection has the one file that is served`);
      break;
    case 'BEGIN':
    case 'COMMIT':
    case 'END':
      refuse('transaction', `${first.text} is refused: begin and end transactions by calls`);
      break;
    case 'ROLLBACK':
      if (!tokens.some(({ text }) => text === 'TO')) {
        refuse('transaction', 'ROLLBACK is refused: begin and end transactions by calls');
      }
      refuseOwn(tokens.at(-1));
      return 'savepoint';
    case 'SAVEPOINT':
    case 'RELEASE':
      refuseOwn(tokens.at(-1));
      return 'savepoint';
    default:
  }
  if (changing.has(first.text)) {
    refuseTemporary(tokens);
    return 'change';
  }
  if (!shaping.has(first.text)) return 'read';
  refuseTemporary(tokens);
  for (const token of tokens) if (token.kind !== 'text') refuseOwn(token);
  return 'schema';
}

function refuse(reason: RefusalReason, message: string): never {
  throw new Refusal(reason, message);
}

function refuseOwn(token: Token | undefined): void {
  if (nameOf(token)?.startsWith(ownPrefix)) {
    refuse('savepoint', `names that begin with ${ownPrefix} belong to this service`);
  }
}

// Connections serve many callers, and what is temporary belongs to its connection.
function refuseTemporary(tokens: readonly Token[]): void {
  const [, second] = tokens;
  const named = tokens.some((token, at) => {
    const name = nameOf(token);
    return (name === 'temp' || name === 'temporary') && tokens[at + 1]?.text === '.';
  });
  if (named || second?.text === 'TEMP' || second?.text === 'TEMPORARY') {
    refuse('temporary', 'temporary tables are refused: callers share the connections');
  }
}

// The first keyword behind the common table expressions, which are in parentheses.
function afterWith(tokens: readonly Token[]): StatementKind {
  let depth = 0;
  for (const [at, { kind, text }] of tokens.entries()) {
    if (text === '(' && kind === 'sign') depth++;
    else if (text === ')' && kind === 'sign') depth--;
    if (depth !== 0 || at === 0 || kind !== 'word') continue;
    const next = tokens[at + 1]?.text;
    // A name that is also a keyword.
    if (next === 'AS' || next === '(' || next === ',') continue;
    if (text === 'SELECT' || text === 'VALUES') return 'read';
    if (changing.has(text)) {
      refuseTemporary(tokens);
      return 'change';
    }
  }
  return 'read';
}

function pragma(tokens: readonly Token[]): StatementKind {
  const schema = tokens[2]?.text === '.';
  const name = nameOf(tokens[schema ? 3 : 1]) ?? '';
  const rest = tokens.slice(schema ? 4 : 2).filter(({ text }) => text !== ';');
  if (schema && nameOf(tokens[1]) === 'temp') refuse('temporary', 'there is no temporary schema');
  if (readingPragmas.has(name)) return 'read';
  if (tidyingPragmas.has(name)) return 'alone';
  if (rest.length === 0 && tellingPragmas.has(name)) return 'read';
  if (settingPragmas.has(name)) return 'schema';
  return refuse('pragma', `PRAGMA ${name} is refused: it concerns all callers of the connection`);
}
