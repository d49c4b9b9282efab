// The program of the `sql` trial: `sql.mjs <job as JSON>` prints the figures as one line of JSON. The
// server is a process of its own, `sql.mjs serve <bus> <file> <driver>`.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { loadEntry } from './busbar.mjs';
import { summarise } from './statistics.mjs';

const ROWS = 10_000;
/** Writes that wait at a time. */
const UNDER_WAY = 500;
const POINT = 'select id, name, weight from things where id = ?';
const INSERT = 'insert into things (name, weight) values (?, ?)';
const HEAVY = `with recursive c (x) as (select 1 union all select x + 1 from c where x < 2000000)
  select sum(x) from c`;

const [first, ...rest] = process.argv.slice(2);
if (first === 'serve') await serve(...rest);
else console.log(JSON.stringify(await measure(JSON.parse(first))));

async function serve(bus, file, driver) {
  process.on('disconnect', () => process.exit());
  const { serveDatabase } = await loadEntry('./sql');
  await serveDatabase(bus, file, { label: 'bench', readers: 1, synchronous: 'full', driver });
  process.send('served');
}

async function measure({ peer, params: { kind }, folder, milliseconds }) {
  const file = join(folder, 'bench.db');
  fill(file);
  const until = { point: points, single: singles, grouped, blocked };
  if (peer === 'sqlite-in-process') return inProcess(file, kind, milliseconds);
  const bus = `bench-sql-${process.pid}`;
  const driver = pathToFileURL(createRequire(import.meta.url).resolve('better-sqlite3')).href;
  const server = fork(fileURLToPath(import.meta.url), ['serve', bus, file, driver]);
  await once(server, 'message');
  const { connectDatabase, sql } = await loadEntry('./sql');
  const db = await connectDatabase(bus, 'bench');
  try {
    return await until[kind](db, sql, milliseconds);
  } finally {
    await db.close();
    server.kill();
  }
}

function open(file) {
  const Database = createRequire(import.meta.url)('better-sqlite3');
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  return database;
}

function fill(file) {
  const database = open(file);
  database.exec('create table things (id integer primary key, name text, weight real)');
  const insert = database.prepare(INSERT);
  database.transaction(() => {
    for (let id = 1; id <= ROWS; id++) insert.run(`thing ${id}`, id / 3);
  })();
  database.close();
}

/** The same driver in this process. */
function inProcess(file, kind, milliseconds) {
  const database = open(file);
  const statement = database.prepare(kind === 'point' ? POINT : INSERT);
  const run = (id) => (kind === 'point' ? statement.get(id) : statement.run('a thing', id));
  return kind === 'point'
    ? latency(run, milliseconds)
    : rate(async (count) => run(count), 1, milliseconds);
}

function points(db, sql, milliseconds) {
  return latency((id) => db.get(sql(POINT, [id])), milliseconds);
}

function singles(db, sql, milliseconds) {
  return rate((count) => db.execute(sql(INSERT, ['a thing', count])), 1, milliseconds);
}

function grouped(db, sql, milliseconds) {
  return rate((count) => db.execute(sql(INSERT, ['a thing', count])), UNDER_WAY, milliseconds);
}

/** How late the caller's event loop is at most while the server runs long statements. */
async function blocked(db) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await db.query(HEAVY);
  delay.enable();
  for (let turn = 0; turn < 5; turn++) await db.query(HEAVY);
  delay.disable();
  return { p99: delay.percentile(99) / 1e3, max: delay.max / 1e3 };
}

async function latency(once, milliseconds) {
  const samples = [];
  const ramp = performance.now() + 500;
  for (let id = 1; performance.now() < ramp; id = (id % ROWS) + 1) await once(id);
  const until = performance.now() + milliseconds * 4;
  for (let id = 1; performance.now() < until; id = (id % ROWS) + 1) {
    const start = performance.now();
    await once(id);
    samples.push((performance.now() - start) * 1000);
  }
  return summarise(samples);
}

/** Writes a second, with `lanes` of them under way. */
async function rate(once, lanes, milliseconds) {
  let count = 0;
  let until = performance.now() + 500;
  const lane = async () => {
    while (performance.now() < until) {
      await once(count);
      count++;
    }
  };
  const all = () => Promise.all(Array.from({ length: lanes }, lane));
  await all();
  count = 0;
  const start = performance.now();
  until = start + milliseconds * 8;
  await all();
  return { perSecond: (count * 1000) / (performance.now() - start), count };
}
