// At the level `disk` on Linux, a write waits for the disk itself: no second call of the system is
// needed. Read from what the system says about the file.
import { constants, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { messageBox, messageType } from 'busbar';
import { openJournal } from 'busbar/journal';
import { temporaryFolder } from '../../support/temporary-folder.js';

const box = messageBox({ Note: messageType('com.example.note') });
const onLinux = process.platform === 'linux' ? test : test.skip;

/** The flags with which this process has a file open. */
function flagsOf(path: string): number {
  for (const name of readdirSync('/proc/self/fd')) {
    let target: string;
    try {
      target = readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      // That of the folder, which is closed by now.
      continue;
    }
    if (target !== path) continue;
    const info = readFileSync(`/proc/self/fdinfo/${name}`, 'utf8');
    return Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? '', 8);
  }
  throw new Error(`${path} is not open`);
}

for (const durability of ['os', 'disk'] as const) {
  onLinux(`whether a file is written through, at the level '${durability}'`, async (t) => {
    const folder = temporaryFolder(t);
    const log = await openJournal(folder, { durability });
    await log.append(box.Note('first'));
    const flags = flagsOf(join(folder, '000000000001.mcap'));
    const through = (flags & constants.O_DSYNC) === constants.O_DSYNC;
    t.is(through, durability === 'disk');
    await log.close();
  });
}
