// Runs a trial's plan in rounds. In each round the peers run one after the other (A B C, A B C, …),
// so that other load on the machine affects all of them alike; the result is the median of the
// rounds.

import { missing, runJob } from './launch.mjs';
import { inBuild, peerEntry } from './peers.mjs';
import { medianOfRounds } from './statistics.mjs';
import { loadTrial } from './trials.mjs';

const MEASURED_MS = 250;
const QUICK_MEASURED_MS = 150;
/** Trials with percentiles need samples, not only time. */
const LATENCY_MS = 500;
const LATENCY_TRIALS = ['round-trip', 'frame-trip', 'timer'];
const DEADLINE_MS = 20_000;
const JOIN_DEADLINE_MS = 60_000;

/**
 * @param {string} id a trial
 * @param {import('./options.mjs').Options} options
 * @param {(line: string) => void} say progress, one line for each job
 * @returns {Promise<import('./table.mjs').MeasuredCell[]>}
 */
export async function measure(id, options, say) {
  const trial = await loadTrial(id);
  const cells = trial
    .plan(options)
    .filter(({ peer }) => options.peers.length === 0 || options.peers.includes(peer))
    .flatMap((cell) => inBuilds(cell, options.against))
    .map((cell) => ({ trial: id, ...cell, rounds: [] }));
  for (const cell of cells) {
    cell.problem = await missing(cell);
    cell.skipped = cell.problem !== undefined;
  }
  const rounds = Math.min(options.rounds, trial.rounds ?? options.rounds);
  for (let round = 1; round <= rounds; round++) {
    // Back and forth, so that neither of two builds is always the first.
    for (const cell of options.against && round % 2 === 0 ? [...cells].reverse() : cells)
      if (!cell.problem) await measureOnce(cell, options, say, `${id} ${round}/${rounds}`);
  }
  for (const cell of cells) if (!cell.problem) cell.figures = medianOfRounds(cell.rounds);
  return cells;
}

/** With another build: the cells of both, and of nothing else. */
function inBuilds(cell, build) {
  if (!build) return [cell];
  const peer = inBuild(cell.peer, build);
  return peer ? [cell, { ...cell, peer }] : [];
}

async function measureOnce(cell, { quick }, say, where) {
  const { trial, peer, params } = cell;
  const latency = LATENCY_TRIALS.includes(trial) || params.kind === 'one';
  const milliseconds = latency ? LATENCY_MS : quick ? QUICK_MEASURED_MS : MEASURED_MS;
  const deadline = trial === 'join' ? JOIN_DEADLINE_MS : DEADLINE_MS;
  const what = `${where} ${peerEntry(peer).title} ${JSON.stringify(params)}`;
  say(what);
  try {
    cell.rounds.push(await runJob({ trial, peer, params, milliseconds, deadline }));
  } catch (error) {
    cell.problem = error.message;
    say(`${what} failed: ${error.message}`, { keep: true });
  }
}
