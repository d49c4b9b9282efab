// Formats results as tables of text: from the cells of a trial to aligned lines.

import { peerEntry } from './peers.mjs';
import { factorText } from './sizes.mjs';

/** @typedef {{ title: string, header: string[], rows: string[][] }} Table */

/**
 * The outcome of one cell of a plan.
 * @typedef {object} MeasuredCell
 * @property {string} trial
 * @property {string} peer
 * @property {Record<string, any>} params
 * @property {Record<string, number>} [figures] the median of the rounds
 * @property {Record<string, number>[]} rounds
 * @property {string} [problem] why there are no figures
 * @property {boolean} [skipped] it cannot be measured here, as opposed to a failure
 */

/** The peer that the others are compared with. */
const OURS = 'busbar';

/**
 * A row per peer, a column per set of parameters.
 * @param {string} title
 * @param {MeasuredCell[]} cells
 * @param {{ column: (cell: MeasuredCell) => string, text: (figures: any) => string }} show
 * @returns {Table}
 */
export function gridTable(title, cells, { column, text }) {
  const columns = [...new Set(cells.map(column))];
  const rows = peersOf(cells).map((peer) => [
    peerEntry(peer).title,
    ...columns.map((wanted) =>
      cellText(
        cells.find((cell) => cell.peer === peer && column(cell) === wanted),
        text,
      ),
    ),
  ]);
  return { title, header: ['', ...columns], rows };
}

/**
 * How many times faster busbar is, as the same grid; undefined if busbar was not measured.
 * @param {MeasuredCell[]} cells
 * @param {{ column: (cell: MeasuredCell) => string, value: string }} show value: a figure that
 * should be high
 * @returns {Table | undefined}
 */
export function ratioTable(cells, { column, value }) {
  const ours = new Map(
    cells
      .filter(({ peer, figures }) => peer === OURS && figures)
      .map((cell) => [column(cell), cell]),
  );
  if (ours.size === 0) return undefined;
  const others = cells
    .filter(({ peer }) => peer !== OURS)
    .map((cell) => ({ ...cell, figures: factor(ours.get(column(cell)), cell, value) }));
  return gridTable('  busbar is this many times as fast', others, { column, text: factorText });
}

/**
 * A row per peer, a column per figure, and with `ratioOf` one column that compares with busbar.
 * @param {string} title
 * @param {MeasuredCell[]} cells one per peer
 * @param {Record<string, (figures: any) => string>} columns
 * @param {string} [ratioOf] a figure that should be high
 * @param {string} [own] the peer that the others are compared with
 * @returns {Table}
 */
export function listTable(title, cells, columns, ratioOf, own = OURS) {
  const ours = cells.find(({ peer }) => peer === own);
  const rows = cells.map((cell) => {
    const row = [
      peerEntry(cell.peer).title,
      ...Object.values(columns).map((text) => cellText(cell, text)),
    ];
    if (ratioOf) row.push(cellText({ ...cell, figures: factor(ours, cell, ratioOf) }, factorText));
    return row;
  });
  return {
    title,
    header: ['', ...Object.keys(columns), ...(ratioOf ? [`${peerEntry(own).title} is`] : [])],
    rows,
  };
}

/**
 * @param {Table} table
 * @returns {string} a line for the title, one for the header and one per row
 */
export function tableText({ title, header, rows }) {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const aligned = lines.map((line) =>
    line
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
  return [title, ...aligned.map((line) => `  ${line}`)].join('\n');
}

function peersOf(cells) {
  return [...new Set(cells.map(({ peer }) => peer))];
}

function factor(ours, other, value) {
  return ours?.figures && other.figures ? ours.figures[value] / other.figures[value] : undefined;
}

function cellText(cell, text) {
  if (cell?.figures !== undefined) return text(cell.figures);
  return cell?.problem && !cell.skipped ? 'failed' : '-';
}
