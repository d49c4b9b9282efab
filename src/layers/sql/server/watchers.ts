// Who watches which tables. Triggers in the temporary schema of the writer's connection call a
// function with each row that changes; they exist only for tables that somebody watches.

import { Refusal } from '../text/classify.js';
import type { Change, ChangeLog } from './change-log.js';
import type { Session } from './session.js';

/** The changes of one commit, for one watcher. */
export interface WatchItem {
  readonly commit: number;
  readonly tables: string[];
  readonly table: number[];
  readonly kinds: string;
  readonly rowids: bigint[];
}

/** A watcher that has not taken so many changes gets whole tables instead. */
const maxPending = 20_000;
/** The most changes of one item. */
const maxItem = 2000;
/** The most tables of one watcher. */
const maxTables = 1000;

/** One watcher. */
export class Watcher {
  readonly tables: ReadonlySet<string>;
  #pending: { readonly commit: number; readonly changes: Change[] }[] = [];
  #count = 0;
  #wake: (() => void) | undefined;
  #over = false;

  constructor(tables: ReadonlySet<string>) {
    this.tables = tables;
  }

  /** A commit has changed something. */
  add(commit: number, all: readonly Change[]): void {
    const changes = all.filter(({ table }) => this.tables.has(table));
    if (changes.length === 0) return;
    this.#pending.push({ commit, changes });
    this.#count += changes.length;
    if (this.#count > maxPending) this.#collapse(commit);
    this.#wake?.();
  }

  end(): void {
    this.#over = true;
    this.#wake?.();
  }

  /** The items, until it has ended. */
  async *items(): AsyncGenerator<WatchItem, void, undefined> {
    for (;;) {
      const next = this.#pending[0];
      if (this.#over) return;
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const changes = next.changes.splice(0, maxItem);
      this.#count -= changes.length;
      if (next.changes.length === 0) this.#pending.shift();
      yield itemOf(next.commit, changes);
    }
  }

  #collapse(commit: number): void {
    const tables = new Set(this.#pending.flatMap(({ changes }) => changes.map((c) => c.table)));
    const changes = [...tables].map((table): Change => ({ table, kind: '*', rowid: 0n }));
    this.#pending = [{ commit, changes }];
    this.#count = changes.length;
  }
}

/** The first item: it says that all that is committed from now on is reported. */
export const readyItem = (commit: number): WatchItem => itemOf(commit, []);

function itemOf(commit: number, changes: readonly Change[]): WatchItem {
  const places = new Map<string, number>();
  const table: number[] = [];
  let kinds = '';
  for (const change of changes) {
    let place = places.get(change.table);
    if (place === undefined) {
      place = places.size;
      places.set(change.table, place);
    }
    table.push(place);
    kinds += change.kind;
  }
  const rowids = changes.map(({ rowid }) => rowid);
  return { commit, tables: [...places.keys()], table, kinds, rowids };
}

const letters = ['i', 'u', 'd'] as const;
const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** All watchers, and the triggers. */
export class Watchers {
  readonly #session: Session;
  readonly #changes: ChangeLog;
  readonly #watchers = new Set<Watcher>();

  constructor(session: Session, changes: ChangeLog) {
    this.#session = session;
    this.#changes = changes;
    session.connection.define('busbar_changed', (table, kind, rowid) => {
      const letter = letters[Number(kind)];
      if (letter !== undefined) changes.add(String(table), letter, BigInt(rowid as bigint));
      return null;
    });
    session.connection.exec('PRAGMA temp_store = memory');
  }

  /** Whether somebody watches. */
  get any(): boolean {
    return this.#watchers.size > 0;
  }

  /** A watcher, before its triggers exist. @throws Refusal if it has too many tables. */
  add(tables: readonly string[]): Watcher {
    if (tables.length === 0 || tables.length > maxTables) {
      throw new Refusal('values', `watch from 1 to ${maxTables} tables`);
    }
    const watcher = new Watcher(new Set(tables.map((name) => name.toLowerCase())));
    this.#watchers.add(watcher);
    return watcher;
  }

  /** The watcher is gone. Its triggers go with the next change of triggers. */
  remove(watcher: Watcher): void {
    watcher.end();
    this.#watchers.delete(watcher);
  }

  /** Tells all of them what was committed. */
  publish(commit: number, changes: readonly Change[]): void {
    for (const watcher of this.#watchers) watcher.add(commit, changes);
  }

  /** Something else than the writer has changed the file. */
  publishForeign(commit: number): void {
    for (const watcher of this.#watchers) {
      watcher.add(
        commit,
        [...watcher.tables].map((table) => ({ table, kind: '*', rowid: 0n })),
      );
    }
  }

  /** The commits of other connections so far, as a number that changes with each. */
  version(): bigint {
    const [[version] = []] = this.#session.connection.prepare('PRAGMA data_version').all([]);
    return version as bigint;
  }

  /**
   * Makes and removes triggers, so that those of the watched tables exist. Outside of a transaction.
   * Tables that are not there yet get theirs when the schema changes: `report` is true then.
   */
  arrange(report: boolean): void {
    const { connection } = this.#session;
    const wanted = new Set([...this.#watchers].flatMap(({ tables }) => [...tables]));
    const armed = new Set<string>();
    const triggers = "SELECT name, tbl_name FROM sqlite_temp_schema WHERE type = 'trigger'";
    for (const [name, on] of connection.prepare(triggers).all([])) {
      const table = String(on).toLowerCase();
      // A table that was renamed took its triggers along.
      if (wanted.has(table) && String(name).startsWith(prefixOf(table))) armed.add(table);
      else connection.exec(`DROP TRIGGER temp.${quote(String(name))}`);
    }
    for (const table of wanted) {
      if (armed.has(table) || !this.#arm(table)) continue;
      if (report) this.#changes.add(table, '*', 0n);
    }
  }

  #arm(table: string): boolean {
    const { connection } = this.#session;
    const [found] = connection
      .prepare(
        "SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE",
      )
      .all([table]);
    if (found === undefined || (found[0] !== 'table' && found[0] !== 'shadow')) {
      return false;
    }
    const row = (which: string) => (found[1] === 1n ? '0' : `${which}.rowid`);
    const call = (kind: number, rowid: string) =>
      `SELECT busbar_changed(${text(table)}, ${kind}, ${rowid})`;
    const bodies = [
      ['INSERT', `${call(0, row('NEW'))};`],
      [
        'UPDATE',
        `${call(1, row('NEW'))};${call(2, row('OLD'))} WHERE ${row('OLD')} <> ${row('NEW')};`,
      ],
      ['DELETE', `${call(2, row('OLD'))};`],
    ];
    for (const [kind, [event, body]] of bodies.entries()) {
      connection.exec(
        `CREATE TEMP TRIGGER "${prefixOf(table)}${kind}" AFTER ${event} ON main.${quote(table)}
         BEGIN ${body} END`,
      );
    }
    return true;
  }
}

const prefixOf = (table: string) => `busbar_${Buffer.from(table).toString('hex')}_`;
