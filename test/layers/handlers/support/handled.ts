// A table on a bus that is closed with its test.
import type { ExecutionContext } from 'ava';
import type { MessageBox } from 'busbar';
import { type FullTable, type HandleOptions, type Handlers, handle } from 'busbar/handlers';

/** As `handle`; closed at the end of the test, also if it fails. */
export async function handled<B extends MessageBox>(
  t: ExecutionContext,
  bus: string,
  box: B,
  table: FullTable<B>,
  options?: HandleOptions<B>,
): Promise<Handlers<B>> {
  const handlers = await handle(bus, box, table, options);
  t.teardown(() => handlers.close({ drain: 0 }).catch(() => undefined));
  return handlers;
}
