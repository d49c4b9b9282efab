// Runs one job: one peer in one trial, once, in fresh processes.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPeer, peerEntry } from './peers.mjs';
import { coreOf, onCore, placementMissing } from './placement.mjs';
import { withProgram } from './program.mjs';
import { loadTrial } from './trials.mjs';

const SIDE = fileURLToPath(new URL('./side.mjs', import.meta.url));
let serial = 0;

/**
 * @typedef {object} Job
 * @property {string} trial
 * @property {string} peer
 * @property {Record<string, any>} params
 * @property {number} milliseconds how long to measure
 * @property {string} bus a bus name that no other job uses
 * @property {string} folder for sockets; removed afterwards
 * @property {number} deadline milliseconds after which the job fails
 */

/**
 * @param {{ trial: string, peer: string, params: object, milliseconds: number, deadline: number }}
 * what
 * @returns {Promise<Record<string, number>>} the trial's figures; rejects with a reason in one line
 */
export async function runJob(what) {
  const folder = await mkdtemp(join(tmpdir(), 'busbar-bench-'));
  serial += 1;
  const job = { ...what, folder, bus: `bench.${process.pid}.${serial}` };
  try {
    const trial = await loadTrial(job.trial);
    if (trial.run) return await trial.run(job);
    if (peerEntry(job.peer).program) return await (await loadPeer(job.peer)).run(job);
    return await withLead(job, async (control) => (await control.next()).result);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Why a cell cannot be measured here, in one line.
 * @param {{ peer: string, params: object, trial: string }} cell
 * @returns {Promise<string | undefined>}
 */
export async function missing(cell) {
  return placementMissing(cell.params.placement) ?? (await loadPeer(cell.peer)).missing?.(cell);
}

/**
 * Starts the leading process, lets `use` talk to it, and ends it.
 * @template T
 * @param {Job} job
 * @param {(control: import('./control.mjs').Control) => Promise<T>} use
 * @returns {Promise<T>}
 */
export function withLead(job, use) {
  const command = [process.execPath, SIDE, 'lead', JSON.stringify(job)];
  return withProgram(onCore(coreOf(job.params.placement, 'lead'), command), job.deadline, use);
}
