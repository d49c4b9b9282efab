// Programs that some tests need and that a machine may lack: there, such a test is left out, except
// in CI, where everything has to be there.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** Whether this machine has a program; if not, the test is over, or fails in CI. */
export function has(t: ExecutionContext, program: string): boolean {
  if (isThere(program)) return true;
  if (process.env.CI === 'true') t.fail(`${program} is missing: .ci/run installs it`);
  else {
    t.log(`skipped: there is no ${program} (apt-get install ${program})`);
    t.pass();
  }
  return false;
}

function isThere(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
