// connectDatabase(): a client of a database that is served.
import { label as labelled } from '../../../index.js';
import { type Bus, type ClientOf, connect } from '../../rpc/index.js';
import { checkKeys, checkText, checkWord, refused } from '../checks.js';
import { StatementRefusedError, sqlError, type TransactionHolder } from '../errors.js';
import { roles } from '../server/worker-data.js';
import { SqlService } from '../service.js';
import type { IntegerMode } from './result.js';
import { type Route, type SqlCallOptions, SqlRunner } from './runner.js';
import { SqlTransaction, type TransactionOptions } from './transaction.js';
import { type TableChanges, watched } from './watch.js';

/** Options of {@link connectDatabase}. */
export interface ConnectDatabaseOptions {
  /** `timeout` of every call that gives none, in milliseconds. Default: none. */
  readonly timeout?: number | undefined;
  /**
   * How integers arrive: `'number'`, those beyond 53 bits as bigint; or `'bigint'`, all of them.
   * Default: `'number'`.
   */
  readonly integers?: IntegerMode | undefined;
  /** Whether `true` and `false` are taken as values, as 1 and 0, or refused. Default: `'refuse'`. */
  readonly booleans?: 'integer' | 'refuse' | undefined;
  /** Refuses, here already, what changes the database. Default: false. */
  readonly readOnly?: boolean | undefined;
}

/** What the writer of a database is doing. */
export interface DatabaseStatus {
  /** The path of the file, at the server. */
  readonly file: string;
  /** The driver. */
  readonly engine: string;
  /** The version of SQLite. */
  readonly version: string;
  /** Writes and transactions that wait. */
  readonly waiting: number;
  /** Commits since the start. */
  readonly commits: number;
  /** Writes that shared their commit with others. */
  readonly grouped: number;
  /** Who has the write transaction. */
  readonly holder: TransactionHolder | undefined;
}

type Client = ClientOf<typeof SqlService>;

/** A database that another thread or process serves. Made by {@link connectDatabase}. */
export class Database extends SqlRunner implements AsyncDisposable {
  readonly #reader: Client;
  readonly #writer: Client;
  readonly #integers: IntegerMode;
  readonly #booleans: boolean;
  readonly #readOnly: boolean;

  /** @internal */
  constructor(
    reader: Client,
    writer: Client,
    integers: IntegerMode,
    booleans: boolean,
    readOnly: boolean,
  ) {
    super({ integers, booleans });
    this.#reader = reader;
    this.#writer = writer;
    this.#integers = integers;
    this.#booleans = booleans;
    this.#readOnly = readOnly;
  }

  /**
   * Begins a transaction; resolves when it is active. Write transactions begin in the order in which
   * they were asked for, among all writes.
   * @throws TransactionWaitError, which says who has the transaction, and the errors of calls.
   */
  async transaction(options?: TransactionOptions): Promise<SqlTransaction> {
    const mode = options?.mode ?? 'write';
    const modes = { integers: this.#integers, booleans: this.#booleans };
    return SqlTransaction.begin(this.route(mode === 'read' ? 'read' : 'write'), modes, options);
  }

  /** Runs `work` in a transaction, which is committed if it returns and rolled back if it throws. */
  async inTransaction<T>(
    work: (transaction: SqlTransaction) => T | PromiseLike<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    await using transaction = await this.transaction(options);
    const value = await work(transaction);
    await transaction.commit();
    return value;
  }

  /**
   * Iterates over the changes of tables, as they are committed, by whichever caller. Rows that other
   * programs change in the file itself are not listed: their tables come as `'any'`.
   */
  watch(
    tables: readonly string[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): AsyncGenerator<TableChanges, void, undefined> {
    const { signal } = checkKeys('watch()', options, ['signal']);
    if (!Array.isArray(tables)) throw refused('watch() takes an array of names of tables');
    const names = tables.map((name) => checkText('a table', name));
    return watched(() => this.#writer.watch({ tables: names }, { signal }), this.#integers, signal);
  }

  /** Tells what the writer is doing, and who has the write transaction. */
  async status(options?: SqlCallOptions): Promise<DatabaseStatus> {
    try {
      const {
        at: _,
        holder,
        ...rest
      } = await this.#writer.status({
        timeout: options?.timeout,
        signal: options?.signal,
      });
      return { ...rest, holder };
    } catch (error) {
      throw sqlError(error);
    }
  }

  /** Cancels the calls under way, and rolls back the transactions. */
  async close(): Promise<void> {
    await Promise.all([this.#reader.close(), this.#writer.close()]);
  }

  /** Closes it, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  protected override route(kind: 'read' | 'write'): Route {
    if (kind === 'read') return { client: this.#reader };
    if (this.#readOnly) {
      throw new StatementRefusedError('this connection is for reading only', 'read-only');
    }
    return { client: this.#writer };
  }

  /** @internal */
  protected override transactionArgs(): Record<never, never> {
    return {};
  }
}

/**
 * Connects to a database by its label. Resolves as soon as the bus is joined; calls wait until a
 * server is there.
 * @throws SqlArgumentError if an argument is wrong, and what `connect` of `busbar/rpc` throws.
 */
export async function connectDatabase(
  bus: Bus,
  label: string,
  options?: ConnectDatabaseOptions,
): Promise<Database> {
  const names = ['timeout', 'integers', 'booleans', 'readOnly'];
  const given = checkKeys('connectDatabase()', options, names);
  const own = labelled(checkText('the label', label));
  const integers = checkWord('integers', given.integers ?? 'number', ['number', 'bigint']);
  const booleans = checkWord('booleans', given.booleans ?? 'refuse', ['integer', 'refuse']);
  const { timeout } = given;
  const open = (role: string) => connect(bus, SqlService, { to: own.and(role), timeout });
  const reader = await open(roles.reader);
  const writer = await open(roles.writer);
  return new Database(reader, writer, integers, booleans === 'integer', given.readOnly === true);
}
