// The chart in README: four panels of horizontal bars as SVG, drawn from the results of one run.
// Colours follow the reader's light or dark scheme; no script, no font, nothing loaded.

import { machineText } from './machine.mjs';
import { PEERS } from './peers.mjs';
import { rateText, timeText } from './sizes.mjs';

const WIDTH = 880;
const PANEL = 410;
const GAP = 40;
const MARGIN = 10;
const LABELS = 150;
const VALUES = 70;
const ROW = 22;
const BAR = 14;
const TITLE = 46;
const FOOTER = 34;

/**
 * @typedef {object} Panel
 * @property {string} title
 * @property {string} hint which direction is better
 * @property {(cell: import('./table.mjs').MeasuredCell) => boolean} take
 * @property {(figures: any) => number} value
 * @property {(value: number) => string} text
 */

/** @type {Panel[]} */
const PANELS = [
  {
    title: 'One way, 64 B',
    hint: 'messages a second, longer is better',
    take: ({ trial, params }) => trial === 'rate' && params.size === 64,
    value: ({ perSecond }) => perSecond,
    text: rateText,
  },
  {
    title: 'One way, 4 KiB',
    hint: 'messages a second, longer is better',
    take: ({ trial, params }) => trial === 'rate' && params.size === 4096,
    value: ({ perSecond }) => perSecond,
    text: rateText,
  },
  {
    title: 'Round trip, 64 B, both on one core',
    hint: 'median, shorter is better',
    take: ({ trial, peer, params }) =>
      trial === 'round-trip' && params.placement === 'same' && peer !== 'busbar-spin',
    value: ({ p50 }) => p50,
    text: timeText,
  },
  {
    title: 'Multicast of 64 B to 8 processes',
    hint: 'deliveries a second, longer is better',
    take: ({ trial, params }) => trial === 'multicast' && params.receivers === 8,
    value: ({ perSecond }) => perSecond,
    text: rateText,
  },
];

/** Limits and floors are for the tables; the chart shows only what a program could use instead. */
const NOT_DRAWN = ['bare-ring', 'busbar-core', 'nothing'];

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 14px; font-weight: 600; }
  .hint, .footer { font-size: 11px; fill: #59636e; }
  .ours { fill: #0969da; }
  .other { fill: #afb8c1; }
  .strong { font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .hint, .footer { fill: #9198a1; }
    .ours { fill: #4493f8; }
    .other { fill: #57606a; }
  }`;

/**
 * @param {import('./results.mjs').Results} results
 * @returns {string} an SVG document; panels without figures are left out
 */
export function drawChart({ cells, machine, commit, date, options }) {
  const panels = PANELS.map((panel) => ({ panel, bars: barsOf(panel, cells) })).filter(
    ({ bars }) => bars.length > 0,
  );
  const drawn = [];
  let y = MARGIN;
  for (let i = 0; i < panels.length; i += 2) {
    const pair = panels.slice(i, i + 2);
    pair.forEach((panel, column) => {
      drawn.push(drawPanel(panel, MARGIN + column * (PANEL + GAP), y));
    });
    y += TITLE + Math.max(...pair.map(({ bars }) => bars.length)) * ROW + GAP / 2;
  }
  const run = `commit ${commit}, ${date.slice(0, 10)}, median of ${options.rounds} rounds`;
  const height = y + FOOTER;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="busbar beside other ways to send messages between processes">
<style>${STYLE}
</style>
${drawn.join('\n')}
${text(MARGIN, y + 8, 'footer', machineText(machine))}
${text(MARGIN, y + 24, 'footer', run)}
</svg>
`;
}

/** @returns {{ peer: string, value: number }[]} in the order of the list of peers */
function barsOf({ take, value }, cells) {
  const taken = cells.filter(
    (cell) => cell.figures && take(cell) && !NOT_DRAWN.includes(cell.peer),
  );
  return Object.keys(PEERS).flatMap((peer) =>
    taken
      .filter((cell) => cell.peer === peer)
      .map(({ figures }) => ({ peer, value: value(figures) })),
  );
}

function drawPanel({ panel, bars }, x, y) {
  const longest = Math.max(...bars.map(({ value }) => value));
  const scale = (PANEL - LABELS - VALUES) / longest;
  const rows = bars.map(({ peer, value }, row) => {
    const middle = y + TITLE + row * ROW + ROW / 2;
    const ours = peer.startsWith('busbar');
    const length = Math.max(1, value * scale);
    const strong = ours ? 'strong' : '';
    return [
      text(x, middle + 4, strong, PEERS[peer].title),
      `<rect class="${ours ? 'ours' : 'other'}" x="${x + LABELS}" y="${middle - BAR / 2}" width="${length.toFixed(1)}" height="${BAR}" rx="2"/>`,
      text(x + LABELS + length + 6, middle + 4, strong, panel.text(value)),
    ].join('\n');
  });
  return [text(x, y + 16, 'title', panel.title), text(x, y + 33, 'hint', panel.hint), ...rows].join(
    '\n',
  );
}

function text(x, y, style, content) {
  const escaped = content.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<text x="${Number(x.toFixed(1))}" y="${y}"${style && ` class="${style}"`}>${escaped}</text>`;
}
