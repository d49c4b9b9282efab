// Wine, with a prefix of the project's own.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './project.mjs';

const prefix = join(root, '.cache', 'wine');

/** The environment in which a program uses the prefix. */
export const wineEnvironment = { WINEPREFIX: prefix, WINEDEBUG: '-all' };

/** Makes the prefix, for Windows 10, unless it exists; returns false if Wine is not installed. */
export function setUpWine() {
  if (existsSync(prefix)) return true;
  // Wine makes the prefix, but no folder above it.
  mkdirSync(dirname(prefix), { recursive: true });
  const options = { stdio: 'ignore', env: { ...process.env, ...wineEnvironment } };
  const made = spawnSync('wine', ['wineboot', '-i'], options);
  return (
    made.error === undefined && spawnSync('wine', ['winecfg', '-v', 'win10'], options).status === 0
  );
}

/** Ends processes that Wine keeps running for a while. */
export function stopWine() {
  spawnSync('wineserver', ['-k'], { env: { ...process.env, ...wineEnvironment } });
}
