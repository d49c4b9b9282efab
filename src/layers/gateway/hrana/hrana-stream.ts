// A stream of Hrana: statements of one caller in order, with at most one transaction. BEGIN, COMMIT
// and ROLLBACK are texts to Hrana's clients; here they begin and end a transaction of the database,
// which belongs to this process and ends with it.
import type { Database, SqlResult, SqlTransaction } from '../../sql/index.js';
import { Refusal } from '../http/refusal.js';
import {
  columnsOf,
  errorOf,
  resultOf,
  type Sent,
  sentList,
  sentObject,
  statementOf,
  textOf,
} from './values.js';

/** Steps of one batch, and texts that are stored in one stream. */
const mostSteps = 1000;
/** Levels of conditions within each other. */
const mostLevels = 20;

const control = /^\s*(begin|commit|end|rollback)\b\s*([\w\s]*?)\s*;?\s*$/i;

/** What became of the steps of a batch. */
interface Steps {
  readonly results: (SqlResult | undefined)[];
  readonly errors: (unknown | undefined)[];
}

/** One stream. */
export class HranaStream {
  readonly #database: Database;
  readonly #readOnly: boolean;
  readonly #stop = new AbortController();
  readonly #stored = new Map<number, string>();
  #transaction: SqlTransaction | undefined;
  #closed = false;

  constructor(database: Database, readOnly: boolean) {
    this.#database = database;
    this.#readOnly = readOnly;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether each statement is a transaction of its own. */
  get autocommit(): boolean {
    return this.#transaction === undefined || this.#transaction.over !== undefined;
  }

  /** Answers one request of a pipeline. Never rejects. */
  async answer(given: unknown): Promise<object> {
    try {
      return { type: 'ok', response: await this.#response(sentObject(given, 'a request')) };
    } catch (error) {
      return { type: 'error', error: errorOf(error) };
    }
  }

  /** Rolls back, and takes nothing more. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop.abort(new Error('the stream is closed'));
    const transaction = this.#transaction;
    this.#transaction = undefined;
    if (transaction !== undefined && transaction.over === undefined) {
      await transaction.rollback().catch(() => undefined);
    }
  }

  /** The steps of a batch, one after the other; `took` hears of each. */
  async batch(
    given: unknown,
    took: (step: number, result: SqlResult | undefined, error: unknown) => void,
  ): Promise<Steps> {
    const { steps } = sentObject(given, 'a batch');
    const list = sentList(steps, 'steps', mostSteps).map((step) => sentObject(step, 'a step'));
    const done: Steps = { results: [], errors: [] };
    for (const [at, { condition, stmt }] of list.entries()) {
      done.results.push(undefined);
      done.errors.push(undefined);
      if (condition !== undefined && condition !== null && !this.#holds(condition, done, 0))
        continue;
      try {
        done.results[at] = await this.#execute(stmt);
      } catch (error) {
        done.errors[at] = error;
      }
      took(at, done.results[at], done.errors[at]);
    }
    return done;
  }

  async #response(request: Sent): Promise<object> {
    const { type } = request;
    if (this.#closed) throw new Refusal('BAD_REQUEST', 'the stream is closed');
    switch (type) {
      case 'close':
        await this.close();
        return { type };
      case 'execute': {
        const { stmt } = request;
        const wantsRows = sentObject(stmt, 'stmt').want_rows !== false;
        return { type, result: resultOf(await this.#execute(stmt), wantsRows) };
      }
      case 'batch': {
        const { results, errors } = await this.batch(request.batch, () => undefined);
        return {
          type,
          result: {
            step_results: results.map((each) => (each === undefined ? null : resultOf(each, true))),
            step_errors: errors.map((each) => (each === undefined ? null : errorOf(each))),
          },
        };
      }
      case 'sequence':
        await this.#runner.script(textOf(request.sql, request.sql_id, this.#stored), this.#options);
        return { type };
      case 'describe':
        return { type, result: await this.#describe(request) };
      case 'store_sql':
        this.#store(request);
        return { type };
      case 'close_sql':
        if (typeof request.sql_id === 'number') this.#stored.delete(request.sql_id);
        return { type };
      case 'get_autocommit':
        return { type, is_autocommit: this.autocommit };
      default:
        throw new Refusal('BAD_REQUEST', `there is no request '${String(type)}'`);
    }
  }

  get #options(): { readonly signal: AbortSignal } {
    return { signal: this.#stop.signal };
  }

  get #runner(): Database | SqlTransaction {
    return this.#transaction ?? this.#database;
  }

  async #execute(given: unknown): Promise<SqlResult> {
    const statement = statementOf(given, this.#stored);
    const [, word, rest = ''] = control.exec(statement.text) ?? [];
    // `rollback to` a savepoint is a statement like any other.
    if (word === undefined || /^to\b|\bto\b/i.test(rest)) {
      return this.#runner.execute(statement, this.#options);
    }
    if (word.toLowerCase() === 'begin') await this.#begin(rest);
    else await this.#finish(word.toLowerCase() !== 'rollback');
    return nothing;
  }

  async #begin(rest: string): Promise<void> {
    if (!this.autocommit) throw new Refusal('BAD_REQUEST', 'a transaction is open already');
    const mode = this.#readOnly || /\breadonly\b/i.test(rest) ? 'read' : 'write';
    this.#transaction = await this.#database.transaction({ mode, ...this.#options });
  }

  async #finish(commits: boolean): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    if (transaction === undefined) throw new Refusal('BAD_REQUEST', 'no transaction is open');
    if (commits) await transaction.commit();
    else if (transaction.over === undefined) await transaction.rollback();
  }

  async #describe({ sql, sql_id: id }: Sent): Promise<object> {
    const text = textOf(sql, id, this.#stored);
    const { columns, parameters, readOnly } = await this.#runner.describe(text, this.#options);
    return {
      params: parameters.map((name) => ({ name: /^\d+$/.test(String(name)) ? null : name })),
      cols: columnsOf(columns),
      is_explain: /^\s*explain\b/i.test(text),
      is_readonly: readOnly,
    };
  }

  #store({ sql: text, sql_id: id }: Sent): void {
    if (typeof text !== 'string' || typeof id !== 'number' || !Number.isInteger(id)) {
      throw new Refusal('BAD_REQUEST', 'store_sql needs a text and an integer');
    }
    if (this.#stored.has(id)) throw new Refusal('BAD_REQUEST', `there is a text ${id} already`);
    if (this.#stored.size >= mostSteps) throw new Refusal('TOO_MANY', 'too many texts are stored');
    this.#stored.set(id, text);
  }

  #holds(given: unknown, done: Steps, level: number): boolean {
    if (level > mostLevels) throw new Refusal('BAD_REQUEST', 'a condition is nested too deeply');
    const { type, step, cond, conds } = sentObject(given, 'a condition');
    const inner = () =>
      sentList(conds, 'conds', mostSteps).map((each) => this.#holds(each, done, level + 1));
    switch (type) {
      case 'ok':
        return typeof step === 'number' && done.results[step] !== undefined;
      case 'error':
        return typeof step === 'number' && done.errors[step] !== undefined;
      case 'not':
        return !this.#holds(cond, done, level + 1);
      case 'and':
        return inner().every((each) => each);
      case 'or':
        return inner().some((each) => each);
      case 'is_autocommit':
        return this.autocommit;
      default:
        throw new Refusal('BAD_REQUEST', `there is no condition '${String(type)}'`);
    }
  }
}

const nothing = { columns: [], arrays: [], changes: 0 } as unknown as SqlResult;
