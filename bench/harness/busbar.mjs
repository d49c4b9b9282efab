// Loads the built package as a user would get it. This folder has a package.json of its own, so the
// name `busbar` does not resolve to the project from here; the project's `exports` are read
// instead.

import { existsSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);

/** @returns {Promise<typeof import('busbar')>} */
export function loadBusbar() {
  return import(entry());
}

/** @returns {Promise<string | undefined>} why busbar cannot be measured here, in one line */
export async function busbarMissing() {
  try {
    if (!existsSync(entry())) return 'busbar is not built (npm run compile)';
    await loadBusbar();
    return undefined;
  } catch (error) {
    return `busbar does not load: ${error.message.split('\n')[0]}`;
  }
}

function entry() {
  const { exports } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  let target = exports['.'] ?? exports;
  while (typeof target === 'object') target = target.import ?? target.node ?? target.default;
  return new URL(target, ROOT);
}
