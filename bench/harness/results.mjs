// Writes the results: results/latest.json and its chart after every run (not committed), and with
// --save results/reference.json and docs/bench.svg, the chart in README.

import { mkdir, writeFile } from 'node:fs/promises';
import { drawChart } from './chart.mjs';

const ROOT = new URL('../../', import.meta.url);

/**
 * @typedef {object} Results
 * @property {1} version of this layout
 * @property {string} date
 * @property {string} commit
 * @property {import('./machine.mjs').Machine} machine
 * @property {{ quick: boolean, rounds: number }} options
 * @property {import('./table.mjs').MeasuredCell[]} cells rates a second, latencies in microseconds
 * @property {import('./targets.mjs').Verdict[]} targets
 */

/**
 * @param {Results} results
 * @param {boolean} save
 * @returns {Promise<string[]>} the files written, relative to the project
 */
export async function keep(results, save) {
  const files = { json: `${JSON.stringify(results, undefined, 2)}\n`, svg: drawChart(results) };
  const wanted = [
    ['bench/results/latest.json', files.json],
    ['bench/results/latest.svg', files.svg],
  ];
  if (save)
    wanted.push(['bench/results/reference.json', files.json], ['docs/bench.svg', files.svg]);
  for (const [path, content] of wanted) {
    const file = new URL(path, ROOT);
    await mkdir(new URL('.', file), { recursive: true });
    await writeFile(file, content);
  }
  return wanted.map(([path]) => path);
}
