// Values of SQL go there and back without loss; results say what their columns are.
import test from 'ava';
import { SqlArgumentError, SqliteError, sql } from 'busbar/sql';
import { served } from './database.js';

test.serial('every kind of value comes back as it was', async (t) => {
  const { db } = await served(t);
  await db.script('create table kept (at integer primary key, value)');
  const values = [
    ...[null, 0, -1, 2 ** 53 - 1, -(2 ** 53) + 1],
    ...[2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n],
    ...[0.5, -0.5, 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ...['', 'text', 'a\0b', '\u{1f600} ä', 'x'.repeat(200_000)],
    ...[new Uint8Array(0), Uint8Array.of(0, 255), new Uint8Array(65_535).fill(1)],
    ...[new Uint8Array(65_536).fill(2), new Uint8Array(300_000).fill(3)],
  ];
  for (const value of values) await db.execute`insert into kept (value) values (${value})`;
  const rows = await db.query<{ value: unknown }>`select value from kept order by at`;
  t.deepEqual(
    rows.map(({ value }) => value),
    values,
  );
  const types = await db.query`select distinct typeof(value) as type from kept order by 1`;
  t.deepEqual(types, [
    { type: 'blob' },
    { type: 'integer' },
    { type: 'null' },
    { type: 'real' },
    { type: 'text' },
  ]);
  // Streamed, they are the same.
  const streamed: unknown[] = [];
  for await (const { value } of db.stream<{ value: unknown }>`select value from kept order by at`) {
    streamed.push(value);
  }
  t.deepEqual(streamed, values);
});

test.serial('an integer is stored as one, and a float as one', async (t) => {
  const { db } = await served(t);
  const row = await db.get`select typeof(${5}) as a, typeof(${5n}) as b, typeof(${5.5}) as c,
    typeof(${-0}) as d, ${'a\0b'} = ${'a\0b'} as e, length(${Uint8Array.of(0, 0)}) as f`;
  t.deepEqual(row, { a: 'integer', b: 'integer', c: 'real', d: 'real', e: 1, f: 2 });
});

test.serial('all integers are bigint if asked for', async (t) => {
  const { db } = await served(t, {}, { integers: 'bigint', booleans: 'integer' });
  await db.script('create table t (a)');
  const { changes, lastInsertRowid } = await db.execute`insert into t values (${true})`;
  t.is(changes, 1);
  t.is(lastInsertRowid, 1n);
  t.deepEqual(await db.get`select a, 1.0 as b from t`, { a: 1n, b: 1 });
});

test.serial('what SQL has no value for is refused before it is sent', async (t) => {
  const { db } = await served(t);
  const wrong = [undefined, true, Number.NaN, 2n ** 63n, {}, [], new Date(0), Symbol.iterator];
  for (const value of wrong) {
    await t.throwsAsync(db.query`select ${value as never}`, { instanceOf: SqlArgumentError });
  }
  t.throws(() => sql(5 as never), { instanceOf: SqlArgumentError });
  await t.throwsAsync(db.query('select 1', { origin: true } as never), {
    instanceOf: SqlArgumentError,
    message: /unknown option 'origin'/,
  });
});

test.serial('columns have names, declared types and origins, also without rows', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (id integer primary key, name varchar(20))');
  const text = 'select name as called, id, id, 1 + 1 as two from t';
  const { columns, rows, arrays } = await db.execute(text, { origins: true });
  t.deepEqual(columns, [
    { name: 'called', type: 'varchar(20)', origin: 'name' },
    { name: 'id', type: 'INTEGER', origin: 'id' },
    { name: 'id', type: 'INTEGER', origin: 'id' },
    { name: 'two', type: undefined, origin: undefined },
  ]);
  t.deepEqual(rows, []);
  t.deepEqual(arrays, []);
  const described = await db.describe('select * from t where id = :id and name = :name');
  t.deepEqual(described.parameters, ['id', 'name']);
  t.deepEqual(
    described.columns.map(({ name }) => name),
    ['id', 'name'],
  );
  t.true(described.readOnly);
  t.false((await db.describe('delete from t where id = ?')).readOnly);
  const stream = db.stream`select id, name from t`;
  for await (const row of stream) t.fail(`${row}`);
  t.deepEqual(
    stream.columns?.map(({ type }) => type),
    ['INTEGER', 'varchar(20)'],
  );
});

test.serial('columns of the same name stay apart by place, and no name is special', async (t) => {
  const { db } = await served(t);
  const { arrays, rows } = await db.execute`select 1 as a, 2 as a, 3 as "__proto__"`;
  t.deepEqual(arrays, [[1, 2, 3]]);
  t.deepEqual(Object.entries(rows[0] ?? {}), [
    ['a', 2],
    ['__proto__', 3],
  ]);
});

