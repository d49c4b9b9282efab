// A temporary folder for one test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** Makes an empty folder, which is removed at the end of the test. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-test-'));
  t.teardown(() => {
    try {
      rmSync(folder, { recursive: true });
    } catch (error) {
      // Windows keeps files that a process still has open while it ends.
      if (process.platform !== 'win32') throw error;
    }
  });
  return folder;
}
