// The core that a process runs on. taskset of util-linux chooses it; without taskset only the free
// placement can be measured.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** @typedef {'free' | 'same' | 'apart'} Placement free: the scheduler's choice; same: both sides on
 *   core 0; apart: the lead on core 0, the follower on core 1. */

/** @type {Record<Placement, { lead?: number, follower?: number }>} */
const CORES = {
  free: {},
  same: { lead: 0, follower: 0 },
  apart: { lead: 0, follower: 1 },
};

/**
 * @param {Placement | undefined} placement
 * @param {'lead' | 'follower'} role
 * @returns {number | undefined} undefined: any core
 */
export function coreOf(placement, role) {
  return CORES[placement ?? 'free'][role];
}

/**
 * The command that starts a program on a core.
 * @param {number | undefined} core
 * @param {readonly string[]} command
 * @returns {string[]}
 */
export function onCore(core, command) {
  return core === undefined ? [...command] : ['taskset', '-c', String(core), ...command];
}

/**
 * Why cells with this placement cannot be measured here.
 * @param {Placement | undefined} placement
 * @returns {string | undefined}
 */
export function placementMissing(placement) {
  if (placement === undefined || placement === 'free') return undefined;
  if (spawnSync('taskset', ['--version']).status !== 0) return 'no taskset here';
  if (placement === 'apart' && availableParallelism() < 2) return 'only one core here';
  return undefined;
}

/** @returns {number[]} the threads of this process, by the kernel's ids */
export function threadIds() {
  return readdirSync('/proc/self/task').map(Number);
}

/**
 * @param {number} threadId
 * @param {number} core
 */
export function pinThread(threadId, core) {
  spawnSync('taskset', ['-p', '-c', String(core), String(threadId)]);
}
