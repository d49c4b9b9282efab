// A folder of its own for a test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** Makes an empty folder that goes with the test. */
export function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-test-'));
  t.teardown(() => {
    try {
      rmSync(folder, { recursive: true });
    } catch (error) {
      // Windows keeps what a process that is about to end still has open.
      if (process.platform !== 'win32') throw error;
    }
  });
  return folder;
}
