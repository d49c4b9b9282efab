// Statements that no caller may run, whoever asks: this package's client refuses them at the call,
// and a server those of other clients.
import { existsSync } from 'node:fs';
import test from 'ava';
import { connect, isError } from 'busbar/rpc';
import { connectDatabase, SqlService, serveDatabase } from 'busbar/sql';
import { newBus } from '../../support/program.js';
import { served } from './database.js';

const refused: Readonly<Record<string, readonly string[]>> = {
  transaction: [
    ...['begin', 'BEGIN IMMEDIATE', '/* a */ commit', 'end', '-- x\n rollback', ';;commit;'],
    ...['rollback transaction'],
  ],
  savepoint: ['savepoint a', 'release a', 'rollback to a', 'drop table busbar_x'],
  attach: ["attach 'other.db' as o", 'detach main', 'ATTACH ? as x'],
  pragma: [
    ...[
      'pragma journal_mode = delete',
      'pragma main.journal_mode(delete)',
      'pragma writable_schema=1',
    ],
    ...['pragma synchronous = off', 'explain pragma query_only = 0', 'pragma "query_only" = 0'],
    ...['pragma trusted_schema(1)', 'pragma hard_heap_limit', 'pragma temp_store_directory = "/"'],
  ],
  'vacuum-into': ["vacuum into 'copy.db'", "vacuum main into 'copy.db'"],
  temporary: [
    ...[
      'create temp table t (a)',
      'create temporary view v as select 1',
      'create table temp.t (a)',
    ],
    ...['insert into temp.t values (1)'],
  ],
  several: ['select 1; select 2', 'select 1; attach "x" as y'],
  empty: ['', ';', '-- nothing'],
  values: ['select 1\0; attach "x" as y'],
};

test.serial('are refused at the server, with a reason', async (t) => {
  const { bus } = await served(t);
  const writer = await connect(bus, SqlService, { to: 'main & busbar.sql.writer' });
  const reader = await connect(bus, SqlService, { to: 'main & busbar.sql.reader' });
  t.teardown(() => Promise.all([writer.close(), reader.close()]));
  for (const [reason, texts] of Object.entries(refused)) {
    for (const sql of texts) {
      for (const call of [() => writer.execute({ sql }), () => reader.query({ sql })]) {
        const error = await t.throwsAsync<Error>(async () => call(), undefined, sql);
        t.true(isError(SqlService, 'Refused', error), `${sql}: ${error?.message}`);
        if (!isError(SqlService, 'Refused', error)) continue;
        // A reader has one more reason for what it may not write.
        t.true([reason, 'read-only'].includes(error.data.reason), `${sql}: ${error.data.reason}`);
      }
    }
  }
  // What no statement says is caught by SQLite.
  const loading = "select load_extension('./x')";
  for (const call of [
    () => writer.execute({ sql: loading }),
    () => reader.query({ sql: loading }),
  ]) {
    const error = await t.throwsAsync<Error>(async () => call());
    t.regex(error?.message ?? '', /not authorized|no such function/);
  }
  t.false(existsSync('copy.db'));
});

test.serial('a reader does not write', async (t) => {
  const { bus, db } = await served(t);
  await db.script('create table t (a)');
  const reader = await connect(bus, SqlService, { to: 'main & busbar.sql.reader' });
  t.teardown(() => reader.close());
  const texts = [
    ...['insert into t values (1)', 'create table u (a)', 'vacuum', 'pragma user_version = 1'],
    ...['with x as (select 1) insert into t select * from x', 'replace into t values (1)'],
  ];
  for (const sql of texts) {
    const error = await t.throwsAsync<Error>(async () => reader.query({ sql }), undefined, sql);
    t.true(isError(SqlService, 'Refused', error) && error.data.reason === 'read-only', sql);
  }
  t.deepEqual(await db.query`select * from t`, []);
});

test.serial('values of a peer that do not fit their letters are refused', async (t) => {
  const { bus } = await served(t);
  const client = await connect(bus, SqlService, { to: 'main & busbar.sql.reader' });
  t.teardown(() => client.close());
  const wrong = [
    { kinds: 'i' },
    { kinds: 'x' },
    { kinds: 'tt', texts: ['a'] },
    { kinds: 'i', numbers: [0.5] },
    { kinds: 'r', regions: [] },
  ];
  for (const values of wrong) {
    const error = await t.throwsAsync<Error>(async () => client.query({ sql: 'select ?', values }));
    t.true(isError(SqlService, 'Refused', error), `${values.kinds}: ${error?.message}`);
  }
  const values = { kinds: 'i', numbers: [1] };
  await t.throwsAsync(async () => client.query({ sql: 'select ?', values, names: ['a', 'b'] }));
  t.is((await client.query({ sql: 'select ?', values })).rows, 1);
});

