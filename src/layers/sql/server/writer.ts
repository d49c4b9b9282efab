// The service of the writer's thread: everything that changes the file, in a queue.
import type { Call, RpcPeer, ServerOf } from '../../rpc/index.js';
import type { SqlService } from '../service.js';
import { Refusal } from '../text/classify.js';
import { type StatementText, statementOf, statementsOf } from '../text/statements.js';
import { ChangeLog } from './change-log.js';
import { type ErrorMaker, type Failures, Over } from './failures.js';
import type { ServedFile } from './file.js';
import { described, streamed } from './reader.js';
import type { Session, StatementArgs } from './session.js';
import { checkShared, compileSteps, type Place, runEach, runTogether } from './steps.js';
import { type Transaction, Transactions } from './transaction.js';
import { readyItem, Watchers } from './watchers.js';
import { type Turn, WriteQueue } from './write-queue.js';

type Service = ServerOf<typeof SqlService>;
type Methods = (typeof SqlService)['methods'];
/** What writes need of their call. */
type WriteCall = ErrorMaker & { readonly signal: AbortSignal; readonly from: RpcPeer };

const busy = 5;
/** How often the writer looks for changes by others while somebody watches. */
const lookEvery = 100;

/** The writer. */
export class Writer implements Service {
  readonly #file: ServedFile;
  readonly #failures: Failures;
  readonly #at: string;
  readonly #idle: number;
  readonly #session: Session;
  readonly #changes = new ChangeLog();
  readonly #place: Place;
  readonly #transactions: Transactions;
  readonly #watchers: Watchers;
  readonly #queue: WriteQueue;
  readonly #version: string;
  #holder: Transaction | undefined;
  /** Whether the schema has changed since the triggers were arranged. */
  #reshaped = false;
  #looking: ReturnType<typeof setInterval> | undefined;
  #seen: bigint | undefined;

