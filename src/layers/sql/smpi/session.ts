// One caller of SQLite MPI's messages: its transactions, and the answers that wait for it. It ends
// with the caller's stream of events.
import { randomUUID } from 'node:crypto';
import type { Database } from '../client/database.js';
import type { SqlTransaction } from '../client/transaction.js';
import { bodyOf, SmpiFailure } from './errors.js';
import type { SmpiFiles } from './files.js';
import { parametersIn, parseRequest, type SmpiRequest, wrongArgs } from './request.js';
import { type Category, checkQuery, emptyResult, runQuery } from './run.js';

/** A transaction of the caller, which may still wait. */
interface OpenTransaction {
  readonly file: string;
  readonly mode: 'read' | 'write';
  readonly transaction: SqlTransaction;
}

/** The most answers that wait for a caller; a caller that takes none is not served any more. */
const maxAnswers = 10_000;
/** The most transactions of one caller that are open or wait. */
const maxTransactions = 1000;

const failed = (error: unknown, path: string) =>
  JSON.stringify({ ok: false, error: bodyOf(error, path) });
const result = (text: string) => `{"ok":true,"res_type":"RSet","res":${text}}`;
const other = (type: string, value: unknown) =>
  JSON.stringify({ ok: true, res_type: type, res: value });

/** A caller. */
export class SmpiSession {
  readonly #files: SmpiFiles;
  readonly #open = new Map<string, OpenTransaction>();
  readonly #waiting = new Map<AbortController, string>();
  readonly #answers: string[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  /** Milliseconds without a call after which a transaction is rolled back; undefined: the server's. */
  #idle: number | undefined;

  constructor(files: SmpiFiles) {
    this.#files = files;
  }

  /** Whether it has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes a request; returns what its caller gets at once. */
  input(message: string): string {
    let request: SmpiRequest;
    try {
      request = parseRequest(message);
      // Before it is queued, as everything else that is wrong with the message itself.
      parametersIn(request);
      if (this.#answers.length >= maxAnswers) throw wrongArgs('too many answers wait');
    } catch (error) {
      return JSON.stringify({
        ret_i_type: 'settled',
        val: { msg: { ok: false, error: bodyOf(error, 'ParseError') } },
      });
    }
    void this.#answer(request);
    return '{"ret_i_type":"pending"}';
  }

  /** The answers, until it ends. */
  async *events(): AsyncGenerator<string, void, undefined> {
    while (!this.#ended) {
      const answer = this.#answers.shift();
      if (answer !== undefined) yield answer;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  /** Rolls back what is open. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const waiting of this.#waiting.keys()) waiting.abort();
    for (const { transaction } of this.#open.values()) {
      transaction.rollback().catch(() => undefined);
    }
    this.#open.clear();
    this.#wake?.();
  }

  async #answer(request: SmpiRequest): Promise<void> {
    const path = request.fn.startsWith('tx/') ? 'TxOp' : 'FileOp';
    let msg: string;
    try {
      msg = await this.#run(request);
    } catch (error) {
      msg = failed(error, path);
    }
    const val = { in_msg_id: request.id, msg };
    this.#answers.push(JSON.stringify({ ret_o_type: 'settled', val }));
    this.#wake?.();
  }

  #run(request: SmpiRequest): Promise<string> {
    const { fn, args } = request;
    const [group, name = ''] = fn.split('/');
    if (group === 'tx') return this.#inTransaction(request, name);
    if (fn === 'files/close_all') return this.#closeFile(undefined);
    if (fn === 'files/get_connections') {
      return Promise.resolve(other('Connections', this.#files.open));
    }
    if (fn === 'files/get_open_txs') return Promise.resolve(other('Txs', this.#list(undefined)));
    if (fn === 'config/set') return Promise.resolve(this.#configure(args));
    const file = String(args.file);
    switch (name) {
      case 'get_read_tx':
        return this.#begin(file, 'read');
      case 'get_write_tx':
        return this.#begin(file, 'write');
      case 'close':
        return this.#closeFile(file);
      case 'get_open_txs':
        return Promise.resolve(other('Txs', this.#list(file)));
      case 'config':
        return Promise.resolve(this.#configure(args));
      default:
        return this.#onFile(request, file, name);
    }
  }

  async #begin(file: string, mode: 'read' | 'write'): Promise<string> {
    if (this.#open.size + this.#waiting.size >= maxTransactions) {
      throw new SmpiFailure('FileOp/TooManyTransactions', `there are ${maxTransactions} already`);
    }
    const waiting = new AbortController();
    this.#waiting.set(waiting, file);
    try {
      const database = await this.#files.database(file);
      const idle = this.#idle === undefined ? {} : { idle: this.#idle };
      const transaction = await database.transaction({ mode, signal: waiting.signal, ...idle });
      const id = randomUUID();
      if (this.#ended) await transaction.rollback();
      else this.#open.set(id, { file, mode, transaction });
      return other('TxIdOnly', { tx_id: id });
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  async #inTransaction(request: SmpiRequest, name: string): Promise<string> {
    const id = String(request.args.tx_id);
    const open = this.#open.get(id);
    if (open === undefined) {
      throw new SmpiFailure('TxOp/InvalidTxId', 'there is no such transaction, or it is over');
    }
    const { transaction, mode } = open;
    if (name === 'commit' || name === 'rollback') {
      if (name === 'rollback') this.#open.delete(id);
      await transaction[name]();
      this.#open.delete(id);
      return result(emptyResult);
    }
    const category = name.replace('_params', '') as Category;
    if (mode === 'read' && category === 'write') {
      throw new SmpiFailure('TxOp/WriteError/TxIsRead', 'the transaction is for reading only');
    }
    // In a read transaction, whatever it is called, a query reads.
    const wanted = mode === 'read' ? 'read' : category;
    try {
      return await this.#query(transaction, request, wanted);
    } finally {
      if (transaction.over !== undefined) this.#open.delete(id);
    }
  }

  async #onFile(request: SmpiRequest, file: string, name: string): Promise<string> {
    const database = await this.#files.database(file);
    return this.#query(database, request, name.replace('_params', '') as Category);
  }

  async #query(
    runner: SqlTransaction | Database,
    request: SmpiRequest,
    category: Category,
  ): Promise<string> {
    const query = checkQuery(category, String(request.args.q), parametersIn(request));
    try {
      return result(await runQuery(runner, query));
    } catch (error) {
      return failed(error, query.path);
    }
  }

  async #closeFile(file: string | undefined): Promise<string> {
    const own = [...this.#open].filter(([, open]) => file === undefined || open.file === file);
    for (const [waiting, of] of this.#waiting) {
      if (file === undefined || of === file) waiting.abort();
    }
    for (const [id, { transaction }] of own) {
      this.#open.delete(id);
      await transaction.rollback();
    }
    return other('Closed', { closed_txs: own.length });
  }

  #list(file: string | undefined) {
    const own = [...this.#open].filter(([, open]) => file === undefined || open.file === file);
    return {
      open: own.map(([tx_id, { file, mode }]) => ({ tx_id, file, type: mode })),
      waiting: [...this.#waiting.values()].filter((of) => file === undefined || of === file),
    };
  }

  #configure({ timeout }: Readonly<Record<string, unknown>>): string {
    if (timeout !== undefined) {
      if (
        !Number.isInteger(timeout) ||
        (timeout as number) < 1 ||
        (timeout as number) > 86_400_000
      ) {
        throw wrongArgs('timeout is no whole number of milliseconds of 1 to 86400000');
      }
      this.#idle = timeout as number;
    }
    return other('Config', { timeout: this.#idle ?? null });
  }
}
