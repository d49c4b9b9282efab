// Loads the built package as a user would get it. This folder has a package.json of its own, so the
// name `busbar` does not resolve to the project from here; the project's `exports` are read
// instead.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * @param {string} [root] the folder of the build; this one by default
 * @returns {Promise<typeof import('busbar')>}
 */
export function loadBusbar(root) {
  return import(entry(root));
}

/**
 * One of the package's other entries.
 * @param {string} name as in `exports`: './journal'
 * @param {string} [root] the folder of the build; this one by default
 */
export function loadEntry(name, root) {
  return import(entry(root, name));
}

/** @param {string} [root] @returns {Promise<string | undefined>} why busbar cannot be measured here, in one line */
export async function busbarMissing(root) {
  try {
    if (!existsSync(entry(root))) return 'busbar is not built (npm run compile)';
    await loadBusbar(root);
    return undefined;
  } catch (error) {
    return `busbar does not load: ${error.message.split('\n')[0]}`;
  }
}

function entry(root = ROOT, name = '.') {
  const folder = pathToFileURL(`${root}/`);
  const { exports } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
  let target = exports[name];
  while (typeof target === 'object') target = target.import ?? target.node ?? target.default;
  return new URL(target, folder);
}