  constructor(file: ServedFile, session: Session, failures: Failures, at: string, idle: number) {
    this.#file = file;
    this.#failures = failures;
    this.#at = at;
    this.#idle = idle;
    this.#session = session;
    this.#place = { session, changes: this.#changes };
    this.#transactions = new Transactions(at, idle);
    this.#watchers = new Watchers(session, this.#changes);
    const [[version] = []] = session.connection.prepare('SELECT sqlite_version()').all([]);
    this.#version = String(version);
    this.#queue = new WriteQueue({
      session,
      changes: this.#changes,
      isBusy: (error) => this.#isBusy(error),
      committed: () => this.#committed(),
    });
  }

  readonly query: Service['query'] = (args, call) =>
    this.#guard(call, () => {
      const statement = statementOf(args.sql);
      if (statement.kind !== 'read') {
        throw new Refusal('read-only', 'query() runs nothing that changes the database; execute()');
      }
      if (args.transaction === undefined) return this.#session.run(statement, args);
      return this.#within(args.transaction, call, () => this.#session.run(statement, args));
    });

  readonly stream: Service['stream'] = (args, call) => this.#stream(args, call);

  // In the transaction of its caller: its rows are read first, since nothing else can run meanwhile.
  async *#stream(args: Parameters<Service['stream']>[0], call: Call<Methods['stream']>) {
    const items = this.#guard(call, () => {
      if (args.transaction === undefined) throw new Over('unknown');
      const statement = statementOf(args.sql);
      if (statement.kind !== 'read') throw new Refusal('read-only', 'stream() changes nothing');
      const { maxResult } = this.#file.settings;
      return this.#within(args.transaction, call, () => {
        let size = 0;
        const all = [];
        for (const item of streamed(this.#session, statement, args, this.#idle, () => undefined)) {
          all.push(item);
          size += 32_768;
          if (size > maxResult) throw new Refusal('values', 'too much for a write transaction');
        }
        return all;
      });
    });
    yield* items;
  }

  readonly describe: Service['describe'] = ({ sql }, call) =>
    this.#guard(call, () => described(this.#session, sql));

  readonly execute: Service['execute'] = (args, call) =>
    this.#guard(call, () => {
      const statement = statementOf(args.sql);
      const { transaction } = args;
      const run = () => {
        if (statement.kind === 'schema') this.#reshaped = true;
        return this.#session.run(statement, args);
      };
      if (transaction !== undefined) {
        checkShared(statement, true);
        return this.#within(transaction, call, () => this.#kept(run));
      }
      if (statement.kind === 'alone') return this.#aloneTurn(call, run);
      checkShared(statement, false);
      return this.#write(call, run);
    });

  readonly batch: Service['batch'] = ({ steps, atomic, transaction }, call) =>
    this.#guard(call, () => {
      const statements = compileSteps(steps, transaction !== undefined);
      return this.#several(statements, transaction, call, () =>
        atomic
          ? runTogether(this.#place, statements, steps).map((result) => ({
              state: 'done' as const,
              result,
            }))
          : runEach(this.#place, statements, steps, this.#failures),
      );
    });

  readonly script: Service['script'] = ({ sql, transaction }, call) =>
    this.#guard(call, () => {
      const statements = statementsOf(sql);
      for (const statement of statements) checkShared(statement, transaction !== undefined);
      const steps: StatementArgs[] = statements.map((statement) => ({ sql: statement.sql }));
      return this.#several(statements, transaction, call, () =>
        runTogether(this.#place, statements, steps),
      );
    });

  // It is in the queue when this returns: a stream is read later than calls that came after it.
  readonly transaction: Service['transaction'] = ({ mode, idle }, call) => {
    this.#guard(call, () => {
      if (mode === 'read') throw new Refusal('read-only', 'the writer has no read transactions');
      if (this.#transactions.full) throw new Refusal('values', 'too many transactions wait');
    });
    let leave = () => {};
    const transaction = this.#transactions.add(call.from, idle, {
      left: () => {
        leave();
        this.#left(transaction, turn);
      },
    });
    const turn: Turn = {
      holds: true,
      begin: () => {
        this.#session.command('BEGIN IMMEDIATE');
        this.#holder = transaction;
        transaction.begins(this.#session);
      },
      failed: (error) => transaction.fails(error),
      moved: (ahead) => transaction.waits(ahead, this.#holder?.holder),
    };
    call.signal.addEventListener('abort', () => transaction.end('lost'));
    leave = this.#queue.turn(turn);
    return this.#transaction(transaction, call);
  };

  async *#transaction(transaction: Transaction, call: Call<Methods['transaction']>) {
    try {
      yield* transaction.items();
      const { why, error } = transaction;
      if (error !== undefined) throw this.#failures.declared(error, call);
      if (why === 'idle' || why === 'failed') throw this.#failures.declared(new Over(why), call);
    } finally {
      transaction.end('lost');
    }
  }

  #left(transaction: Transaction, turn: Turn): void {
    if (this.#holder !== transaction) return;
    this.#holder = undefined;
    if (transaction.why === 'committed') {
      this.#queue.commits++;
      this.#committed();
    } else {
      this.#changes.clear();
      this.#reshaped = false;
    }
    this.#queue.release(turn);
  }

  readonly commit: Service['commit'] = ({ transaction }, call) =>
    this.#guard(call, () => this.#transactions.of(transaction, call.from).commit());

  readonly rollback: Service['rollback'] = ({ transaction }, call) =>
    this.#guard(call, () => this.#transactions.of(transaction, call.from).end('rolled-back'));

  readonly watch: Service['watch'] = ({ tables }, call) => this.#watch(tables, call);

  async *#watch(tables: readonly string[], call: Call<Methods['watch']>) {
    const watcher = this.#guard(call, () => this.#watchers.add(tables));
    const end = () => watcher.end();
    call.signal.addEventListener('abort', end);
    try {
      await this.#aloneTurn(call, () => this.#watchers.arrange(false));
      this.#look();
      yield readyItem(this.#queue.commits);
      yield* watcher.items();
    } finally {
      this.#watchers.remove(watcher);
      // Triggers that nobody needs go, when the connection is free.
      this.#queue.turn({
        holds: false,
        begin: () => this.#watchers.arrange(false),
        failed: () => undefined,
      });
    }
  }

  readonly status: Service['status'] = () => {
    const holder = this.#holder?.holder;
    return {
      file: this.#file.settings.path,
      engine: this.#file.engine.name,
      version: this.#version,
      at: this.#at,
      waiting: this.#queue.waiting,
      commits: this.#queue.commits,
      grouped: this.#queue.grouped,
      ...(holder === undefined ? {} : { holder }),
    };
  };

  /** Ends all and closes the connection. */
  close(): void {
    clearInterval(this.#looking);
    this.#transactions.endAll();
    this.#session.close();
  }

  #several<T>(
    statements: readonly StatementText[],
    transaction: number | undefined,
    call: WriteCall,
    work: () => T,
  ): T | Promise<T> {
    const run = () => {
      if (statements.some(({ kind }) => kind === 'schema')) this.#reshaped = true;
      return work();
    };
    return transaction === undefined
      ? this.#write(call, run)
      : this.#within(transaction, call, () => this.#kept(run));
  }

  // Work in the transaction of its caller.
  #within<T>(id: number, { from }: WriteCall, work: () => T): T {
    const transaction = this.#transactions.of(id, from);
    // It has to be active, not waiting.
    transaction.session;
    transaction.touch();
    try {
      return work();
    } catch (error) {
      transaction.afterError();
      throw error;
    }
  }

  // Rows that a statement has reported before it failed do not count.
  #kept<T>(work: () => T): T {
    const mark = this.#changes.mark();
    try {
      return work();
    } catch (error) {
      this.#changes.truncate(mark);
      throw error;
    }
  }

  #write<T>(call: WriteCall, work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let value: T;
      const failed = (error: unknown) => reject(this.#failures.declared(error, call));
      const run = () => {
        value = work();
      };
      const leave = this.#queue.write({ run, done: () => resolve(value), failed });
      call.signal.addEventListener('abort', () => {
        leave();
        reject(call.signal.reason);
      });
    });
  }

  // Outside of any transaction.
  #aloneTurn<T>(call: WriteCall, work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const failed = (error: unknown) => reject(this.#failures.declared(error, call));
      const begin = () => resolve(work());
      const leave = this.#queue.turn({ holds: false, begin, failed });
      call.signal.addEventListener('abort', () => {
        leave();
        reject(call.signal.reason);
      });
    });
  }

  #committed(): void {
    const { commits } = this.#queue;
    if (this.#watchers.any) {
      if (this.#reshaped) this.#watchers.arrange(true);
      const changes = this.#changes.take();
      if (changes.length > 0) this.#watchers.publish(commits, changes);
    }
    this.#reshaped = false;
  }

  // Other programs may write to the file; which rows, nobody says.
  #look(): void {
    if (this.#looking !== undefined) return;
    this.#seen = this.#watchers.version();
    this.#looking = setInterval(() => {
      if (!this.#watchers.any) {
        clearInterval(this.#looking);
        this.#looking = undefined;
        return;
      }
      const version = this.#watchers.version();
      if (version === this.#seen) return;
      this.#seen = version;
      this.#watchers.publishForeign(this.#queue.commits);
    }, lookEvery);
  }

  #isBusy(error: unknown): boolean {
    const result = this.#failures.resultOf(error);
    return result !== undefined && (result & 0xff) === busy;
  }

  #guard<T>(call: ErrorMaker, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#failures.declared(error, call);
    }
  }
}
