// Several statements in one message, and writes of many callers in one commit.
import test from 'ava';
import { SqliteError, StatementRefusedError, sql } from 'busbar/sql';
import { served } from './database.js';

test.serial('a batch is all or nothing', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a unique)');
  const [first, second, third] = await db.batch([
    sql`insert into t values (${1})`,
    'insert into t values (2) returning a',
    sql('select count(*) as n from t where a < :limit', { limit: 5 }),
  ]);
  t.is(first?.changes, 1);
  t.deepEqual(second?.rows, [{ a: 2 }]);
  t.deepEqual(third?.rows, [{ n: 2 }]);
  const error = await t.throwsAsync(
    db.batch(['delete from t', sql`insert into t values (1), (1)`, 'select 1']),
    { instanceOf: SqliteError },
  );
  t.is(error?.step, 1);
  t.is((await db.get<{ n: number }>`select count(*) as n from t`)?.n, 2);
  const refused = await t.throwsAsync(db.batch(['delete from t', 'commit']), {
    instanceOf: StatementRefusedError,
  });
  t.is(refused?.step, 1);
  t.is((await db.get<{ n: number }>`select count(*) as n from t`)?.n, 2);
  t.deepEqual(await db.batch([]), []);
});

test.serial('steps may fail, and depend on others', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a unique); insert into t values (1)');
  const outcomes = await db.batchEach([
    { statement: 'insert into t values (1)' },
    { statement: 'insert into t values (2)', ifFailed: [0] },
    { statement: 'insert into t values (3)', ifDone: [0] },
    { statement: sql`insert into t values (${4})`, ifDone: [1], ifFailed: [0] },
    { statement: 'select nonsense', ifDone: [3] },
  ]);
  t.deepEqual(
    outcomes.map(({ state }) => state),
    ['failed', 'done', 'skipped', 'done', 'failed'],
  );
  t.is(outcomes[0]?.error?.result, 'SQLITE_CONSTRAINT_UNIQUE');
  t.is(outcomes[4]?.error?.step, 4);
  t.deepEqual(await db.query`select a from t`, [{ a: 1 }, { a: 2 }, { a: 4 }]);
  await t.throwsAsync(db.batchEach([{ statement: 'select 1', ifDone: [0] }]), {
    instanceOf: StatementRefusedError,
    message: /not before it/,
  });
});

test.serial('a script runs all its statements, or none', async (t) => {
  const { db } = await served(t);
  const results = await db.script(`
    create table t (a); -- a table;
    insert into t values ('a;b'), (2);
    select a from t;`);
  t.is(results.length, 3);
  t.is(results[1]?.changes, 2);
  t.deepEqual(results[2]?.rows, [{ a: 'a;b' }, { a: 2 }]);
  const error = await t.throwsAsync(db.script('delete from t; select nonsense; select 1'), {
    instanceOf: SqliteError,
  });
  t.is(error?.step, 1);
  t.is((await db.query`select * from t`).length, 2);
  t.deepEqual(await db.script(''), []);
});

test.serial('batches and scripts in a transaction', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a unique)');
  const transaction = await db.transaction();
  await transaction.batch(['insert into t values (1)', 'insert into t values (2)']);
  await t.throwsAsync(transaction.batch(['insert into t values (3)', 'insert into t values (1)']));
  await transaction.script('insert into t values (4); insert into t values (5)');
  await t.throwsAsync(transaction.script('insert into t values (6); nonsense'));
  const [outcome] = await transaction.batchEach([{ statement: 'insert into t values (1)' }]);
  t.is(outcome?.state, 'failed');
  await transaction.commit();
  const rows = await db.query<{ a: number }>`select a from t`;
  t.deepEqual(
    rows.map(({ a }) => a),
    [1, 2, 4, 5],
  );
});

test.serial('writes that wait together are one commit, and fail each by itself', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a unique)');
  const before = await db.status();
  const held = await db.transaction();
  const writes = Array.from({ length: 40 }, (_, at) =>
    db.execute`insert into t values (${at % 20})`.then(
      ({ changes }) => changes,
      (error: SqliteError) => error.result,
    ),
  );
  await held.rollback();
  const results = await Promise.all(writes);
  t.is(results.filter((result) => result === 1).length, 20);
  t.is(results.filter((result) => result === 'SQLITE_CONSTRAINT_UNIQUE').length, 20);
  const after = await db.status();
  t.true(after.commits - before.commits < 20, `${after.commits - before.commits} commits`);
  t.true(after.grouped > before.grouped);
  t.is((await db.query`select * from t`).length, 20);
});

test.serial('a write that undoes the whole transaction takes no other one with it', async (t) => {
  const { db } = await served(t);
  await db.script(`create table t (a unique); insert into t values (0);
    create table u (a references t (a) deferrable initially deferred)`);
  const held = await db.transaction();
  const writes = [
    db.execute`insert into t values (1)`,
    db.execute`insert or rollback into t values (0)`,
    db.execute`insert into t values (2)`,
    db.execute`insert into u values (7)`,
    db.execute`insert into t values (3)`,
    db.execute`insert or rollback into t values (0)`,
    db.execute`insert into u values (1)`,
  ];
  const settled = Promise.allSettled(writes);
  await held.rollback();
  const states = (await settled).map(({ status }) => status === 'fulfilled');
  t.deepEqual(states, [true, false, true, false, true, false, true]);
  const rows = await db.query<{ a: number }>`select a from t order by a`;
  t.deepEqual(
    rows.map(({ a }) => a),
    [0, 1, 2, 3],
  );
  t.deepEqual(await db.query`select a from u`, [{ a: 1 }]);
});

test.serial('a write that is cancelled while it waits is not executed', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a)');
  const held = await db.transaction();
  const controller = new AbortController();
  const { signal } = controller;
  const cancelled = db.execute(sql`insert into t values (1)`, { signal });
  const late = db.execute(sql`insert into t values (2)`, { timeout: 20 });
  const kept = db.execute(sql`insert into t values (3)`);
  await t.throwsAsync(late, { code: 'DEADLINE' });
  controller.abort();
  await t.throwsAsync(cancelled, { code: 'CANCELLED' });
  await held.commit();
  await kept;
  t.deepEqual(await db.query`select a from t`, [{ a: 3 }]);
});
