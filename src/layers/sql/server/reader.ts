// The service of a reader's thread: statements that change nothing, each on the newest snapshot, or
// on that of a read transaction.
import type { Call, ServerOf } from '../../rpc/index.js';
import type { EngineValue } from '../engine/engine.js';
import type { SqlService } from '../service.js';
import { Refusal } from '../text/classify.js';
import { type StatementText, statementOf } from '../text/statements.js';
import { ValuesPacker } from '../values.js';
import { type ErrorMaker, type Failures, Over } from './failures.js';
import type { ServedFile } from './file.js';
import { type PackedColumns, packedColumns, type Session, type StatementArgs } from './session.js';
import { Transactions } from './transaction.js';

type Service = ServerOf<typeof SqlService>;
/** The methods that readers serve. */
export type ReaderService = Pick<
  Service,
  'query' | 'stream' | 'describe' | 'transaction' | 'commit' | 'rollback'
>;

const noWriter = (_args: unknown, call: ErrorMaker): never => {
  throw call.error('Refused', { reason: 'read-only' }, 'the database is served for reading only');
};

/** The methods that readers do not serve, as those of a database without a writer answer them. */
export const withoutWriter: Omit<Service, keyof ReaderService> = {
  execute: noWriter,
  batch: noWriter,
  script: noWriter,
  watch: noWriter,
  status: () => {
    throw new TypeError('the database has no writer');
  },
};

/** The most connections of one thread: one for each stream and read transaction, and one more. */
const maxConnections = 128;
/** So many connections that nobody uses stay open. */
const maxSpare = 8;
/** About how many bytes of rows one item of a stream has. */
const itemSize = 32_768;

/** A reader. */
export class Reader implements ReaderService {
  readonly #file: ServedFile;
  readonly #failures: Failures;
  readonly #transactions: Transactions;
  readonly #idle: number;
  /** For statements that run to their end. */
  readonly #main: Session;
  readonly #spare: Session[] = [];
  #used = 0;

  constructor(file: ServedFile, failures: Failures, at: string, idle: number) {
    this.#file = file;
    this.#failures = failures;
    this.#idle = idle;
    this.#transactions = new Transactions(at, idle);
    this.#main = file.openReader();
  }

