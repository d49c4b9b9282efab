// The option `use`: a middleware or a list of them.

import { show } from '../../base/show.js';
import type { Middleware } from './any-message.js';
import { TableError } from './errors.js';

/** Checks the option. */
export function middlewareOf(where: string, use: unknown): readonly Middleware[] {
  if (use === undefined) return [];
  const list: unknown[] = Array.isArray(use) ? use : [use];
  for (const each of list) {
    if (typeof each === 'function') continue;
    throw new TableError(`use of ${where} has ${show(each)}; expected functions`);
  }
  return list as Middleware[];
}
