// What a database and a transaction have in common: they run statements, by calls to a reader or to
// the writer.
import type { CallOptions, ClientOf } from '../../rpc/index.js';
import { checkBoolean, checkKeys, refused } from '../checks.js';
import { StatementRefusedError, sqlError } from '../errors.js';
import type { SqlService } from '../service.js';
import { Refusal } from '../text/classify.js';
import { type StatementText, statementOf } from '../text/statements.js';
import { packInput, ValuesPacker } from '../values.js';
import { type BatchStep, type Outcome, outcomeOf } from './batch.js';
import { columnsOf, type IntegerMode, type SqlColumn, SqlResult, type SqlRow } from './result.js';
import { RowStream } from './rows.js';
import { isList, parametersOf, type SqlStatement, type StatementParameters } from './sql.js';

/** Options of a call that runs statements. */
export interface SqlCallOptions {
  /** Milliseconds until the call rejects with a `DeadlineError` of `busbar/rpc`. */
  readonly timeout?: number | undefined;
  /** Aborting it cancels the call. A statement that is running is not interrupted. */
  readonly signal?: AbortSignal | undefined;
  /** Whether `columns` have their `origin`. Default: false. */
  readonly origins?: boolean | undefined;
}

/** What a statement is, by {@link SqlRunner.describe}. */
export interface SqlDescription {
  /** The columns of its result. */
  readonly columns: readonly SqlColumn[];
  /** The names of its parameters, or their numbers from 1. */
  readonly parameters: readonly string[];
  /** Whether it changes nothing. */
  readonly readOnly: boolean;
}

/** How a runner turns values. */
export interface ValueModes {
  readonly integers: IntegerMode;
  readonly booleans: boolean;
}

type Client = ClientOf<typeof SqlService>;

/** Where the calls of a runner go. */
export interface Route {
  readonly client: Client;
  /** For a transaction: its endpoint. */
  readonly to?: CallOptions['to'];
}

/** Runs statements. */
export abstract class SqlRunner {
  readonly #modes: ValueModes;

  /** @internal */
  constructor(modes: ValueModes) {
    this.#modes = modes;
  }

  /**
   * Runs a statement and returns its rows: db.query`select * from users where id = ${id}`, or
   * `db.query(statement, options)`.
   * @throws SqliteError, StatementRefusedError, ResultTooLargeError, TransactionOverError, and the
   * errors of calls.
   */
  async query<Row = SqlRow>(
    ...statement: StatementParameters<SqlCallOptions>
  ): Promise<readonly Row[]> {
    const { rows } = await this.#run<Row>(statement);
    return rows;
  }

  /** As {@link query}, but returns the first row only; `undefined` if there is none. */
  async get<Row = SqlRow>(
    ...statement: StatementParameters<SqlCallOptions>
  ): Promise<Row | undefined> {
    const { rows } = await this.#run<Row>(statement);
    return rows[0];
  }

  /** As {@link query}, but returns all that is known: columns, changes, rowid. */
  execute<Row = SqlRow>(
    ...statement: StatementParameters<SqlCallOptions>
  ): Promise<SqlResult<Row>> {
    return this.#run<Row>(statement);
  }

