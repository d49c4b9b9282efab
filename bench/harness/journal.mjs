// The program of the `journal` trial: `journal.mjs <job as JSON>` prints the figures as one line of
// JSON. It writes to a folder beside the temporary ones, since those may be in memory.

import { open, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { loadEntry } from './busbar.mjs';
import { openStream } from './jetstream.mjs';
import { summarise } from './statistics.mjs';

const PAYLOAD = 64;
/** Bytes that the file has for each entry of 64 bytes: record, index, and their part of a chunk. */
const IN_FILE = 31 + PAYLOAD + 16;
const WRITE = 320 << 10;
/** Entries that are written and not settled yet: writing and the file are busy at the same time. */
const UNDER_WAY = 15_000;
const TYPE = '0f12682f-89fc-5180-bbb2-d242e4998f9f';

const job = JSON.parse(process.argv[2]);
const { kind, entries } = job.params;
const bytes = new Uint8Array(PAYLOAD).fill(7);
const raw = { typeId: TYPE, bytes };

/** Each returns the figures of one kind for one peer. */
const PROGRAMS = {
  append: {
    busbar: appendJournal,
    writev: appendWritev,
    'writev-entries': appendEntries,
    'better-sqlite3': appendSqlite,
    jetstream: appendJetStream,
  },
  disk: { busbar: diskJournal, fdatasync: diskBare },
  read: { busbar: readEntries, 'busbar-batches': readBatches },
};

try {
  console.log(JSON.stringify(await PROGRAMS[kind][job.peer]()));
} finally {
  await rm(job.folder, { recursive: true, force: true });
}

/** The begin of a measurement, for `rate`. */
function begin() {
  return { time: performance.now(), cpu: process.cpuUsage() };
}

/** Entries a second, and the time on a core that one took all threads of the process. */
function rate(count, { time, cpu }) {
  const seconds = (performance.now() - time) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: count / seconds, count, seconds, cpuNs: ((user + system) * 1000) / count };
}

async function openLog(options) {
  const { openJournal } = await loadEntry('./journal');
  return openJournal(join(job.folder, 'journal'), options);
}

/** Each turn of the event loop writes some, as a program does that handles what has come. */
async function append(log, count) {
  for (let done = 0; done < count; ) {
    let position = 0;
    for (let some = 0; some < 5000 && done < count; some++, done++) position = log.write(raw);
    await log.settled(Math.max(0, position - UNDER_WAY));
    await new Promise(setImmediate);
  }
  await log.settled();
}

async function appendJournal() {
  const log = await openLog({ durability: 'os' });
  await append(log, entries / 10);
  const start = begin();
  await append(log, entries);
  const figures = rate(entries, start);
  await log.close();
  return figures;
}

/** The same bytes, one write after the other, in pieces as large as a chunk. */
async function appendWritev() {
  const file = await open(join(job.folder, 'bytes'), 'w');
  const piece = Buffer.alloc(WRITE, 7);
  const total = entries * IN_FILE;
  const write = async (until) => {
    for (let done = 0; done < until; done += WRITE) await file.writev([piece]);
  };
  await write(total / 10);
  const start = begin();
  await write(total);
  const figures = rate(entries, start);
  await file.close();
  return figures;
}

/** The payloads alone, each a buffer of its own, as many in a call as the system takes. */
async function appendEntries() {
  const file = await open(join(job.folder, 'bytes'), 'w');
  const pieces = Array.from({ length: 1024 }, () => bytes);
  const write = async (count) => {
    for (let done = 0; done < count; done += pieces.length) await file.writev(pieces);
  };
  const count = entries / 4;
  await write(count / 10);
  const start = begin();
  await write(count);
  const figures = rate(count, start);
  await file.close();
  return figures;
}

/** One insert a transaction, without a sync: what `os` promises. */
async function appendSqlite() {
  const Database = createRequire(import.meta.url)('better-sqlite3');
  const database = new Database(join(job.folder, 'entries.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = OFF');
  database.exec('create table entries (position integer primary key, time integer, payload blob)');
  const insert = database.prepare('insert into entries (time, payload) values (?, ?)');
  const count = entries / 20;
  const run = (times) => {
    for (let done = 0; done < times; done++) insert.run(done, bytes);
  };
  run(count / 10);
  const start = begin();
  run(count);
  const figures = rate(count, start);
  database.close();
  return figures;
}

/** Asynchronous publishing to a stream in files, each message acknowledged; synced every two minutes. */
async function appendJetStream() {
  const stream = await openStream(job.folder, bytes, UNDER_WAY);
  const count = entries / 20;
  await stream.append(count / 10);
  const start = begin();
  await stream.append(count);
  const figures = rate(count, start);
  await stream.close();
  return figures;
}

async function diskJournal() {
  const log = await openLog({ durability: 'disk' });
  const figures = await latency(() => log.append(raw));
  await log.close();
  return figures;
}

/** A write of as many bytes as the journal's, and a sync. */
async function diskBare() {
  const file = await open(join(job.folder, 'bytes'), 'w');
  const piece = Buffer.alloc(400, 7);
  const figures = await latency(async () => {
    await file.write(piece);
    await file.datasync();
  });
  await file.close();
  return figures;
}

async function latency(once) {
  const samples = [];
  const until = performance.now() + job.milliseconds * 8;
  for (let count = 0; count < 20; count++) await once();
  while (performance.now() < until) {
    const start = performance.now();
    await once();
    samples.push((performance.now() - start) * 1000);
  }
  return summarise(samples);
}

async function filled() {
  const log = await openLog({ durability: 'os' });
  await append(log, entries);
  return log;
}

async function readEntries() {
  const log = await filled();
  const start = begin();
  let weight = 0;
  for await (const entry of log.read()) weight += entry.bytes[0];
  return finish(log, weight, start);
}

async function readBatches() {
  const log = await filled();
  const start = begin();
  let weight = 0;
  for await (const batch of log.read().batches()) {
    for (const entry of batch) weight += entry.bytes[0];
  }
  return finish(log, weight, start);
}

async function finish(log, weight, start) {
  const figures = rate(entries, start);
  if (weight !== 7 * entries) throw new Error(`read ${weight / 7} of ${entries} entries`);
  await log.close();
  return figures;
}
