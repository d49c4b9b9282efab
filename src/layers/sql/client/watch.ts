// Changes of tables, as a program sees them.
import { CancelledError, PeerGoneError } from '../../rpc/index.js';
import { sqlError } from '../errors.js';
import { type IntegerMode, numberOf } from './result.js';

/** A row that has changed. */
export interface TableChange {
  /** The table, in lower case. */
  readonly table: string;
  /** What happened; `'any'`: rows are not listed, the whole table may have changed. */
  readonly kind: 'insert' | 'update' | 'delete' | 'any';
  /** The row; `undefined` for `'any'`, and for tables without rowids. */
  readonly rowid: number | bigint | undefined;
}

/** What a commit has changed in the watched tables, or a part of it if that is much. */
export interface TableChanges {
  /** The number of the commit, which rises, for this run of the server. */
  readonly commit: number;
  /** The changes, in their order. */
  readonly changes: readonly TableChange[];
  /**
   * Whether anything may have changed before: true for the first item, which comes as soon as all
   * commits from now on are reported, and after another server has taken over.
   */
  readonly resync: boolean;
}

/** An item as it arrives. */
export interface ReceivedChanges {
  readonly commit: number;
  readonly tables: readonly string[];
  readonly table: readonly number[];
  readonly kinds: string;
  readonly rowids: readonly bigint[];
}

const kinds: Readonly<Record<string, TableChange['kind']>> = {
  i: 'insert',
  u: 'update',
  d: 'delete',
};

/** Watches, also when the server is gone and another one comes. */
export async function* watched(
  open: () => AsyncIterable<ReceivedChanges>,
  integers: IntegerMode,
  signal: AbortSignal | undefined,
): AsyncGenerator<TableChanges, void, undefined> {
  for (;;) {
    let resync = true;
    try {
      for await (const item of open()) {
        yield { commit: item.commit, changes: changesOf(item, integers), resync };
        resync = false;
      }
      return;
    } catch (error) {
      // The server is gone, or has closed.
      const left = error instanceof CancelledError && signal?.aborted !== true;
      if (!left && !(error instanceof PeerGoneError)) throw sqlError(error);
    }
  }
}

function changesOf(item: ReceivedChanges, integers: IntegerMode): TableChange[] {
  return item.table.map((place, at) => {
    const kind = kinds[item.kinds[at] ?? ''] ?? 'any';
    const rowid = item.rowids[at] ?? 0n;
    return {
      table: item.tables[place] ?? '',
      kind,
      rowid: kind === 'any' || rowid === 0n ? undefined : numberOf(rowid, integers),
    };
  });
}
