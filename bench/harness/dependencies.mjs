// Installs the peers from npm on first use, and again when their list has changed, into this folder
// only: building and testing busbar does not need them.

import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BENCH = fileURLToPath(new URL('..', import.meta.url));

/** @param {(line: string) => void} say */
export function installDependencies(say) {
  const installed = statSync(`${BENCH}node_modules/.package-lock.json`, { throwIfNoEntry: false });
  const wanted = statSync(`${BENCH}package-lock.json`);
  if (installed !== undefined && installed.mtimeMs >= wanted.mtimeMs) return;
  say('installing the peers from npm');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status, stderr } = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], {
    cwd: BENCH,
    encoding: 'utf8',
  });
  if (status !== 0) say(`npm ci failed in bench/; peers from npm are left out:\n${stderr}`);
}

/**
 * @param {string} name of a package in bench/package.json
 * @returns {string | undefined} why it cannot be measured here, in one line
 */
export function packageMissing(name) {
  return existsSync(`${BENCH}node_modules/${name}`) ? undefined : `${name} is not installed`;
}
