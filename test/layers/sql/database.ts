// A database for one test: a file, its threads and a connection.
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import {
  type ConnectDatabaseOptions,
  connectDatabase,
  type Database,
  type DatabaseService,
  type ServeDatabaseOptions,
  serveDatabase,
} from 'busbar/sql';
import { newBus } from '../../support/program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** What a test works with. */
export interface Served {
  readonly bus: string;
  readonly file: string;
  readonly service: DatabaseService;
  readonly db: Database;
}

/** Serves a new database as 'main', and connects to it. Errors of its threads fail the test. */
export async function served(
  t: ExecutionContext,
  options: ServeDatabaseOptions = {},
  connecting: ConnectDatabaseOptions = {},
): Promise<Served> {
  const bus = newBus();
  const file = join(temporaryFolder(t), 'app.db');
  const service = await serveDatabase(bus, file, {
    ...{ label: 'main', readers: 2 },
    onError: (error) => t.fail(error.message),
    ...options,
  });
  const db = await connectDatabase(bus, 'main', connecting);
  t.teardown(async () => {
    await db.close();
    await service.close();
  });
  return { bus, file, service, db };
}
