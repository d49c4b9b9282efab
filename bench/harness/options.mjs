// The command line of the benchmark.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { TRIALS } from './trials.mjs';

export const USAGE = `usage: npm run bench -- [options]
  --only <trial>   only this trial; may be given several times (${TRIALS.join(', ')})
  --peer <peer>    only this peer; may be given several times
  --quick          fewer sizes, shorter runs, one round: some two minutes
  --rounds <n>     rounds to take the median of (default 3, with --quick 1)
  --against <dir>  compare with another build of busbar, in interleaved pairs: only its own rows
  --save           also write bench/results/reference.json and docs/bench.svg, which are committed
  --help`;

/**
 * @typedef {object} Options
 * @property {readonly string[]} only trials to run
 * @property {readonly string[]} peers empty: all
 * @property {boolean} quick
 * @property {number} rounds
 * @property {boolean} save
 * @property {string} [against] the folder of another build of busbar
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
      against: { type: 'string' },
      save: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = values.only.find((trial) => !TRIALS.includes(trial));
  if (unknown) throw new Error(`no trial is called "${unknown}"; there are ${TRIALS.join(', ')}`);
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds takes a count, not "${values.rounds}"`);
  const against = values.against && resolve(values.against);
  if (against && !existsSync(join(against, 'package.json')))
    throw new Error(`--against takes the folder of a built busbar, not "${values.against}"`);
  const partial = values.only.length > 0 || values.peer.length > 0 || values.quick || against;
  if (values.save && partial)
    throw new Error('--save keeps a whole run: not with --only, --peer, --quick or --against');
  return {
    only: values.only.length > 0 ? TRIALS.filter((trial) => values.only.includes(trial)) : TRIALS,
    peers: values.peer,
    quick: values.quick,
    rounds,
    against,
    save: values.save,
    help: values.help,
  };
}
