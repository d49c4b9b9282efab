// What has changed is reported after the commit, to other processes, too.
import test from 'ava';
import { connectDatabase, serveDatabase, type TableChanges } from 'busbar/sql';
import { served } from './database.js';

/** The next item of a watch. */
async function next(watch: AsyncGenerator<TableChanges>): Promise<TableChanges> {
  const { value, done } = await watch.next();
  if (done) throw new Error('the watch has ended');
  return value;
}

const shown = ({ changes }: TableChanges) =>
  changes.map(({ table, kind, rowid }) => `${table} ${kind} ${rowid}`);

test.serial(
  'rows that are inserted, updated and deleted are reported after the commit',
  async (t) => {
    const { db } = await served(t);
    await db.script('create table t (id integer primary key, a); create table u (a)');
    const watch = db.watch(['T']);
    const first = await next(watch);
    t.true(first.resync);
    t.deepEqual(first.changes, []);
    await db.execute`insert into u values (1)`;
    await db.execute`insert into t (a) values ('x'), ('y')`;
    const inserted = await next(watch);
    t.false(inserted.resync);
    t.deepEqual(shown(inserted), ['t insert 1', 't insert 2']);
    await db.execute`update t set a = 'z' where id = 2`;
    t.deepEqual(shown(await next(watch)), ['t update 2']);
    await db.execute`update t set id = 9 where id = 2`;
    t.deepEqual(shown(await next(watch)), ['t update 9', 't delete 2']);
    const transaction = await db.transaction();
    await transaction.execute`delete from t where id = 9`;
    await transaction.execute`insert into t values (5, 'v')`;
    await t.throwsAsync(transaction.execute`insert into t values (6, 'v'), (5, 'v')`);
    await transaction.commit();
    const both = await next(watch);
    t.deepEqual(shown(both), ['t delete 9', 't insert 5']);
    t.true(both.commit > inserted.commit);
    await watch.return();
  },
);

test.serial('what is rolled back is not reported, nor what failed in a group', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a unique)');
  const watch = db.watch(['t']);
  await next(watch);
  const lost = await db.transaction();
  await lost.execute`insert into t values (1)`;
  const writes = Promise.allSettled([
    db.execute`insert into t values (2)`,
    db.execute`insert into t values (3), (2)`,
    db.execute`insert or rollback into t values (4), (2)`,
    db.execute`insert into t values (5)`,
  ]);
  await lost.rollback();
  await writes;
  const seen: string[] = [];
  while (seen.length < 2) seen.push(...shown(await next(watch)));
  t.deepEqual(seen, ['t insert 1', 't insert 2']);
  t.deepEqual(await db.query`select a from t`, [{ a: 2 }, { a: 5 }]);
  await watch.return();
});

test.serial('tables without rowids, quoted names, and tables that come later', async (t) => {
  const { db } = await served(t);
  await db.script('create table "odd "" \'name" (a primary key) without rowid');
  const watch = db.watch(['odd " \'name', 'later']);
  await next(watch);
  await db.execute(`insert into "odd "" 'name" values (1)`);
  t.deepEqual((await next(watch)).changes, [
    { table: 'odd " \'name', kind: 'insert', rowid: undefined },
  ]);
  await db.execute`create table later (a)`;
  t.deepEqual(shown(await next(watch)), ['later any undefined']);
  await db.execute`insert into later values (1)`;
  t.deepEqual(shown(await next(watch)), ['later insert 1']);
  await db.script('drop table later; create table later (b)');
  t.deepEqual(shown(await next(watch)), ['later any undefined']);
  await db.execute`insert into later values (1)`;
  t.deepEqual(shown(await next(watch)), ['later insert 1']);
  await watch.return();
});

test.serial('another server of the same file is noticed, without its rows', async (t) => {
  const { bus, file, db } = await served(t);
  await db.script('create table t (a)');
  const watch = db.watch(['t']);
  await next(watch);
  const service = await serveDatabase(bus, file, { label: 'second', readers: 1 });
  const second = await connectDatabase(bus, 'second');
  t.teardown(async () => {
    await second.close();
    await service.close();
  });
  await second.execute`insert into t values (1)`;
  t.deepEqual(shown(await next(watch)), ['t any undefined']);
  // Both write, and wait for each other.
  await Promise.all(
    Array.from({ length: 20 }, (_, at) => [
      db.execute`insert into t values (${at})`,
      second.execute`insert into t values (${at})`,
    ]).flat(),
  );
  t.is((await db.query`select * from t`).length, 41);
  await watch.return();
});

test.serial('a watch goes on with the next server', async (t) => {
  const { bus, file, db, service } = await served(t);
  await db.script('create table t (a)');
  const watch = db.watch(['t']);
  await next(watch);
  const again = next(watch);
  await service.close();
  const other = await serveDatabase(bus, file, { label: 'main', readers: 1 });
  t.teardown(() => other.close());
  t.true((await again).resync);
  await db.execute`insert into t values (1)`;
  t.deepEqual(shown(await next(watch)), ['t insert 1']);
  await watch.return();
});

test.serial('a watcher that takes nothing gets whole tables', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a)');
  const watch = db.watch(['t']);
  await next(watch);
  const many = `with recursive c (x) as (select 1 union all select x + 1 from c where x < 15000)
    insert into t select x from c`;
  for (let turn = 0; turn < 40; turn++) await db.execute(many);
  let listed = 0;
  let any = false;
  while (!any) {
    const { changes } = await next(watch);
    any = changes.some(({ kind }) => kind === 'any');
    listed += changes.length;
  }
  t.true(listed < 40 * 15_000);
  await watch.return();
  await t.throwsAsync(next(db.watch([])), { code: 'ERR_BUSBAR_SQL_REFUSED' });
  t.throws(() => db.watch('t' as never), { code: 'ERR_BUSBAR_SQL_ARGUMENT' });
});
