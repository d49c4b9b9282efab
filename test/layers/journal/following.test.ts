// Readers beside a writer: in its process and in others, from the begin and from the middle, while
// segments begin and end.
import test from 'ava';
import { messageBox, text } from 'busbar';
import { openJournal, openJournalReader } from 'busbar/journal';
import { journalFollower, journalWriter } from '../../support/journal-processes.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { entryText, isNumbered } from './numbered-entries.js';

const box = messageBox({ Line: text });

test('processes that follow see each entry once, from wherever they begin', async (t) => {
  const folder = temporaryFolder(t);
  await (await openJournal(folder)).close();
  const early = journalFollower(t, folder, 1);
  await early.next();
  const writer = journalWriter(t, folder, { segmentBytes: 65_536 }, 200);
  await writer.next();
  for (let count = 0; count < 30; count++) await writer.next();
  const late = journalFollower(t, folder, 500);
  await late.next();
  for (let count = 0; count < 30; count++) await writer.next();
  writer.say('stop');
  let last = 0;
  for (let news = await writer.next<{ closed?: number }>(); ; news = await writer.next()) {
    if (news.closed === undefined) continue;
    last = news.closed - 1;
    break;
  }
  for (const follower of [early, late]) {
    follower.say(last);
    t.deepEqual(await follower.next(), { seen: last, wrong: '', missed: 0 });
  }
  t.true(last > 1000);
});

test('a loop that follows in the process of the writer goes from old entries to new ones', async (t) => {
  const folder = temporaryFolder(t);
  const log = await openJournal(folder, { segmentBytes: 65_536 });
  const write = () => log.write(box.Line(entryText(log.next)));
  for (let count = 0; count < 1000; count++) write();
  let expected = 1;
  for await (const entry of log.read({ follow: true })) {
    if (entry.position !== expected || !isNumbered(entry)) t.fail(`entry ${entry.position}`);
    expected++;
    if (entry.position >= 5000) break;
    // Some from within the loop, so that reading overtakes writing again and again.
    if (entry.position % 100 === 0) for (let count = 0; count < 100; count++) write();
  }
  t.is(expected, 5001);
  await log.close();
});

test('following ends at `to`, by its signal, by return and by close', async (t) => {
  const folder = temporaryFolder(t);
  const log = await openJournal(folder);
  const count = async (read: AsyncIterable<unknown>) => {
    let entries = 0;
    for await (const _ of read) entries++;
    return entries;
  };
  const three = count(log.read({ follow: true, to: 4 }));
  const ending = new AbortController();
  const aborted = count(log.read({ follow: true, signal: ending.signal }));
  const closed = count(log.read({ follow: true }));
  for (let entry = 0; entry < 5; entry++) await log.append(box.Line('x'));
  t.is(await three, 3);
  ending.abort(new Error('enough'));
  await t.throwsAsync(aborted, { code: 'ERR_BUSBAR_ABORTED', name: 'AbortError' });
  await log.close();
  t.is(await closed, 5);
  const reader = await openJournalReader(folder);
  await t.throwsAsync(count(reader.read({ signal: ending.signal })), { name: 'AbortError' });
  await reader.close();
  t.throws(() => reader.read(), { code: 'ERR_BUSBAR_CLOSED' });
});

test('reading without `follow` ends, even if the writer is faster', async (t) => {
  const log = await openJournal(temporaryFolder(t));
  for (let entry = 0; entry < 100; entry++) log.write(box.Line('x'));
  let seen = 0;
  for await (const { position } of log.read()) {
    seen = position;
    await log.append(box.Line('y'));
  }
  t.is(seen, 100);
  await log.close();
});
