// The command line of the benchmark.

import { parseArgs } from 'node:util';
import { TRIALS } from './trials.mjs';

export const USAGE = `usage: npm run bench -- [options]
  --only <trial>   only this trial; may be given several times (${TRIALS.join(', ')})
  --peer <peer>    only this peer; may be given several times
  --quick          fewer sizes, shorter runs, one round: under 90 seconds
  --rounds <n>     rounds to take the median of (default 3, with --quick 1)
  --save           also write bench/results/reference.json and docs/bench.svg, which are committed
  --help`;

/**
 * @typedef {object} Options
 * @property {readonly string[]} only trials to run
 * @property {readonly string[]} peers empty: all
 * @property {boolean} quick
 * @property {number} rounds
 * @property {boolean} save
 * @property {boolean} help
 */

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {Error} on an unknown option
 */
export function parseOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true, default: [] },
      peer: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = values.only.find((trial) => !TRIALS.includes(trial));
  if (unknown) throw new Error(`no trial is called "${unknown}"; there are ${TRIALS.join(', ')}`);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a count, not "${values.rounds}"`);
  const partial = values.only.length > 0 || values.peer.length > 0 || values.quick;
  if (values.save && partial)
    throw new Error('--save keeps a whole run: not with --only, --peer or --quick');
  return {
    only: values.only.length > 0 ? TRIALS.filter((trial) => values.only.includes(trial)) : TRIALS,
    peers: values.peer,
    quick: values.quick,
    rounds,
    save: values.save,
    help: values.help,
  };
}
