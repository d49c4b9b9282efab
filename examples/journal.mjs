// A journal: what is written survives the process, and a consumer goes on where it stopped.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageBox, messageType } from 'busbar';
import { openJournal, openJournalReader } from 'busbar/journal';

const Move = messageType('com.example.move');
const box = messageBox({ Move });
const folder = await mkdtemp(join(tmpdir(), 'busbar-journal-'));

// The one writer. `append` resolves when the entry is as safe as `durability` says.
const log = await openJournal(folder, { durability: 'disk', retain: { bytes: '10 GiB' } });
for (let x = 1; x <= 3; x++) await log.append(box.Move({ x }), { label: 'planet' });

// `write` returns at once, for those who write much; `settled` waits for all of them.
for (let x = 4; x <= 1000; x++) log.write(box.Move({ x }), { label: 'planet' });
await log.settled();

// Any number of readers, in any process. A cursor notes how far a consumer has come.
const reader = await openJournalReader(folder);
const cursor = reader.cursor('billing');
for await (const entry of reader.read()) {
  console.log(entry.position, entry.typeName, entry.label.join(), entry.decode(Move));
  await cursor.commit(entry.position);
  if (entry.position === 2) break;
}
for await (const { position } of reader.read({ from: cursor })) {
  console.log('billing goes on at', position);
  break;
}

// Following: first what is there, then what is written, without a gap.
const last = log.next;
let seen = 0;
for await (const entry of reader.read({ from: 999, follow: true })) {
  seen++;
  if (entry.position === 1000) await log.append(box.Move({ x: 'the last one' }));
  if (entry.position === last) break;
}
console.log('followed', seen, 'entries');

await reader.close();
await log.close();
await rm(folder, { recursive: true });
