// The machine and the commit that the figures come from.

import { spawnSync } from 'node:child_process';
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @typedef {object} Machine
 * @property {string} cpu
 * @property {number} cores
 * @property {string} kernel
 * @property {string} arch
 * @property {number} memoryGiB
 * @property {string} node
 * @property {number} loadBefore how busy the machine was before, as the load average of one minute
 */

/** @returns {Machine} */
export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    kernel: `${type()} ${release()}`,
    arch: arch(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    loadBefore: Number(loadavg()[0].toFixed(2)),
  };
}

/** @returns {string} the commit's short hash, with a plus if there are uncommitted changes */
export function commit() {
  const git = (...args) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  const head = git('rev-parse', '--short', 'HEAD');
  if (head.status !== 0) return 'none';
  const changed = git('status', '--porcelain', '--untracked-files=no').stdout.trim() !== '';
  return head.stdout.trim() + (changed ? '+' : '');
}

/** @param {Machine} machine @returns {string} one line */
export function machineText({ cpu, cores, kernel, arch, node, loadBefore }) {
  return `${cpu}, ${cores} cores, ${kernel} ${arch}, Node ${node}, load before ${loadBefore}`;
}
