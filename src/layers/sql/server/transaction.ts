// A transaction of a caller, from waiting to its end. It lives as long as the stream that its owner
// reads: when that ends, for whatever reason, the transaction is rolled back if it is still open.
import type { RpcPeer } from '../../rpc/index.js';
import { Over, type OverReason } from './failures.js';
import type { Session } from './session.js';

/** An item of the stream. */
export interface TransactionItem {
  readonly state: 'waiting' | 'active';
  readonly id: number;
  readonly at: string;
  readonly ahead: number;
  readonly holder?: Holder;
}

/** Who has a transaction. */
export interface Holder {
  readonly peer: number;
  readonly pid: number;
  readonly label: string[];
  readonly held: number;
}

/** Where the transaction runs. */
export interface TransactionHost {
  /** Gives the connection back; called once, after the transaction has ended on it. */
  left(transaction: Transaction): void;
}

/** One transaction. */
export class Transaction {
  readonly id: number;
  readonly owner: RpcPeer;
  readonly #at: string;
  readonly #idle: number;
  readonly #host: TransactionHost;
  #session: Session | undefined;
  #since = 0;
  #item: TransactionItem | undefined;
  #wake: (() => void) | undefined;
  #why: OverReason | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #error: unknown;

  constructor(id: number, owner: RpcPeer, at: string, idle: number, host: TransactionHost) {
    this.id = id;
    this.owner = owner;
    this.#at = at;
    this.#idle = idle;
    this.#host = host;
  }

  /** Why it is over; `undefined` while it is not. */
  get why(): OverReason | undefined {
    return this.#why;
  }

  /** The error that kept it from beginning. */
  get error(): unknown {
    return this.#error;
  }

  /** Its owner, and for how long it has been active. */
  get holder(): Holder {
    const { id: peer, pid, label } = this.owner;
    return { peer, pid, label: [...label], held: performance.now() - this.#since };
  }

  /** It waits. An earlier item that was not taken is replaced. */
  waits(ahead: number, holder: Holder | undefined): void {
    this.#put({
      ...{ state: 'waiting', id: this.id, at: this.#at, ahead },
      ...(holder === undefined ? {} : { holder }),
    });
  }

  /** It is active, on this connection. */
  begins(session: Session): void {
    this.#session = session;
    this.#since = performance.now();
    this.touch();
    this.#put({ state: 'active', id: this.id, at: this.#at, ahead: 0 });
  }

  /** It cannot begin. */
  fails(error: unknown): void {
    this.#error = error;
    this.end('failed');
  }

  /**
   * Its connection.
   * @throws Over if it is over or waits.
   */
  get session(): Session {
    if (this.#why !== undefined) throw new Over(this.#why);
    if (this.#session === undefined) throw new Over('unknown');
    return this.#session;
  }

  /** Its owner has done something. */
  touch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end('idle'), this.#idle);
  }

  /** An error may have undone it: then it is over. */
  afterError(): void {
    if (this.#session !== undefined && !this.#session.connection.inTransaction) this.end('failed');
  }

  /**
   * Commits.
   * @throws Over, or the driver's error; then it goes on.
   */
  commit(): void {
    this.session.command('COMMIT');
    this.end('committed');
  }

  /** Ends it, with a rollback if it is open. Repeated calls do nothing. */
  end(why: OverReason): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    clearTimeout(this.#timer);
    const session = this.#session;
    if (session?.connection.inTransaction) session.command('ROLLBACK');
    this.#host.left(this);
    this.#session = undefined;
    // Its stream ends after the answer to the call that has ended it.
    setImmediate(() => this.#wake?.());
  }

  /** The items for its owner, until it is over. */
  async *items(): AsyncGenerator<TransactionItem, void, undefined> {
    for (;;) {
      const item = this.#item;
      this.#item = undefined;
      if (item !== undefined) yield item;
      else if (this.#why !== undefined) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #put(item: TransactionItem): void {
    this.#item = item;
    this.#wake?.();
  }
}

/** The most transactions of one thread. */
const maxTransactions = 4096;
/** Of so many that are over it is remembered why. */
const maxRemembered = 1000;

/** The transactions of one thread, by their ids. */
export class Transactions {
  readonly #open = new Map<number, Transaction>();
  readonly #over = new Map<number, readonly [owner: number, why: OverReason]>();
  readonly #at: string;
  readonly #idle: number;
  #next = 1;

  constructor(at: string, idle: number) {
    this.#at = at;
    this.#idle = idle;
  }

  /** Whether no more are taken. */
  get full(): boolean {
    return this.#open.size >= maxTransactions;
  }

  /** A new one, which neither waits nor is active yet. */
  add(owner: RpcPeer, idle: number | undefined, host: TransactionHost): Transaction {
    const left = (transaction: Transaction) => {
      this.#open.delete(transaction.id);
      if (this.#over.size >= maxRemembered) {
        this.#over.delete(this.#over.keys().next().value ?? 0);
      }
      this.#over.set(transaction.id, [owner.id, transaction.why ?? 'unknown']);
      host.left(transaction);
    };
    const own = new Transaction(this.#next++, owner, this.#at, idle ?? this.#idle, { left });
    this.#open.set(own.id, own);
    return own;
  }

  /**
   * A transaction of this caller.
   * @throws Over if there is none.
   */
  of(id: number, caller: RpcPeer): Transaction {
    const found = this.#open.get(id);
    if (found !== undefined && found.owner.id === caller.id) return found;
    const [owner, why] = this.#over.get(id) ?? [];
    throw new Over(owner === caller.id && why !== undefined ? why : 'unknown');
  }

  /** Ends all. */
  endAll(): void {
    for (const transaction of [...this.#open.values()]) transaction.end('lost');
  }
}
