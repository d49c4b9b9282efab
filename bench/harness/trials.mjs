// The list of all trials in the order in which they run.

/** The names of the modules in ../trials, which `--only` takes. */
export const TRIALS = [
  'rate',
  'mixed',
  'objects',
  'round-trip',
  'multicast',
  'frames',
  'frame-trip',
  'fill',
  'descriptors',
  'join',
  'members',
  'idle',
  'timer',
  'stalled',
  'handlers',
  'tracing',
  'observers',
  'journal',
  'sql',
  'rpc',
  'streams',
  'wire',
  'c',
];

/**
 * @typedef {object} Trial
 * @property {string} title one line: what is measured, and how
 * @property {(options: import('./options.mjs').Options) => Cell[]} plan the cells to measure,
 *   in order
 * @property {(link: any, followers: any[], job: object, control: any) => Promise<object>} [lead]
 *   the measuring side, in a process of its own
 * @property {(link: any, control: any, job: object) => Promise<void>} [follow] the other side
 * @property {(job: object) => Promise<object>} [run] instead of lead and follow: starts the
 *   processes and measures them from outside
 */

/**
 * One figure to measure: a peer with some parameters.
 * @typedef {{ peer: string, params: Record<string, string | number> }} Cell
 */

/**
 * @param {string} id one of TRIALS
 * @returns {Promise<Trial>}
 */
export async function loadTrial(id) {
  return (await import(new URL(`../trials/${id}.mjs`, import.meta.url))).trial;
}
