// The rows of several workers with the same table as one list.
import type { RouteRow } from '../types.js';

/** Adds the counts of rows for the same route; of workers that have none, nothing. */
export function summed(lists: readonly (readonly RouteRow[])[]): readonly RouteRow[] {
  const rows = new Map<string, RouteRow>();
  for (const row of lists.flat()) {
    const key = JSON.stringify([row.mode, row.name, row.type]);
    const before = rows.get(key);
    rows.set(key, before === undefined ? row : both(before, row));
  }
  return [...rows.values()];
}

function both(a: RouteRow, b: RouteRow): RouteRow {
  const handled = a.handled + b.handled;
  const weighted = a.meanMicroseconds * a.handled + b.meanMicroseconds * b.handled;
  return {
    ...a,
    handled,
    concurrency: a.concurrency + b.concurrency,
    retried: a.retried + b.retried,
    failed: a.failed + b.failed,
    deadLetters: a.deadLetters + b.deadLetters,
    running: a.running + b.running,
    waiting: a.waiting + b.waiting,
    meanMicroseconds: handled === 0 ? 0 : weighted / handled,
  };
}
