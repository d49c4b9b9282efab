// The interface by which a database is served, for programs in all languages.
import { defineInterface, t } from '../interface/entry-values.js';

/** Several values in a few lists, so that one message of a thousand values is made of few objects. */
const values = t.struct('SqlValues', {
  /**
   * One letter for each value: `n` NULL, `i` an integer of at most 53 bits, `f` a float, both in
   * `numbers`; `I` a larger integer, in `integers`; `t` a text, in `texts`; `b` a blob, in `blobs`;
   * `r` a blob in `regions`. Each list has its values in the order of their letters.
   */
  kinds: t.string,
  /** The values of the letters `i` and `f`. */
  numbers: t.optional(t.list(t.f64)),
  /** The values of the letter `I`. */
  integers: t.optional(t.list(t.i64)),
  /** The values of the letter `t`. */
  texts: t.optional(t.list(t.string)),
  /** The values of the letter `b`. */
  blobs: t.optional(t.list(t.bytes)),
  /** The values of the letter `r`. */
  regions: t.optional(t.list(t.region)),
});

/** Where the columns of a result come from. */
const columns = {
  /** The names of the columns, also if there are no rows. */
  columns: t.list(t.string),
  /** The declared type of each; empty for expressions. */
  types: t.list(t.string),
  /** The column of a table that each one is; empty for expressions. Only if `origins` asks for it. */
  origins: t.optional(t.list(t.string)),
};

const result = t.struct('SqlResult', {
  ...columns,
  /** The rows, one behind the other. */
  values,
  /** How many rows. */
  rows: t.u32,
  /** The rows that were inserted, updated or deleted. */
  changes: t.u53,
  /** The rowid of the row that the connection inserted last; only of statements that change rows. */
  lastInsertRowid: t.optional(t.i64),
});

const statement = {
  /** One statement. */
  sql: t.string,
  /** The values of its parameters: by place, or in the order of `names`. */
  values: t.optional(values),
  /** The names of the parameters, without their sign. */
  names: t.optional(t.list(t.string)),
  /** Whether the result has `origins`. Default: false. */
  origins: t.optional(t.bool, false),
};

const inTransaction = {
  /** The transaction, by its id; the call goes to the endpoint with the label `at`. Default: none. */
  transaction: t.optional(t.u53),
};

const sqlite = {
  /** The result code, as in `SQLITE_CONSTRAINT_UNIQUE`. */
  name: t.string,
  /** Its number, the extended one. */
  number: t.i32,
  /** The step of a batch or script, from 0. */
  step: t.optional(t.u32),
};

const errors = {
  /** SQLite reports an error. Nothing of the statement has an effect. */
  Sqlite: sqlite,
  /** A statement that no caller may run, or here. Nothing was executed. */
  Refused: {
    /** Why: one of the reasons in the guide. */
    reason: t.string,
    /** The step of a batch or script, from 0. */
    step: t.optional(t.u32),
  },
  /** The transaction is over, or not this caller's. */
  TransactionOver: {
    /** Why: `committed`, `rolled-back`, `idle`, `failed`, `lost` or `unknown`. */
    why: t.string,
  },
  /** The result is larger than one answer may be; stream it. */
  TooLarge: {
    /** The limit in bytes. */
    limit: t.u53,
  },
};

const holder = t.struct('SqlHolder', {
  /** The id of the endpoint that has the transaction. */
  peer: t.u53,
  /** Its process. */
  pid: t.u32,
  /** Its labels. */
  label: t.list(t.string),
  /** For how long it has had it, in milliseconds. */
  held: t.f64,
});

const condition = {
  /** Runs the step only if these steps have succeeded. */
  ifDone: t.optional(t.list(t.u32)),
  /** Runs the step only if these steps have failed. */
  ifFailed: t.optional(t.list(t.u32)),
};

/**
 * The interface of a database that is served, for `connect` of `busbar/rpc` and for programs in
 * other languages; see {@link serveDatabase}. `query`, `stream` and `describe` are answered by
 * readers, `execute`, `batch` and `script` by the writer.
 */
