// The queue of the writer: what changes the file runs in the order in which it came. Writes that wait
// together are one commit, in which each has a savepoint; a transaction of a caller has the
// connection for itself until it is over. Runs in the writer's thread.
import type { ChangeLog } from './change-log.js';
import type { Session } from './session.js';
import { inSavepoint, type Place } from './steps.js';

/** A write that is committed with others. */
export interface Write {
  /** Runs its statements in the open transaction; may be called again after a rollback. */
  run(): void;
  /** Its statements have been committed. */
  done(): void;
  /** Nothing of it has an effect. */
  failed(error: unknown): void;
}

/** Something that has the connection for itself. */
export interface Turn {
  /** Outside of a transaction; BUSY here makes it wait. */
  begin(): void;
  /** Whether it keeps the connection after {@link begin}, until {@link WriteQueue.release}. */
  readonly holds: boolean;
  failed(error: unknown): void;
  /** It has moved, or someone else holds the connection: `ahead` are before it. */
  moved?(ahead: number): void;
}

interface Entry {
  readonly write?: Write;
  readonly turn?: Turn;
  left: boolean;
}

/** What the queue needs to know. */
export interface QueueHost extends Place {
  readonly session: Session;
  readonly changes: ChangeLog;
  /** Whether an error says that another process writes just now. */
  isBusy(error: unknown): boolean;
  /** A transaction was committed. */
  committed(): void;
}

/** The most writes of one commit. */
const maxGroup = 1000;
/** A commit takes no more writes after so many milliseconds, so that deaths are noticed meanwhile. */
const maxGroupTime = 50;
/** How soon a file is tried again that another process writes to, and how long at most it waits. */
const [firstRetry, lastRetry] = [2, 50];
/** So many of those that wait learn of each change of their place. */
const maxTold = 16;

/** The queue. */
export class WriteQueue {
  readonly #host: QueueHost;
  readonly #entries: Entry[] = [];
  #holder: Turn | undefined;
  #scheduled = false;
  #retry = firstRetry;
  /** Commits so far. */
  commits = 0;
  /** Writes that shared their commit with others. */
  grouped = 0;

  constructor(host: QueueHost) {
    this.#host = host;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#entries.length;
  }

  /** Adds a write. The function that is returned takes it out again if it has not begun. */
  write(write: Write): () => void {
    return this.#add({ write, left: false });
  }

  /** Adds a turn; likewise. */
  turn(turn: Turn): () => void {
    const leave = this.#add({ turn, left: false });
    turn.moved?.(this.#entries.length - 1);
    return leave;
  }

  /** Whoever holds the connection is done with it. */
  release(turn: Turn): void {
    if (this.#holder !== turn) return;
    this.#holder = undefined;
    this.#tell();
    this.#schedule();
  }

  #add(entry: Entry): () => void {
    this.#entries.push(entry);
    this.#schedule();
    return () => {
      entry.left = true;
      const at = this.#entries.indexOf(entry);
      if (at >= 0) this.#entries.splice(at, 1);
    };
  }

  #schedule(): void {
    if (this.#scheduled || this.#holder !== undefined || this.#entries.length === 0) return;
    this.#scheduled = true;
    // After the calls that have arrived with this one.
    setImmediate(() => this.#pump());
  }

  #retryLater(): void {
    this.#scheduled = true;
    setTimeout(() => this.#pump(), this.#retry);
    this.#retry = Math.min(this.#retry * 2, lastRetry);
  }

  #pump(): void {
    this.#scheduled = false;
    const [first] = this.#entries;
    if (this.#holder !== undefined || first === undefined) return;
    const went = first.turn === undefined ? this.#commitGroup() : this.#begin(first.turn);
    if (!went) {
      this.#retryLater();
      return;
    }
    this.#retry = firstRetry;
    this.#schedule();
  }

  #begin(turn: Turn): boolean {
    try {
      turn.begin();
    } catch (error) {
      if (this.#host.isBusy(error)) return false;
      this.#entries.shift();
      turn.failed(error);
      return true;
    }
    this.#entries.shift();
    if (turn.holds) {
      this.#holder = turn;
      this.#tell();
    }
    return true;
  }

  #tell(): void {
    for (const [at, { turn }] of this.#entries.slice(0, maxTold).entries()) turn?.moved?.(at);
  }

  #commitGroup(): boolean {
    const end = this.#entries.findIndex(({ write }) => write === undefined);
    const count = Math.min(end < 0 ? this.#entries.length : end, maxGroup);
    let writes = this.#entries.slice(0, count).map(({ write }) => write as Write);
    const began = performance.now();
    // Each round runs the writes that are left: one that undoes the transaction leaves it first.
    for (;;) {
      const round = this.#round(writes, began);
      if (round === 'busy') return false;
      if (round.again === undefined) {
        this.#entries.splice(0, round.taken);
        return true;
      }
      const gone = writes.filter((write) => !round.again?.includes(write));
      for (const write of gone) {
        this.#entries.splice(
          this.#entries.findIndex((entry) => entry.write === write),
          1,
        );
      }
      writes = round.again;
      if (writes.length === 0) return true;
    }
  }

  // Runs writes in one transaction: 'busy', how many are settled, or the writes to begin again with.
  #round(
    writes: readonly Write[],
    began: number,
  ): 'busy' | { readonly taken: number; readonly again?: Write[] } {
    const { session, changes } = this.#host;
    try {
      session.command('BEGIN IMMEDIATE');
    } catch (error) {
      if (this.#host.isBusy(error)) return 'busy';
      const [first] = writes;
      first?.failed(error);
      return { taken: 1 };
    }
    const done: Write[] = [];
    const failed = new Map<Write, unknown>();
    let taken = 0;
    for (const write of writes) {
      taken++;
      try {
        if (writes.length === 1) write.run();
        else inSavepoint(this.#host, 'busbar_write', () => write.run());
        done.push(write);
      } catch (error) {
        failed.set(write, error);
        if (!session.connection.inTransaction) {
          changes.clear();
          return this.#without(writes, failed);
        }
      }
      if (performance.now() - began > maxGroupTime) break;
    }
    if (done.length === 0) {
      this.#undo();
    } else {
      try {
        session.command('COMMIT');
      } catch (error) {
        this.#undo();
        // A constraint that is checked at the end: whose it is shows when each has its own commit.
        if (done.length > 1) {
          for (const write of done) this.#alone(write);
        } else {
          done[0]?.failed(error);
        }
        for (const [write, why] of failed) write.failed(why);
        return { taken };
      }
      this.#committed(done.length);
    }
    for (const [write, why] of failed) write.failed(why);
    for (const write of done) write.done();
    return { taken };
  }

  // Those that failed are settled; the others begin again.
  #without(writes: readonly Write[], failed: ReadonlyMap<Write, unknown>) {
    for (const [write, why] of failed) write.failed(why);
    return { taken: 0, again: writes.filter((write) => !failed.has(write)) };
  }

  #alone(write: Write): void {
    try {
      this.#host.session.command('BEGIN IMMEDIATE');
      write.run();
      this.#host.session.command('COMMIT');
    } catch (error) {
      this.#undo();
      write.failed(error);
      return;
    }
    this.#committed(1);
    write.done();
  }

  #undo(): void {
    this.#host.changes.clear();
    if (this.#host.session.connection.inTransaction) this.#host.session.command('ROLLBACK');
  }

  #committed(writes: number): void {
    this.commits++;
    if (writes > 1) this.grouped += writes;
    this.#host.committed();
  }
}
