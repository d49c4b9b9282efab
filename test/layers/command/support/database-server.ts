// A process that serves a database in a stage's runtime directory.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { newBus } from '../../../support/program.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import type { Stage } from './command.js';

/** Starts it; resolves with the name of its bus once 'app' is served. */
export async function databaseServer(t: ExecutionContext, { env }: Stage): Promise<string> {
  const bus = newBus();
  const program = fileURLToPath(new URL('../../../fixtures/sql-server.js', import.meta.url));
  const child = fork(program, [bus, join(temporaryFolder(t), 'app.db')], { env });
  t.teardown(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  await once(child, 'message');
  return bus;
}
