// Transactions belong to whoever began them, and end with them.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { connect, isError } from 'busbar/rpc';
import {
  connectDatabase,
  type Database,
  SqliteError,
  SqlService,
  TransactionOverError,
  type TransactionWait,
  TransactionWaitError,
} from 'busbar/sql';
import { Program } from '../../support/program.js';
import { served } from './database.js';

/** Resolves at the first time that the condition holds. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}

const count = async (db: Database) =>
  (await db.get<{ n: number }>`select count(*) as n from t`)?.n ?? -1;

function owner(t: ExecutionContext, bus: string): Program {
  const path = fileURLToPath(new URL('../../fixtures/sql-owner.js', import.meta.url));
  const child = fork(path, [bus]);
  t.teardown(() => child.kill('SIGKILL'));
  return new Program(child);
}

test.serial('a transaction is seen by others once it is committed', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a)');
  const transaction = await db.transaction();
  t.is(transaction.mode, 'write');
  t.is((await transaction.execute`insert into t values (1), (2)`).changes, 2);
  t.deepEqual(await transaction.query`select a from t`, [{ a: 1 }, { a: 2 }]);
  t.is(await count(db), 0);
  const streamed: unknown[] = [];
  for await (const row of transaction.stream`select a from t`) streamed.push(row);
  t.is(streamed.length, 2);
  await transaction.commit();
  t.is(transaction.over, 'committed');
  t.is(await count(db), 2);
  await transaction.rollback();
  const after = { instanceOf: TransactionOverError, message: /committed/ };
  await t.throwsAsync(transaction.execute`delete from t`, after);
  await t.throwsAsync(transaction.commit(), after);
  t.is(await count(db), 2);
});

test.serial('a transaction that leaves its scope, or whose work throws, is undone', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a)');
  {
    await using transaction = await db.transaction();
    await transaction.execute`insert into t values (1)`;
  }
  t.is(await count(db), 0);
  const thrown = new Error('no');
  const failed = db.inTransaction(async (transaction) => {
    await transaction.execute`insert into t values (1)`;
    throw thrown;
  });
  t.is(await t.throwsAsync(failed), thrown);
  t.is(await count(db), 0);
  const value = await db.inTransaction(async (transaction) => {
    await transaction.execute`insert into t values (1)`;
    return 7;
  });
  t.is(value, 7);
  t.is(await count(db), 1);
});

test.serial('an owner that is killed is rolled back, and the next one begins', async (t) => {
  const { bus, db } = await served(t);
  await db.script('create table t (a)');
  const first = owner(t, bus);
  t.is(await first.next(), 'active');
  const { holder } = await db.status();
  t.is(holder?.pid, first.pid);
  const waits: TransactionWait[] = [];
  const next = db.transaction({ onWait: (wait) => waits.push(wait) });
  const write = db.execute`insert into t values ('later')`;
  await until(async () => (await db.status()).waiting === 2);
  await first.kill();
  const transaction = await next;
  t.is(waits[0]?.holder?.pid, first.pid);
  t.is(waits[0]?.ahead, 0);
  t.deepEqual(await transaction.query`select * from t`, []);
  await transaction.execute`insert into t values ('next')`;
  await transaction.commit();
  await write;
  t.deepEqual(await db.query`select a from t`, [{ a: 'next' }, { a: 'later' }]);
});

test.serial('many owners are killed, one after the other: nothing of theirs remains', async (t) => {
  const { bus, db } = await served(t);
  await db.script('create table t (a)');
  const owners = Array.from({ length: 6 }, () => owner(t, bus));
  await until(async () => (await db.status()).waiting === owners.length - 1);
  for (let left = owners.length; left > 0; left--) {
    const { holder } = await db.status();
    const [own] = owners.filter(({ pid }) => pid === holder?.pid);
    if (own === undefined) throw new Error('nobody has the transaction');
    await own.next();
    if (left === 3) {
      own.say('commit');
      t.is(await own.next(), 'committed');
    }
    await own.kill();
    await until(async () => (await db.status()).holder?.pid !== own.pid);
    await until(async () => left === 1 || (await db.status()).holder !== undefined);
  }
  t.is(await count(db), 1);
});

test.serial('a signal, a deadline and idleness end a transaction', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a)');
  const controller = new AbortController();
  const aborted = await db.transaction({ signal: controller.signal });
  await aborted.execute`insert into t values (1)`;
  controller.abort();
  // The next one begins, so that one is over.
  const timed = await db.transaction({ timeout: 2000 });
  await t.throwsAsync(aborted.execute`insert into t values (1)`, {
    instanceOf: TransactionOverError,
  });
  await timed.execute`insert into t values (1)`;
  const idle = await db.transaction({ idle: 500 });
  await idle.execute`insert into t values (1)`;
  const last = await db.transaction();
  await t.throwsAsync(idle.execute`insert into t values (1)`, {
    instanceOf: TransactionOverError,
    message: /idle/,
  });
  t.is(idle.over, 'idle');
  await last.rollback();
  t.is(await count(db), 0);
});

test.serial('who waits too long learns who has the transaction', async (t) => {
  const { bus, db } = await served(t);
  await db.script('create table t (a)');
  const other = owner(t, bus);
  await other.next();
  const error = await t.throwsAsync(db.transaction({ wait: 0 }), {
    instanceOf: TransactionWaitError,
  });
  t.is(error?.code, 'ERR_BUSBAR_SQL_WAIT');
  await t.throwsAsync(db.transaction({ wait: 100 }), {
    instanceOf: TransactionWaitError,
    message: new RegExp(`process ${other.pid} `),
  });
  await t.throwsAsync(db.transaction({ timeout: 100 }), { instanceOf: TransactionWaitError });
  other.say('commit');
  t.is(await other.next(), 'committed');
  // Those that gave up are out of the queue.
  const transaction = await db.transaction({ wait: 10_000 });
  t.is((await db.status()).waiting, 0);
  await transaction.rollback();
});

test.serial('writes and transactions run in the order in which they came', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a)');
  const held = await db.transaction();
  const seen: string[] = [];
  const work = ['a', 'b', 'c', 'd', 'e', 'f'].map(async (name, at) => {
    if (at % 3 === 2) {
      await db.inTransaction(async (own) => {
        await own.execute`insert into t values (${name})`;
      });
    } else {
      await db.execute`insert into t values (${name})`;
    }
    seen.push(name);
  });
  await until(async () => (await db.status()).waiting === 6);
  await held.commit();
  await Promise.all(work);
  t.is(seen.length, 6);
  const rows = await db.query<{ a: string }>`select a from t order by rowid`;
  t.is(rows.map(({ a }) => a).join(''), 'abcdef');
});

test.serial('a read transaction sees one snapshot, beside any number of others', async (t) => {
  const { db } = await served(t, { readers: 2 });
  await db.script('create table t (a); insert into t values (1)');
  const [first, ...others] = await Promise.all(
    Array.from({ length: 8 }, () => db.transaction({ mode: 'read' })),
  );
  if (first === undefined) throw new Error('there is none');
  await db.execute`insert into t values (2)`;
  t.is(await count(db), 2);
  for (const snapshot of [first, ...others]) {
    t.deepEqual(await snapshot.query`select a from t`, [{ a: 1 }]);
    const rows: unknown[] = [];
    for await (const row of snapshot.stream`select a from t`) rows.push(row);
    t.is(rows.length, 1);
  }
  await t.throwsAsync(first.execute`delete from t`, { code: 'ERR_BUSBAR_SQL_REFUSED' });
  for (const snapshot of [first, ...others]) await snapshot.commit();
  await t.throwsAsync(first.query`select 1`, {
    instanceOf: TransactionOverError,
  });
});

test.serial('a transaction is not for others', async (t) => {
  const { bus, db } = await served(t);
  await db.script('create table t (a)');
  const mine = await db.transaction({ idle: 60_000 });
  // Another endpoint: another bus option makes one.
  const other = await connect({ name: bus, timeout: 10_000 }, SqlService, {
    to: 'main & busbar.sql.writer',
  });
  t.teardown(() => other.close());
  for (let transaction = 0; transaction < 5; transaction++) {
    const sql = 'delete from t';
    const tried = [
      () => other.execute({ sql, transaction }),
      () => other.commit({ transaction }),
      () => other.rollback({ transaction }),
      () => other.batch({ steps: [{ sql }], transaction }),
    ];
    for (const call of tried) {
      const error = await t.throwsAsync<Error>(async () => call());
      t.true(isError(SqlService, 'TransactionOver', error), error?.message);
    }
  }
  await mine.execute`insert into t values (1)`;
  await mine.commit();
  t.is(await count(db), 1);
});

test.serial('an error undoes its statement, and the transaction if it says so', async (t) => {
  const { db } = await served(t);
  await db.script(
    'create table t (a unique); create table u (a references t (a) deferrable initially deferred)',
  );
  const transaction = await db.transaction();
  await transaction.execute`insert into t values (1)`;
  await t.throwsAsync(transaction.execute`insert into t values (2), (1)`, {
    instanceOf: SqliteError,
  });
  await transaction.execute`savepoint here`;
  await transaction.execute`insert into t values (3)`;
  await transaction.execute`rollback to here`;
  await transaction.execute`insert into u values (9)`;
  // Checked at the end: it goes on after that.
  await t.throwsAsync(transaction.commit(), { instanceOf: SqliteError, message: /FOREIGN KEY/ });
  await transaction.execute`delete from u`;
  await transaction.commit();
  t.deepEqual(await db.query`select a from t`, [{ a: 1 }]);
  const undone = await db.transaction();
  await t.throwsAsync(undone.execute`insert or rollback into t values (1)`, {
    instanceOf: SqliteError,
  });
  await t.throwsAsync(undone.execute`insert into t values (5)`, {
    instanceOf: TransactionOverError,
    message: /failed/,
  });
  await t.throwsAsync(undone.commit(), { instanceOf: TransactionOverError });
  t.is(await count(db), 1);
});

test.serial(
  'a client that closes loses its transaction, and a service that closes all',
  async (t) => {
    const { bus, db, service } = await served(t);
    await db.script('create table t (a)');
    const other = await connectDatabase({ name: bus, timeout: 10_000 }, 'main');
    const lost = await other.transaction();
    await lost.execute`insert into t values (1)`;
    await other.close();
    const mine = await db.transaction();
    await mine.execute`insert into t values (2)`;
    t.is(await count(db), 0);
    await service.close({ linger: 0 });
    await t.throwsAsync(mine.commit());
    t.not(mine.over, undefined);
  },
);
