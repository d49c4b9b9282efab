// The types that a user chose with --type.
import { UsageError } from '../usage.js';
import type { KnownTypes } from './known-types.js';

/** The UUIDs of the types that were asked for; a name without a dot may be the end of another. */
export async function chosenTypes(
  names: readonly string[],
  types: KnownTypes,
  learn: () => Promise<void>,
): Promise<readonly string[]> {
  if (names.some((name) => !name.includes('.') && !name.includes('-'))) await learn();
  const ids = names.flatMap((name) => {
    const meant = types.meant(name);
    return meant.length > 0 ? meant : [types.add(name)];
  });
  if (ids.length > 64) throw new UsageError(`--type means ${ids.length} types; the limit is 64`);
  return ids;
}