test.serial('what is allowed is run', async (t) => {
  const { db } = await served(t);
  await db.script(`
    create table t (a, b);
    create trigger busy after insert on t begin
      update t set b = case when new.a > 1 then 'large' else 'small' end where a = new.a;
    end;
    insert into t (a) values (1), (2); -- the end`);
  t.deepEqual(await db.query`select b from t order by a`, [{ b: 'small' }, { b: 'large' }]);
  t.deepEqual(await db.query`pragma table_info(t)`.then((rows) => rows.length), 2);
  t.deepEqual(await db.query`pragma journal_mode`, [{ journal_mode: 'wal' }]);
  await db.execute`pragma user_version = 7`;
  t.deepEqual(await db.query`pragma user_version`, [{ user_version: 7 }]);
  t.true((await db.query`explain query plan select * from t`).length > 0);
  await db.execute`vacuum`;
  await db.execute`pragma wal_checkpoint`;
  t.deepEqual(await db.query`with x (a) as (select 1) select a from x`, [{ a: 1 }]);
  t.deepEqual(await db.query`values (1), (2)`.then((rows) => rows.length), 2);
});

test.serial('a connection, and a service, for reading only', async (t) => {
  const { bus, file, db } = await served(t);
  await db.script('create table t (a); insert into t values (1)');
  const guest = await connectDatabase(bus, 'main', { readOnly: true });
  t.deepEqual(await guest.query`select a from t`, [{ a: 1 }]);
  await t.throwsAsync(guest.execute`delete from t`, { code: 'ERR_BUSBAR_SQL_REFUSED' });
  await t.throwsAsync(guest.transaction(), { code: 'ERR_BUSBAR_SQL_REFUSED' });
  const other = newBus();
  const service = await serveDatabase(other, file, { label: 'main', readers: 1, readOnly: true });
  const reading = await connectDatabase(other, 'main');
  t.teardown(async () => {
    await Promise.all([guest.close(), reading.close()]);
    await service.close();
  });
  t.deepEqual(await reading.query`select a from t`, [{ a: 1 }]);
  const reasons = { code: 'ERR_BUSBAR_SQL_REFUSED', message: /reading only/ };
  await t.throwsAsync(reading.execute`delete from t`, reasons);
  await t.throwsAsync(reading.script('delete from t'), reasons);
  await t.throwsAsync(reading.transaction(), { code: 'ERR_BUSBAR_SQL_REFUSED' });
  const snapshot = await reading.transaction({ mode: 'read' });
  t.deepEqual(await snapshot.query`select a from t`, [{ a: 1 }]);
  await snapshot.commit();
});

test.serial('what serveDatabase() refuses', async (t) => {
  const wrong: readonly (readonly [string, object])[] = [
    [':memory:', {}],
    ['', {}],
    ['a\0b', {}],
    ['file:x.db', {}],
    ['x.db', { readers: 0 }],
    ['x.db', { reader: 1 }],
    ['x.db', { synchronous: 'off' }],
    ['x.db', { label: [] }],
    ['x.db', { idle: 0 }],
    ['x.db', { onError: 1 }],
  ];
  for (const [file, options] of wrong) {
    await t.throwsAsync(serveDatabase(newBus(), file, options), {
      code: 'ERR_BUSBAR_SQL_ARGUMENT',
    });
  }
  const { file } = await served(t);
  const missing = serveDatabase(newBus(), `${file}/nowhere/x.db`);
  await t.throwsAsync(missing, { code: 'ERR_BUSBAR_SQL_OPEN', message: /nowhere/ });
  await t.throwsAsync(serveDatabase(newBus(), `${file}.no`, { readOnly: true }), {
    code: 'ERR_BUSBAR_SQL_OPEN',
  });
  await t.throwsAsync(serveDatabase(newBus(), `${file}.no`, { driver: 'no-such-package' }), {
    code: 'ERR_BUSBAR_SQL_MISSING_ENGINE',
  });
  await t.throwsAsync(serveDatabase(newBus(), import.meta.filename), {
    code: 'ERR_BUSBAR_SQL_OPEN',
  });
});
