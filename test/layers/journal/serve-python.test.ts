// A journal that is served, for a program in Python: it reads, follows, appends and commits by code
// that is generated from the interface.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { messageBox, messageType } from 'busbar';
import { printPython } from 'busbar/interface';
import { JournalService, openJournal, serveJournal } from 'busbar/journal';
import { newBus } from '../../support/program.js';
import { lacksPython, PythonProgram } from '../../support/python.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const box = messageBox({ Move: messageType<number>('com.example.move') });

const program = `
import asyncio, sys
from busbar import rpc
from served_journal import Journal


async def main() -> None:
    async with rpc.connect(sys.argv[1], Journal) as journal:
        all = await journal.range()
        print(all.start, all.next)
        async for entry in journal.read(from_=2, to=4):
            print(entry.position, entry.name, ",".join(entry.label), entry.key, entry.payload.hex())
        await journal.commit("billing", 4)
        print(await journal.committed("billing"))
        async for entry in journal.read(cursor="billing", follow=True):
            if entry.position == 5:
                print(await journal.append("com.example.move", b"\\x06", label=["python"]))
            if entry.position == 6:
                print(",".join(entry.label), entry.payload.hex())
                break


asyncio.run(main())
`;

test('a program in Python reads, follows, appends and commits', async (t) => {
  if (lacksPython(t)) return;
  const bus = newBus();
  const log = await openJournal(temporaryFolder(t));
  for (let x = 1; x <= 5; x++) log.write(box.Move(x), { label: 'planet', key: `k${x}` });
  await log.settled();
  const service = await serveJournal(bus, log, { label: 'events', writable: true });
  t.teardown(async () => {
    await service.close();
    await log.close();
  });
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'served_journal.py'), printPython(JournalService));
  writeFileSync(join(folder, 'main.py'), program);
  const python = new PythonProgram(t, [join(folder, 'main.py'), bus]);
  for (const expected of [
    '1 6',
    '2 com.example.move planet k2 02',
    '3 com.example.move planet k3 03',
    '4',
    '6',
    'python 06',
  ]) {
    t.is(await python.line(), expected);
  }
  t.deepEqual(await python.ended, [0, null]);
  t.is(log.next, 7);
});