  readonly query: Service['query'] = (args, call) =>
    this.#guard(call, () => {
      const statement = readOnly(args.sql);
      if (args.transaction === undefined) return this.#main.run(statement, args);
      const transaction = this.#transactions.of(args.transaction, call.from);
      transaction.touch();
      return transaction.session.run(statement, args);
    });

  readonly describe: Service['describe'] = ({ sql }, call) =>
    this.#guard(call, () => described(this.#main, sql));

  readonly stream: Service['stream'] = (args, call) => this.#stream(args, call);

  async *#stream(
    args: Parameters<Service['stream']>[0],
    call: Call<(typeof SqlService)['methods']['stream']>,
  ) {
    const own =
      args.transaction === undefined ? this.#guard(call, () => this.#borrow()) : undefined;
    const transaction = own
      ? undefined
      : this.#guard(call, () => this.#transactions.of(args.transaction ?? 0, call.from));
    const session = own ?? this.#guard(call, () => transaction?.session);
    try {
      const statement = this.#guard(call, () => readOnly(args.sql));
      const rows = streamed(session as Session, statement, args, this.#idle, () =>
        transaction?.touch(),
      );
      for (;;) {
        const item = this.#guard(call, () => rows.next());
        if (item.done) return;
        yield item.value;
      }
    } finally {
      if (own !== undefined) this.#giveBack(own);
    }
  }

  readonly transaction: Service['transaction'] = ({ mode, idle }, call) =>
    this.#transaction(mode, idle, call);

  async *#transaction(
    mode: 'read' | 'write',
    idle: number | undefined,
    call: Call<(typeof SqlService)['methods']['transaction']>,
  ) {
    const session = this.#guard(call, () => {
      if (mode === 'write') throw new Refusal('read-only', 'a reader has no write transactions');
      if (this.#transactions.full) throw new Refusal('values', 'there are too many transactions');
      return this.#borrow();
    });
    const transaction = this.#transactions.add(call.from, idle, {
      left: () => this.#giveBack(session),
    });
    const lost = () => transaction.end('lost');
    call.signal.addEventListener('abort', lost);
    try {
      this.#guard(call, () => {
        session.command('BEGIN');
        // The snapshot is taken by the first statement that reads.
        session.connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').all([]);
      });
      transaction.begins(session);
      yield* transaction.items();
      if (transaction.why === 'idle') throw this.#failures.declared(new Over('idle'), call);
    } finally {
      lost();
    }
  }

  readonly commit: Service['commit'] = ({ transaction }, call) =>
    this.#guard(call, () => this.#transactions.of(transaction, call.from).commit());

  readonly rollback: Service['rollback'] = ({ transaction }, call) =>
    this.#guard(call, () => this.#transactions.of(transaction, call.from).end('rolled-back'));

  /** Ends all and closes the connections. */
  close(): void {
    this.#transactions.endAll();
    for (const session of [this.#main, ...this.#spare]) session.close();
  }

  #borrow(): Session {
    const spare = this.#spare.pop();
    if (spare === undefined && this.#used >= maxConnections) {
      throw new Refusal('values', `there are ${maxConnections} streams and transactions already`);
    }
    this.#used++;
    return spare ?? this.#file.openReader();
  }

  #giveBack(session: Session): void {
    this.#used--;
    if (this.#spare.length < maxSpare) this.#spare.push(session);
    else session.close();
  }

  #guard<T>(call: ErrorMaker, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#failures.declared(error, call);
    }
  }
}

function readOnly(sql: string): StatementText {
  const statement = statementOf(sql);
  if (statement.kind !== 'read') {
    throw new Refusal('read-only', 'a reader runs nothing that changes the database');
  }
  return statement;
}

/** What `describe` returns. */
export function described(session: Session, sql: string) {
  const statement = statementOf(sql);
  const parameters =
    statement.names.length > 0
      ? [...statement.names]
      : Array.from({ length: statement.places }, (_, at) => `${at + 1}`);
  return { ...session.describe(statement.sql), parameters, kind: statement.kind };
}

/** An item of a stream. */
export interface RowsItem extends Partial<PackedColumns> {
  readonly values: ReturnType<ValuesPacker['take']>;
  readonly rows: number;
}

/**
 * The rows of a statement in items; the first one has the columns, also if there are no rows. A
 * reader who takes nothing for `idle` milliseconds loses the snapshot.
 */
export function* streamed(
  session: Session,
  statement: StatementText,
  args: StatementArgs,
  idle: number,
  alive: () => void,
): Generator<RowsItem, void, undefined> {
  const cursor = session.open(statement, args);
  let packer = new ValuesPacker();
  let rows = 0;
  let first = true;
  let late = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const item = (): RowsItem => {
    const values = packer.take();
    const columns = first ? packedColumns(cursor.columns(), args.origins === true) : {};
    const made = { ...columns, values, rows };
    packer = new ValuesPacker();
    rows = 0;
    first = false;
    return made;
  };
  try {
    for (const row of cursor) {
      for (let at = 0; at < row.length; at++) packer.engine(row[at] as EngineValue);
      rows++;
      // Regions count as what they hold until they are taken.
      if (packer.size + packer.held + rows < itemSize) continue;
      timer = setTimeout(() => {
        late = true;
        cursor.return?.();
      }, idle);
      yield item();
      clearTimeout(timer);
      if (late) throw new Over('idle');
      alive();
    }
    if (first || rows > 0) yield item();
  } finally {
    clearTimeout(timer);
    packer.drop();
    cursor.return?.();
  }
}
