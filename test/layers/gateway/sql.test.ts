// Databases over HTTP: the clients of libsql, Drizzle and Kysely as they come from npm, and what the
// protocol refuses.

import { join } from 'node:path';
import { createClient, type Client as LibsqlClient } from '@libsql/client/http';
import { LibsqlDialect } from '@libsql/kysely-libsql';
import test, { type ExecutionContext } from 'ava';
import { type GatewayOptions, serveGateway } from 'busbar/gateway';
import { serveDatabase } from 'busbar/sql';
import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/libsql/http';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { Kysely } from 'kysely';
import { keepAlive } from '../../support/keep-alive.js';
import { newBus } from '../../support/program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { refusalOf } from './support/served.js';

keepAlive(test);

async function databaseAt(t: ExecutionContext, options: Partial<GatewayOptions> = {}) {
  const bus = newBus();
  const service = await serveDatabase(bus, join(temporaryFolder(t), 'app.db'), {
    label: 'main',
    readers: 2,
  });
  const gateway = await serveGateway(bus, { expose: [], databases: ['main'], ...options });
  t.teardown(async () => {
    await gateway.close({ linger: 0 });
    await service.close();
  });
  const { token, url } = gateway;
  const client = (own = token) => {
    const made = createClient({ url: `${url}/sql/main/`, authToken: own });
    t.teardown(() => made.close());
    return made;
  };
  const post = (path: string, body: object, own = token) =>
    fetch(`${url}/sql/main/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${own}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const pipeline = async (baton: string | null, ...requests: readonly object[]) =>
    (await (await post('v3/pipeline', { baton, requests })).json()) as {
      readonly baton: string | null;
      readonly results: readonly {
        readonly type: string;
        readonly response: { readonly result: Record<string, unknown> & { rows: unknown[][] } };
        readonly error?: { readonly code: string };
      }[];
    };
  return { gateway, client, post, pipeline };
}

async function filled(client: LibsqlClient): Promise<void> {
  await client.execute(
    'create table users (id integer primary key, name text unique, age real, face blob)',
  );
  await client.execute({
    sql: 'insert into users values (?, ?, ?, ?)',
    args: [1, 'ann', 41.5, new Uint8Array([0, 255])],
  });
  await client.execute({ sql: 'insert into users (name) values (:name)', args: { name: 'bob' } });
}

test('@libsql/client: statements, values, columns', async (t) => {
  const { client } = await databaseAt(t);
  const db = client();
  await filled(db);
  const { rows, columns, columnTypes } = await db.execute('select * from users order by id');
  t.deepEqual(columns, ['id', 'name', 'age', 'face']);
  t.deepEqual(
    columnTypes.map((each) => each.toLowerCase()),
    ['integer', 'text', 'real', 'blob'],
  );
  t.is(rows[0]?.name, 'ann');
  t.is(rows[0]?.age, 41.5);
  t.deepEqual(new Uint8Array(rows[0]?.face as ArrayBuffer), new Uint8Array([0, 255]));
  t.is(rows[1]?.age, null);
  const { rowsAffected, lastInsertRowid } = await db.execute(
    "insert into users (name) values ('eve')",
  );
  t.is(rowsAffected, 1);
  t.is(lastInsertRowid, 3n);
  const error = await t.throwsAsync(db.execute("insert into users (name) values ('eve')"));
  t.regex((error as unknown as { code: string }).code, /SQLITE_CONSTRAINT/);
  await t.throwsAsync(db.execute('select * from missing'), { message: /no such table/ });
});

test('@libsql/client: batches are all or nothing', async (t) => {
  const { client } = await databaseAt(t);
  const db = client();
  await filled(db);
  const results = await db.batch(
    [
      'update users set age = 1 where id = 1',
      { sql: 'select age from users where id = ?', args: [1] },
    ],
    'write',
  );
  t.is(results[1]?.rows[0]?.age, 1);
  await t.throwsAsync(
    db.batch(
      ['update users set age = 2 where id = 1', 'insert into users (id) values (1)'],
      'write',
    ),
  );
  t.is((await db.execute('select age from users where id = 1')).rows[0]?.age, 1);
  await db.executeMultiple(
    "insert into users (name) values ('x'); insert into users (name) values ('y');",
  );
  t.is((await db.execute('select count(*) as n from users')).rows[0]?.n, 4);
});

test('@libsql/client: transactions hold over several requests', async (t) => {
  const { client } = await databaseAt(t);
  const [db, other] = [client(), client()];
  await filled(db);
  const tx = await db.transaction('write');
  await tx.execute('update users set age = 7');
  t.is((await tx.execute('select age from users where id = 1')).rows[0]?.age, 7);
  t.is((await other.execute('select age from users where id = 1')).rows[0]?.age, 41.5);
  await tx.rollback();
  t.is((await db.execute('select age from users where id = 1')).rows[0]?.age, 41.5);
  const again = await db.transaction('write');
  await again.execute('update users set age = 8');
  await again.commit();
  t.is((await other.execute('select age from users where id = 1')).rows[0]?.age, 8);
  const reading = await db.transaction('read');
  t.is((await reading.execute('select count(*) as n from users')).rows[0]?.n, 2);
  reading.close();
});

test('a transaction that is left alone is rolled back', async (t) => {
  const { client, pipeline } = await databaseAt(t, { limits: { resumeTime: 100 } });
  const db = client();
  await filled(db);
  const run = (sql: string) => ({ type: 'execute', stmt: { sql } });
  const first = await pipeline(null, run('begin immediate'), run('update users set age = 9'));
  t.deepEqual(
    first.results.map(({ type }) => type),
    ['ok', 'ok'],
  );
  // It waits in the queue of writes until the other one is over.
  await db.execute('update users set name = name');
  t.is((await db.execute('select age from users where id = 1')).rows[0]?.age, 41.5);
  const late = await fetchBaton(pipeline, first.baton);
  t.is(late, 'BAD_REQUEST');
});

async function fetchBaton(
  pipeline: (baton: string | null, ...requests: readonly object[]) => Promise<unknown>,
  baton: string | null,
): Promise<unknown> {
  return ((await pipeline(baton, { type: 'get_autocommit' })) as { readonly code?: unknown }).code;
}

test('Hrana 3: conditions, stored texts, cursors, and batons that are good once', async (t) => {
  const { client, pipeline, post } = await databaseAt(t);
  await filled(client());
  const stored = await pipeline(
    null,
    { type: 'store_sql', sql_id: 1, sql: 'select name from users where id = ?' },
    { type: 'execute', stmt: { sql_id: 1, args: [{ type: 'integer', value: '2' }] } },
    { type: 'describe', sql_id: 1 },
    { type: 'get_autocommit' },
    { type: 'close_sql', sql_id: 1 },
    { type: 'execute', stmt: { sql_id: 1 } },
    { type: 'nonsense' },
  );
  t.deepEqual(
    stored.results.map(({ type }) => type),
    ['ok', 'ok', 'ok', 'ok', 'ok', 'error', 'error'],
  );
  t.deepEqual(stored.results[1]?.response.result.rows, [[{ type: 'text', value: 'bob' }]]);
  t.like(stored.results[2]?.response.result, { is_readonly: true, is_explain: false });
  const closed = await pipeline(stored.baton, { type: 'close' });
  t.is(closed.baton, null);
  t.is(await fetchBaton(pipeline, stored.baton), 'BAD_REQUEST');
  t.is(await fetchBaton(pipeline, 'x'.repeat(32)), 'BAD_REQUEST');
  const batch = {
    steps: [
      { stmt: { sql: 'select * from missing' } },
      { stmt: { sql: 'select 1' }, condition: { type: 'ok', step: 0 } },
      { stmt: { sql: 'select 2' }, condition: { type: 'error', step: 0 } },
      {
        stmt: { sql: 'select 3' },
        condition: {
          type: 'and',
          conds: [{ type: 'not', cond: { type: 'ok', step: 0 } }, { type: 'is_autocommit' }],
        },
      },
      { stmt: { sql: 'select 4' }, condition: { type: 'or', conds: [] } },
    ],
  };
  const answer = await post('v3/cursor', { baton: null, batch });
  const lines = (await answer.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type?: string; step?: number });
  t.deepEqual(
    lines.slice(1).map(({ type, step }) => (step === undefined ? type : `${type} ${step}`)),
    ['step_error 0', 'step_begin 2', 'row', 'step_end', 'step_begin 3', 'row', 'step_end'],
  );
});

test('what is not exposed, not allowed or malformed is refused', async (t) => {
  const reader = 'b'.repeat(32);
  const other = 'c'.repeat(32);
  const { gateway, client, post, pipeline } = await databaseAt(t, {
    token: [
      { token: 'a'.repeat(32) },
      { token: reader, readOnly: true },
      { token: other, interfaces: [] },
    ],
  });
  await filled(client());
  t.is((await client(reader).execute('select count(*) as n from users')).rows[0]?.n, 2);
  await t.throwsAsync(client(reader).execute('delete from users'));
  t.is(await refusalOf(post('v3/pipeline', {}, other)), '403 FORBIDDEN');
  t.is(await refusalOf(post('v3/pipeline', {}, 'x'.repeat(32))), '401 UNAUTHENTICATED');
  t.is(await refusalOf(post('v4/pipeline', {})), '404 NOT_FOUND');
  t.is(await refusalOf(post('v3/elsewhere', {})), '404 NOT_FOUND');
  const headers = { authorization: `Bearer ${gateway.token}` };
  t.is((await fetch(`${gateway.url}/sql/main/v3`, { headers })).status, 200);
  t.is((await fetch(`${gateway.url}/sql/other/v3`, { headers })).status, 404);
  const wrong = [
    { type: 'integer', value: '1e3' },
    { type: 'blob', base64: '*' },
    { type: 'text' },
    { type: 'x' },
    null,
  ];
  for (const value of wrong) {
    const { results } = await pipeline(
      null,
      { type: 'execute', stmt: { sql: 'select ?', args: [value] } },
      { type: 'close' },
    );
    t.is(results[0]?.error?.code, 'BAD_REQUEST');
  }
  const attach = await pipeline(
    null,
    { type: 'execute', stmt: { sql: "attach '/etc/passwd' as x" } },
    { type: 'close' },
  );
  t.is(attach.results[0]?.type, 'error');
});

test('Drizzle', async (t) => {
  const { client } = await databaseAt(t);
  const db = client();
  await filled(db);
  const users = sqliteTable('users', { id: integer().primaryKey(), name: text(), age: integer() });
  const orm = drizzle({ client: db as never });
  await orm.insert(users).values({ name: 'zoe', age: 3 });
  t.deepEqual(await orm.select({ name: users.name }).from(users).where(eq(users.age, 3)), [
    { name: 'zoe' },
  ]);
  await orm.transaction(async (tx) => {
    await tx.update(users).set({ age: 4 }).where(eq(users.name, 'zoe'));
  });
  await t.throwsAsync(
    orm.transaction(async (tx) => {
      await tx.update(users).set({ age: 5 }).where(eq(users.name, 'zoe'));
      throw new Error('no');
    }),
  );
  t.deepEqual(await orm.select({ age: users.age }).from(users).where(eq(users.name, 'zoe')), [
    { age: 4 },
  ]);
});

interface Tables {
  readonly users: { readonly id?: number; readonly name: string; readonly age?: number | null };
}

test('Kysely', async (t) => {
  const { client, gateway } = await databaseAt(t);
  await filled(client());
  const db = new Kysely<Tables>({
    dialect: new LibsqlDialect({ url: `${gateway.url}/sql/main/`, authToken: gateway.token }),
  });
  await db.insertInto('users').values({ name: 'kim', age: 6 }).execute();
  const found = await db
    .selectFrom('users')
    .select(['name'])
    .where('age', '=', 6)
    .executeTakeFirst();
  t.is(found?.name, 'kim');
  await db.transaction().execute(async (tx) => {
    await tx.updateTable('users').set({ age: 7 }).where('name', '=', 'kim').execute();
  });
  const kim = await db
    .selectFrom('users')
    .select(['age'])
    .where('name', '=', 'kim')
    .executeTakeFirst();
  t.is(kim?.age, 7);
  await db.destroy();
});
