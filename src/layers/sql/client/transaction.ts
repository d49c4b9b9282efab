// A transaction of this program: it lives as long as the stream that is read here.
import { label } from '../../../index.js';
import { CancelledError, DeadlineError } from '../../rpc/index.js';
import { checkKeys, checkWhole, checkWord, refused } from '../checks.js';
import {
  StatementRefusedError,
  sqlError,
  type TransactionHolder,
  TransactionOverError,
  TransactionWaitError,
} from '../errors.js';
import { type Route, SqlRunner, type ValueModes } from './runner.js';

/** What a transaction waits for. */
export interface TransactionWait {
  /** How many writes and transactions are before it. */
  readonly ahead: number;
  /** Who has the write transaction; `undefined` for plain writes, or a program outside of the bus. */
  readonly holder: TransactionHolder | undefined;
}

/** Options of `transaction`. */
export interface TransactionOptions {
  /**
   * `'write'`: it has all of the database's writes for itself; `'read'`: it sees one snapshot, beside
   * any number of others. Default: `'write'`.
   */
  readonly mode?: 'read' | 'write' | undefined;
  /** Milliseconds until it must be active; then it rejects with a `TransactionWaitError`. */
  readonly wait?: number | undefined;
  /** Milliseconds until it is rolled back, waiting included. */
  readonly timeout?: number | undefined;
  /** Milliseconds without a call until it is rolled back. Default: that of the server. */
  readonly idle?: number | undefined;
  /** Aborting it rolls back. */
  readonly signal?: AbortSignal | undefined;
  /** Called with what it waits for, each time that changes. */
  readonly onWait?: ((wait: TransactionWait) => void) | undefined;
}

const names = ['mode', 'wait', 'timeout', 'idle', 'signal', 'onWait'];
const maxTime = 0x7fff_ffff;

/**
 * A transaction. It ends by `commit` or `rollback`, when it leaves its `await using` scope, when this
 * process dies, when its signal is aborted, or when no call comes for too long; all except `commit`
 * undo it.
 */
export class SqlTransaction extends SqlRunner implements AsyncDisposable {
  /** What kind it is. */
  readonly mode: 'read' | 'write';
  readonly #route: Route;
  readonly #id: number;
  readonly #end: () => Promise<unknown>;
  readonly #ended = new AbortController();
  #why: string | undefined;

  private constructor(
    mode: 'read' | 'write',
    modes: ValueModes,
    route: Route,
    id: number,
    rest: Promise<unknown>,
    end: () => Promise<unknown>,
  ) {
    super(modes);
    this.mode = mode;
    this.#route = route;
    this.#id = id;
    this.#end = end;
    // The stream goes on until the transaction is over. Then no answer comes to any of its calls.
    const ended = (why: string) => {
      this.#why ??= why;
      this.#ended.abort();
    };
    rest.then(
      () => ended('lost'),
      (error: unknown) => {
        const own = sqlError(error);
        ended(own instanceof TransactionOverError ? own.why : 'lost');
      },
    );
  }

  /** @internal Begins one; resolves when it is active. */
  static async begin(
    route: Route,
    modes: ValueModes,
    options: TransactionOptions | undefined,
  ): Promise<SqlTransaction> {
    const given = checkKeys('transaction()', options, names);
    const mode = checkWord('mode', given.mode ?? 'write', ['read', 'write']);
    const { idle, wait, timeout, signal, onWait } = given;
    if (idle !== undefined) checkWhole('idle', idle, 1, maxTime);
    if (wait !== undefined) checkWhole('wait', wait, 0, maxTime);
    if (onWait !== undefined && typeof onWait !== 'function')
      throw refused('onWait is no function');
    const own = new AbortController();
    const items = route.client
      .transaction(
        { mode, ...(idle === undefined ? {} : { idle }) },
        {
          timeout,
          signal: signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]),
        },
      )
      [Symbol.asyncIterator]();
    let last: TransactionWait | undefined;
    let late = false;
    const timer =
      wait === undefined
        ? undefined
        : setTimeout(() => {
            late = true;
            own.abort();
          }, wait);
    try {
      for (;;) {
        const { value, done } = await items.next();
        if (done || value === undefined) throw new TransactionOverError('it was ended', 'lost');
        if (value.state === 'waiting') {
          last = { ahead: value.ahead, holder: value.holder };
          onWait?.(last);
          continue;
        }
        const rest = items.next();
        const end = () => Promise.resolve(items.return?.());
        const to = label(value.at);
        return new SqlTransaction(mode, modes, { ...route, to }, value.id, rest, end);
      }
    } catch (error) {
      own.abort();
      if (late || (error instanceof DeadlineError && last !== undefined)) {
        throw new TransactionWaitError(waitText(last), last?.holder, error);
      }
      throw sqlError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Why it is over, as far as this process knows; `undefined` while it goes on. */
  get over(): string | undefined {
    return this.#why;
  }

  /**
   * Makes its changes last, and ends it.
   * @throws TransactionOverError if it is over; SqliteError if a constraint that is checked at the
   * end does not hold, and then it goes on.
   */
  async commit(): Promise<void> {
    await this.#finish('committed');
  }

  /** Undoes its changes, and ends it. Does nothing if it is over. */
  async rollback(): Promise<void> {
    if (this.#why !== undefined) return;
    try {
      await this.#finish('rolled-back');
    } catch (error) {
      if (!(error instanceof TransactionOverError)) throw error;
    }
  }

  /** Rolls back if it is not over, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.rollback();
  }

  /** @internal */
  protected override route(kind: 'read' | 'write'): Route {
    if (kind === 'write' && this.mode === 'read') {
      throw new StatementRefusedError('the transaction is for reading only', 'read-only');
    }
    if (this.#why !== undefined) throw over(this.#why);
    return this.#route;
  }

  /** @internal */
  protected override transactionArgs(): { readonly transaction: number } {
    return { transaction: this.#id };
  }

  /** @internal */
  protected override signalOf(given: AbortSignal | undefined): AbortSignal | undefined {
    const { signal } = this.#ended;
    return given === undefined ? signal : AbortSignal.any([given, signal]);
  }

  /** @internal */
  protected override errorOf(error: unknown): unknown {
    if (error instanceof CancelledError && this.#why !== undefined) return over(this.#why);
    return sqlError(error);
  }

  async #finish(how: 'committed' | 'rolled-back'): Promise<void> {
    if (this.#why !== undefined) throw over(this.#why);
    const { client, to } = this.#route;
    const args = { transaction: this.#id };
    const options = { to, signal: this.#ended.signal };
    try {
      if (how === 'committed') await client.commit(args, options);
      else await client.rollback(args, options);
    } catch (error) {
      throw this.errorOf(error);
    }
    this.#why = how;
    await this.#end();
  }
}

function over(why: string): TransactionOverError {
  return new TransactionOverError(`the transaction is over: ${why}`, why);
}

function waitText(wait: TransactionWait | undefined): string {
  const { holder, ahead = 0 } = wait ?? {};
  const who =
    holder === undefined
      ? `${ahead} writes are before it`
      : `endpoint ${holder.peer} of process ${holder.pid} (${holder.label.join(', ') || 'no label'}) ` +
        `has had the transaction for ${Math.round(holder.held)} ms`;
  return `the transaction did not begin in time: ${who}`;
}