export const SqlService = defineInterface('busbar.sql', '1.0', {
  methods: {
    /** Runs a statement that changes nothing, and returns its rows. */
    query: {
      /** The statement. */
      args: { ...statement, ...inTransaction },
      /** Its rows. */
      returns: result,
      /** What can go wrong. */
      errors,
      /** It changes nothing. */
      idempotent: true,
    },
    /** Streams the rows of a statement that changes nothing, from one snapshot. */
    stream: {
      /** The statement. */
      args: { ...statement, ...inTransaction },
      /** Rows; `columns` and `types` are in the first item only. */
      stream: {
        /** The names of the columns. */
        columns: t.optional(t.list(t.string)),
        /** The declared type of each; empty for expressions. */
        types: t.optional(t.list(t.string)),
        /** The column of a table that each one is, if `origins` asks for it. */
        origins: t.optional(t.list(t.string)),
        /** The rows, one behind the other. */
        values,
        /** How many rows. */
        rows: t.u32,
      },
      /** What can go wrong. */
      errors,
    },
    /** Runs a statement, and returns once it is committed, or in its transaction. */
    execute: {
      /** The statement. */
      args: { ...statement, ...inTransaction },
      /** What it did. */
      returns: result,
      /** What can go wrong. */
      errors,
    },
    /** Runs statements in one transaction. */
    batch: {
      /** The statements. */
      args: {
        /** In the order in which they run. */
        steps: t.list(t.struct('SqlStep', { ...statement, ...condition })),
        /**
         * Whether the first failure undoes all steps, and is the error of the call. Otherwise only
         * the step that fails is undone, and the answer says so. Default: true.
         */
        atomic: t.optional(t.bool, true),
        ...inTransaction,
      },
      /** One outcome for each step. */
      returns: t.list(
        t.struct('SqlOutcome', {
          /** What became of the step. */
          state: t.enum(['done', 'failed', 'skipped']),
          /** The result of a step that is done. */
          result: t.optional(result),
          /** The error of one that has failed. */
          error: t.optional(
            t.struct('SqlFailure', {
              ...sqlite,
              /** SQLite's text. */
              message: t.string,
            }),
          ),
        }),
      ),
      /** What can go wrong. */
      errors,
    },
    /** Runs all statements of a text in one transaction. */
    script: {
      /** The text. */
      args: {
        /** Its statements, without parameters. */
        sql: t.string,
        ...inTransaction,
      },
      /** The result of each. */
      returns: t.list(result),
      /** What can go wrong. */
      errors,
    },
    /** Compiles a statement and does not run it. */
    describe: {
      /** The statement. */
      args: {
        /** One statement. */
        sql: t.string,
      },
      /** What it is. */
      returns: {
        ...columns,
        /** The names of its parameters, without their sign; a number from 1 for those without. */
        parameters: t.list(t.string),
        /** What it does: `read`, `change`, `schema`, `alone` or `savepoint`. */
        kind: t.string,
      },
      /** What can go wrong. */
      errors,
      /** It changes nothing. */
      idempotent: true,
    },
    /**
     * Begins a transaction and holds it for as long as the caller reads the stream: one that leaves
     * or dies has it rolled back.
     */
    transaction: {
      /** What kind. */
      args: {
        /** A write transaction is the only one; a read transaction sees one snapshot. */
        mode: t.enum(['read', 'write']),
        /** Rolled back after so many milliseconds without a call. Default: that of the server. */
        idle: t.optional(t.u32),
      },
      /** Each change while it waits, then once that it is active. */
      stream: {
        /** What it does. */
        state: t.enum(['waiting', 'active']),
        /** Its id, for calls. */
        id: t.u53,
        /** The label of the endpoint that its calls go to. */
        at: t.string,
        /** How many are before it. */
        ahead: t.u32,
        /** Who has the transaction that it waits for; none if that is another process. */
        holder: t.optional(holder),
      },
      /** What can go wrong. */
      errors,
    },
    /** Commits a transaction. */
    commit: {
      /** Which one. */
      args: {
        /** Its id. */
        transaction: t.u53,
      },
      /** What can go wrong. */
      errors,
    },
    /** Undoes a transaction. */
    rollback: {
      /** Which one. */
      args: {
        /** Its id. */
        transaction: t.u53,
      },
      /** What can go wrong. */
      errors,
    },
    /** Reports the rows that change, after each commit. */
    watch: {
      /** What to watch. */
      args: {
        /** The names of the tables. */
        tables: t.list(t.string),
      },
      /** The changes of one commit, or of a part of it. The first item has none. */
      stream: {
        /** The number of the commit, for this run of the server. */
        commit: t.u53,
        /** The tables. */
        tables: t.list(t.string),
        /** For each change the place of its table in `tables`. */
        table: t.list(t.u32),
        /** For each change a letter: `i` inserted, `u` updated, `d` deleted, `*` anything. */
        kinds: t.string,
        /** For each change the rowid; 0 if the table has none, and for `*`. */
        rowids: t.list(t.i64),
      },
      /** What can go wrong. */
      errors,
    },
    /** Tells what the writer is doing. */
    status: {
      /** Its state. */
      returns: {
        /** The path of the file. */
        file: t.string,
        /** The driver. */
        engine: t.string,
        /** The version of SQLite. */
        version: t.string,
        /** The label that only the writer's endpoint has. */
        at: t.string,
        /** Writes and transactions that wait. */
        waiting: t.u32,
        /** Commits since the start. */
        commits: t.u53,
        /** Writes that were committed with others. */
        grouped: t.u53,
        /** Who has the write transaction. */
        holder: t.optional(holder),
      },
      /** It changes nothing. */
      idempotent: true,
    },
  },
});