  /** Streams the rows of a statement that changes nothing. See {@link RowStream}. */
  stream<Row = SqlRow>(...statement: StatementParameters<SqlCallOptions>): RowStream<Row> {
    const [given, options] = parametersOf(statement);
    const args = this.#args(given, options);
    const { client, to } = this.route('read');
    const items = client.stream({ ...args, ...this.transactionArgs() }, this.#options(options, to));
    return new RowStream<Row>(items, this.#modes.integers, (error) => this.errorOf(error));
  }

  /**
   * Runs statements in one transaction, with one message: all of them, or none if one fails.
   * @throws As {@link query}; the error's `step` says which one.
   */
  async batch(
    statements: readonly (SqlStatement | string)[],
    options?: SqlCallOptions,
  ): Promise<readonly SqlResult[]> {
    const outcomes = await this.#batch(
      statements.map((statement) => ({ statement })),
      true,
      options,
    );
    return outcomes.map(({ result }) => result as SqlResult);
  }

  /**
   * Runs statements in one transaction of which each may fail, or depend on others; only what fails
   * is undone.
   */
  batchEach(steps: readonly BatchStep[], options?: SqlCallOptions): Promise<readonly Outcome[]> {
    return this.#batch(steps, false, options);
  }

  /** Runs all statements of a text, without parameters, in one transaction. */
  async script(text: string, options?: SqlCallOptions): Promise<readonly SqlResult[]> {
    if (typeof text !== 'string') throw refused('the script is no text');
    const { client, to } = this.route('write');
    try {
      const results = await client.script(
        { sql: text, ...this.transactionArgs() },
        this.#options(options, to),
      );
      return results.map((result) => new SqlResult(result, this.#modes.integers));
    } catch (error) {
      throw this.errorOf(error);
    }
  }

  /** Compiles a statement, without running it, and says what it is. */
  async describe(text: string, options?: SqlCallOptions): Promise<SqlDescription> {
    const { client, to } = this.route('read');
    try {
      const found = await client.describe({ sql: text }, this.#options(options, to));
      const { parameters, kind } = found;
      return { columns: columnsOf(found), parameters, readOnly: kind === 'read' };
    } catch (error) {
      throw this.errorOf(error);
    }
  }

  /** @internal Where calls go. */
  protected abstract route(kind: 'read' | 'write'): Route;

  /** @internal The arguments that name a transaction. */
  protected abstract transactionArgs(): { readonly transaction?: number };

  /** @internal What a call's signal is joined with. */
  protected signalOf(given: AbortSignal | undefined): AbortSignal | undefined {
    return given;
  }

  /** @internal The error of this layer for one of a call. */
  protected errorOf(error: unknown): unknown {
    return sqlError(error);
  }

  // Its regions are copies of this layer, closed when the call is over.
  #options(options: SqlCallOptions | undefined, to: CallOptions['to']): CallOptions {
    return { timeout: options?.timeout, signal: this.signalOf(options?.signal), give: true, to };
  }

  async #run<Row>(given: StatementParameters<SqlCallOptions>): Promise<SqlResult<Row>> {
    const [statement, options] = parametersOf(given);
    const { kind } = this.#judged(statement);
    const args = { ...this.#args(statement, options), ...this.transactionArgs() };
    try {
      const { client, to } = this.route(kind === 'read' ? 'read' : 'write');
      const how = this.#options(options, to);
      const result = await (kind === 'read' ? client.query(args, how) : client.execute(args, how));
      return new SqlResult<Row>(result, this.#modes.integers);
    } catch (error) {
      throw this.errorOf(error);
    }
  }

  async #batch(
    steps: readonly BatchStep[],
    atomic: boolean,
    options: SqlCallOptions | undefined,
  ): Promise<readonly Outcome[]> {
    if (!Array.isArray(steps)) throw refused('a batch is an array of statements');
    const { client, to } = this.route('write');
    const packed = steps.map(({ statement, ifDone, ifFailed }: BatchStep) => {
      const [own] = parametersOf<SqlCallOptions>([statement]);
      return {
        ...this.#args(own, options),
        ...(ifDone === undefined ? {} : { ifDone: [...ifDone] }),
        ...(ifFailed === undefined ? {} : { ifFailed: [...ifFailed] }),
      };
    });
    try {
      const outcomes = await client.batch(
        { steps: packed, atomic, ...this.transactionArgs() },
        this.#options(options, to),
      );
      return outcomes.map((outcome, step) => outcomeOf(outcome, step, this.#modes.integers));
    } catch (error) {
      throw this.errorOf(error);
    }
  }

  #judged({ text }: SqlStatement): StatementText {
    try {
      return statementOf(text);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new StatementRefusedError(error.message, error.reason);
    }
  }

  #args({ text, values }: SqlStatement, options: SqlCallOptions | undefined) {
    const { origins } = checkKeys('a statement', options, ['timeout', 'signal', 'origins']);
    const asked = origins === undefined ? {} : { origins: checkBoolean('origins', origins) };
    if (values === undefined) return { sql: text, ...asked };
    const packer = new ValuesPacker();
    const names = isList(values) ? undefined : Object.keys(values);
    try {
      for (const value of isList(values) ? values : Object.values(values)) {
        packInput(packer, value, this.#modes.booleans, refused);
      }
    } catch (error) {
      packer.drop();
      throw error;
    }
    return {
      sql: text,
      values: packer.take(),
      ...(names === undefined ? {} : { names }),
      ...asked,
    };
  }
}
