// A database that one process serves and others use: statements, a transaction whose owner is
// killed, rows as a stream, and what has changed.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectDatabase, serveDatabase, sql } from 'busbar/sql';

const [, , bus = `sql-${process.pid}`, role = 'main'] = process.argv;

if (role === 'main') await main();
else await forgetful();

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-'));
  const service = await serveDatabase(bus, join(folder, 'app.db'), { label: 'app' });
  const db = await connectDatabase(bus, 'app');
  await db.script('create table users (id integer primary key, name text unique)');

  const name = "Robert'); drop table users; --";
  const { lastInsertRowid } = await db.execute`insert into users (name) values (${name})`;
  console.log('user', lastInsertRowid, await db.get`select name from users where id = ${1}`);
  await db.execute`insert into users (name) values (${name})`.catch(({ result }) =>
    console.log('refused:', result),
  );

  // All or nothing, in one message.
  await db.batch(['Ada', 'Grace'].map((each) => sql`insert into users (name) values (${each})`));

  const changes = db.watch(['users']);
  await changes.next();

  // Another process has the transaction, and is killed.
  const other = fork(import.meta.filename, [bus, 'forgetful']);
  await new Promise((resolve) => other.once('message', resolve));
  const { holder } = await db.status();
  console.log('held by the other process:', holder.pid === other.pid);
  other.kill('SIGKILL');
  await db.inTransaction(async (transaction) => {
    await transaction.execute`delete from users where name = 'Ada'`;
    console.log('left:', await transaction.get`select count(*) as users from users`);
  });
  const { value } = await changes.next();
  console.log('changed:', value.changes);

  for await (const row of db.stream`select id, name from users order by id`) console.log(row);
  await changes.return();
  await db.close();
  await service.close();
  rmSync(folder, { recursive: true });
}

async function forgetful() {
  const db = await connectDatabase(bus, 'app');
  const transaction = await db.transaction();
  await transaction.execute`delete from users`;
  process.send('active');
}
