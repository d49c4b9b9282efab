// Two builds of busbar in one run (`--against`): for each cell the median ratio of its pairs.

import { peerEntry } from './peers.mjs';
import { factorText, rateText, timeText } from './sizes.mjs';
import { median } from './statistics.mjs';

/** The figures that are compared, and whether a higher one is better. */
const FIGURES = {
  perSecond: { text: rateText, higher: true },
  p50: { text: timeText, higher: false },
};

/**
 * @param {string} title
 * @param {import('./table.mjs').MeasuredCell[]} cells of both builds
 * @param {string} build the folder of the other one
 * @returns {import('./table.mjs').Table} a row per cell: both medians, how many times as fast this
 *   build is (median, worst and best pair), and the time that a message takes of both sides
 */
export function comparisonTable(title, cells, build) {
  const rows = cells
    .filter(({ peer }) => !peer.includes('@'))
    .map((cell) => {
      const other = cells.find(
        ({ peer, params }) => peer === `${cell.peer}@${build}` && params === cell.params,
      );
      return [nameOf(cell), ...comparisonOf(cell, other)];
    });
  return {
    title: `${title}: this build and ${build}`,
    header: ['', 'this', 'other', 'as fast', 'worst', 'best', 'µs sending', 'µs receiving'],
    rows,
  };
}

function nameOf({ peer, params }) {
  const values = Object.entries(params).map(([name, value]) => `${name} ${value}`);
  return [peerEntry(peer).title, ...values].join(', ');
}

function comparisonOf(cell, other) {
  const key = Object.keys(FIGURES).find((figure) => cell.figures?.[figure] !== undefined);
  if (!key || !other?.figures) return Array(7).fill(cell.problem ? 'failed' : '-');
  const { text, higher } = FIGURES[key];
  const ratios = cell.rounds.map((round, i) =>
    higher ? round[key] / other.rounds[i][key] : other.rounds[i][key] / round[key],
  );
  return [
    text(cell.figures[key]),
    text(other.figures[key]),
    ...[median(ratios), Math.min(...ratios), Math.max(...ratios)].map(factorText),
    fromTo(other, cell, 'leadCpu'),
    fromTo(other, cell, 'followCpu'),
  ];
}

/** The least of all rounds, of the other build and of this one. */
function fromTo(other, cell, figure) {
  const [from, to] = [other, cell].map(({ rounds }) =>
    Math.min(...rounds.map((round) => round[figure] ?? Number.NaN)),
  );
  return Number.isNaN(from + to) ? '-' : `${from.toFixed(2)} -> ${to.toFixed(2)}`;
}