test.serial('a changed table has its new columns at once', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a); insert into t values (1)');
  t.deepEqual(await db.query('select * from t'), [{ a: 1 }]);
  await db.execute`alter table t add column b default 2`;
  t.deepEqual(await db.query('select * from t'), [{ a: 1, b: 2 }]);
});

test.serial('parameters by place and by name', async (t) => {
  const { db } = await served(t);
  t.deepEqual(await db.get(sql('select ?2 as b, ?1 as a, ?2 as c', [1, 2])), { b: 2, a: 1, c: 2 });
  const named = sql('select :a as x, @a as y, $b as z', { a: 1, b: 2, unused: 3 });
  t.deepEqual(await db.get(named), { x: 1, y: 1, z: 2 });
  const wrong = [
    sql('select ?', []),
    sql('select ?', [1, 2]),
    sql('select ?, :a', [1]),
    sql('select :a', [1]),
    sql('select :a', { b: 1 }),
    sql('select ?', { a: 1 }),
    sql('select ?0', [1]),
    sql('select ?40000', [1]),
  ];
  for (const statement of wrong) {
    await t.throwsAsync(db.query(statement), { code: 'ERR_BUSBAR_SQL_REFUSED' }, statement.text);
  }
  const question = await db.get(sql('select \'?\' as a, "b?" as b from (select 1 as "b?") -- ?'));
  t.deepEqual(question, { a: '?', b: 1 });
});

test.serial('templates join statements, names and lists', async (t) => {
  const { db } = await served(t);
  const table = 'odd "name"; drop';
  await db.execute`create table ${sql.identifier(table)} (a)`;
  await db.execute`insert into ${sql.identifier(table)} values (${1}), (${2}), (${3})`;
  const where = sql`where a in (${sql.list([1, 3])})`;
  const rows = await db.query`select a from ${sql.identifier(table)} ${where} order by a`;
  t.deepEqual(rows, [{ a: 1 }, { a: 3 }]);
});

test.serial("SQLite's errors have their code, and change nothing", async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a unique, b check (b > 0)); insert into t values (1, 1)');
  const error = await t.throwsAsync(db.execute`insert into t values (${2}, 1), (${1}, 1)`, {
    instanceOf: SqliteError,
  });
  t.is(error.result, 'SQLITE_CONSTRAINT_UNIQUE');
  t.is(error.resultNumber, 2067);
  await t.throwsAsync(db.execute`insert into t values (3, 0)`, {
    message: /CHECK constraint/,
  });
  const syntax = await t.throwsAsync(db.query`selct 1`, { instanceOf: SqliteError });
  t.is(syntax.result, 'SQLITE_ERROR');
  await t.throwsAsync(db.query`select * from missing`, { message: /no such table/ });
  t.deepEqual(await db.query`select * from t`, [{ a: 1, b: 1 }]);
});

test.serial('changes and rowids are those of the statement', async (t) => {
  const { db } = await served(t);
  await db.script('create table t (a)');
  const inserted = await db.execute`insert into t values (1), (2), (3) returning rowid as id, a`;
  t.is(inserted.changes, 3);
  t.is(inserted.lastInsertRowid, 3);
  t.is(inserted.rows.length, 3);
  t.is((await db.execute`update t set a = a + 1 where a > 1`).changes, 2);
  t.is((await db.execute`create table u (a)`).changes, 0);
  t.is((await db.execute`select * from t`).changes, 0);
  t.is((await db.execute`with x as (select 1) delete from t where a = 1`).changes, 1);
});

test.serial('a result has a limit, and a stream none', async (t) => {
  const { db } = await served(t, { maxResult: 65_536 });
  const many = sql`with recursive c (x) as (select 1 union all select x + 1 from c where x < 50000)
    select x, 'some text' as y from c`;
  await t.throwsAsync(db.query(many), { code: 'ERR_BUSBAR_SQL_TOO_LARGE' });
  let sum = 0;
  for await (const { x } of db.stream<{ x: number }>(many)) sum += x;
  t.is(sum, (50_000 * 50_001) / 2);
  let rows = 0;
  for await (const batch of db.stream(many).batches()) rows += batch.length;
  t.is(rows, 50_000);
  // Left early, it ends at the server, too: there are connections for all of these.
  for (let turn = 0; turn < 150; turn++) for await (const _ of db.stream(many)) break;
  t.deepEqual(await db.query`select 1 as a`, [{ a: 1 }]);
});
