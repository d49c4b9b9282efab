// The files are MCAP: they are read whole by the format's own libraries for JavaScript and Python.
import { execFileSync } from 'node:child_process';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { McapIndexedReader, McapStreamReader } from '@mcap/core';
import test from 'ava';
import { json, messageBox, messageType, text } from 'busbar';
import { exportMcap, openJournal } from 'busbar/journal';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { entryText } from './numbered-entries.js';

const box = messageBox({ Line: text, Note: json('com.example.note'), Move: messageType('move') });

/** A Python that is named must have the package `mcap`; else that part is left out without it. */
const named = process.env.BUSBAR_TEST_PYTHON;
const python = named ?? 'python3';

function hasPythonMcap(): boolean {
  if (named !== undefined) return true;
  try {
    execFileSync(python, ['-c', 'import mcap'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const script = `
import glob, json, sys
from mcap.reader import make_reader, NonSeekingReader
out = []
for path in sorted(glob.glob(sys.argv[1])):
    with open(path, 'rb') as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        rows = [[c.topic, m.sequence, m.data.decode('latin1')] for _, c, m in reader.iter_messages()]
    with open(path, 'rb') as file:
        streamed = [m.sequence for _, _, m in NonSeekingReader(file, validate_crcs=True).iter_messages()]
    out.append({'count': summary.statistics.message_count, 'rows': rows, 'streamed': streamed})
print(json.dumps(out))
`;

async function written(folder: string): Promise<number> {
  const schemas = { 'com.example.note': { type: 'object', properties: { n: { type: 'number' } } } };
  const log = await openJournal(folder, { segmentBytes: 65_536, schemas });
  for (let count = 0; count < 2000; count++) {
    const position = log.next;
    if (position % 5 === 0) log.write(box.Note({ n: position }), { label: 'notes', key: 'k' });
    else log.write(box.Line(entryText(position)), { label: `sender ${position % 3}` });
    if (position % 97 === 0) await log.settled();
  }
  log.write(box.Move({ x: 1 }));
  const { next } = log;
  await log.close();
  return next - 1;
}

const segments = async (folder: string) =>
  (await readdir(folder)).filter((name) => name.endsWith('.mcap')).sort();

test('@mcap/core reads every segment, by its index and from begin to end', async (t) => {
  const folder = temporaryFolder(t);
  const last = await written(folder);
  const sequences: number[] = [];
  let streamed = 0;
  for (const name of await segments(folder)) {
    const file = await open(join(folder, name));
    const readable = {
      size: async () => BigInt((await file.stat()).size),
      read: async (offset: bigint, size: bigint) => {
        const { buffer } = await file.read(
          Buffer.alloc(Number(size)),
          0,
          Number(size),
          Number(offset),
        );
        return buffer;
      },
    };
    const reader = await McapIndexedReader.Initialize({ readable });
    let count = 0n;
    for await (const message of reader.readMessages()) {
      const topic = reader.channelsById.get(message.channelId)?.topic;
      if (topic === 'busbar.text') {
        t.is(Buffer.from(message.data).toString(), entryText(message.sequence));
      }
      if (topic === 'com.example.note') {
        t.deepEqual(JSON.parse(Buffer.from(message.data).toString()), { n: message.sequence });
        const schemaId = reader.channelsById.get(message.channelId)?.schemaId ?? 0;
        t.is(reader.schemasById.get(schemaId)?.encoding, 'jsonschema');
      }
      sequences.push(message.sequence);
      count++;
    }
    t.is(reader.statistics?.messageCount, count);
    t.is(reader.statistics?.channelCount, reader.channelsById.size);
    const stream = new McapStreamReader({ validateCrcs: true });
    stream.append(await file.readFile());
    for (let record = stream.nextRecord(); record !== undefined; record = stream.nextRecord()) {
      if (record.type === 'Message') streamed++;
    }
    t.true(stream.done());
    await file.close();
  }
  t.deepEqual(
    sequences.sort((a, b) => a - b),
    Array.from({ length: last }, (_, index) => index + 1),
  );
  t.is(streamed, last);
});

test('@mcap/core reads compacted segments and exported files', async (t) => {
  const folder = temporaryFolder(t);
  await written(folder);
  const log = await openJournal(folder);
  const { removed } = await log.compact();
  t.true(removed > 300);
  const path = join(temporaryFolder(t), 'export.mcap');
  const count = await exportMcap(log, path);
  await log.close();
  let streamed = 0;
  for (const name of [...(await segments(folder)).map((name) => join(folder, name)), path]) {
    const file = await open(name);
    const stream = new McapStreamReader({ validateCrcs: true });
    stream.append(await file.readFile());
    for (let record = stream.nextRecord(); record !== undefined; record = stream.nextRecord()) {
      if (record.type === 'Message' && name !== path) streamed++;
      if (record.type === 'Message' && name === path)
        JSON.parse(Buffer.from(record.data).toString());
    }
    t.true(stream.done());
    await file.close();
  }
  t.is(streamed, count);
});

(hasPythonMcap() ? test : test.skip)('the Python package mcap reads every segment', async (t) => {
  const folder = temporaryFolder(t);
  const last = await written(folder);
  const output = execFileSync(python, ['-c', script, join(folder, '*.mcap')], {
    maxBuffer: 2 ** 28,
  });
  const files: { count: number; rows: [string, number, string][]; streamed: number[] }[] =
    JSON.parse(output.toString());
  t.is(files.length, (await segments(folder)).length);
  const sequences: number[] = [];
  for (const { count, rows, streamed } of files) {
    t.is(rows.length, count);
    t.is(streamed.length, count);
    for (const [topic, sequence, data] of rows) {
      if (topic === 'busbar.text') t.is(data, entryText(sequence));
      sequences.push(sequence);
    }
  }
  t.deepEqual(
    sequences.sort((a, b) => a - b),
    Array.from({ length: last }, (_, index) => index + 1),
  );
});
