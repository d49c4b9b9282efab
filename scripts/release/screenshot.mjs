// Takes docs/top.svg, the picture of `busbar top` in README: five processes that send and call, and
// the command in a terminal of tmux, whose screen becomes text in an SVG: `npm run screenshot`.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root } from '../lib/project.mjs';

const columns = 124;
const rows = 9;

const roles = {
  async camera(bus) {
    const { join } = await import('busbar');
    const endpoint = await join(bus, { label: ['camera', 'front'] });
    const frame = new Uint8Array(48 * 1024);
    // As often as a camera does, at half the rate.
    setInterval(() => endpoint.matches('viewer').length > 0 && endpoint.send('viewer', frame), 33);
  },
  async viewer(bus) {
    const { join } = await import('busbar');
    const endpoint = await join(bus, { label: ['viewer', 'renderer'] });
    endpoint.on('message', () => undefined);
  },
  async thermostat(bus) {
    const { serve } = await import('busbar/rpc');
    await serve(bus, await thermostat(), { read: () => 21.5 }, { label: ['kitchen'] });
  },
  async panel(bus) {
    const { connect } = await import('busbar/rpc');
    const client = await connect(bus, await thermostat());
    setInterval(() => client.read(), 2);
  },
  async logger(bus) {
    const { join } = await import('busbar');
    const endpoint = await join(bus, { label: ['logger'] });
    endpoint.on('message', () => undefined);
    setInterval(
      () => endpoint.matches('viewer').length > 0 && endpoint.send('viewer', 'tick'),
      250,
    );
  },
};

async function thermostat() {
  const { defineInterface, t } = await import('busbar/interface');
  return defineInterface('com.example.thermostat', '1.0', {
    methods: { read: { returns: t.float64 } },
  });
}

const [bus, role] = process.argv.slice(2);
if (role !== undefined) {
  await roles[role](bus);
  process.send('ready');
} else await takeScreenshot();

async function takeScreenshot() {
  const name = 'home';
  const folder = mkdtempSync(join(tmpdir(), 'busbar-screenshot-'));
  // A directory of its own, so that nobody else's bus is in the picture.
  const env = { ...process.env, XDG_RUNTIME_DIR: folder, PS1: '$ ', TERM: 'xterm-256color' };
  const members = Object.keys(roles).map((each) => fork(process.argv[1], [name, each], { env }));
  const tmux = (...args) =>
    execFileSync('tmux', ['-S', join(folder, 'tmux'), '-f', '/dev/null', ...args], {
      env,
      encoding: 'utf8',
    });
  await Promise.all(members.map((member) => once(member, 'message')));
  try {
    tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), 'sh');
    const command = `${process.execPath} ${join(root, 'dist/layers/command/main.js')} top`;
    tmux('send-keys', '-l', `clear; ${command}`);
    tmux('send-keys', 'Enter');
    // Rates are shown from the second picture on.
    await pause(6000);
    const screen = tmux('capture-pane', '-p', '-e');
    writeFileSync(join(root, 'docs/top.svg'), pictureOf(screen));
    console.log(screen);
  } finally {
    tmux('kill-server');
    for (const member of members) member.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** What the escapes of a terminal say about the text behind them. */
function styleOf(codes, before) {
  const style = { ...before };
  for (const code of codes === '' ? [0] : codes.split(';').map(Number)) {
    if (code === 0 || code === 39) style.fill = undefined;
    if (code === 0 || code === 22) style.bold = style.dim = false;
    if (code === 0 || code === 27) style.inverse = false;
    if (code === 1) style.bold = true;
    if (code === 2) style.dim = true;
    if (code === 7) style.inverse = true;
    if (code >= 30 && code <= 37) style.fill = palette[code - 30];
    if (code >= 90 && code <= 97) style.fill = palette[code - 90];
  }
  return style;
}

const palette = [
  ...['#6e7681', '#ff7b72', '#7ee787', '#e3b341'],
  ...['#79c0ff', '#d2a8ff', '#76e3ea', '#c9d1d9'],
];

function pictureOf(screen) {
  const [cellWidth, lineHeight, border] = [8.4, 18, 14];
  const lines = screen.trimEnd().split('\n');
  const width = Math.ceil(columns * cellWidth + 2 * border);
  const height = lines.length * lineHeight + 2 * border;
  let style = {};
  const bars = [];
  const texts = lines.map((line, row) => {
    let column = 0;
    const spans = [];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a terminal sends
    for (const [, codes, text] of line.matchAll(/(?:\u001b\[([\d;]*)m)?([^\u001b]*)/gu)) {
      if (codes !== undefined) style = styleOf(codes, style);
      const x = border + column * cellWidth;
      if (style.inverse && text !== '') bars.push({ x, row, width: text.length * cellWidth });
      if (text !== '') spans.push(spanOf(text, x, style));
      column += [...text].length;
    }
    const y = border + (row + 0.75) * lineHeight;
    return `<text y="${y}" xml:space="preserve">${spans.join('')}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="busbar top">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="#c9d1d9">
${bars.map(({ x, row, width }) => `<rect x="${x.toFixed(1)}" y="${border + row * lineHeight}" width="${width.toFixed(1)}" height="${lineHeight}" fill="#c9d1d9"/>`).join('\n')}
${texts.join('\n')}
</g>
</svg>
`;
}

function spanOf(text, x, { fill, bold, dim, inverse }) {
  const attributes = [
    (inverse || fill) && `fill="${inverse ? '#0d1117' : fill}"`,
    bold && 'font-weight="bold"',
    dim && 'opacity="0.6"',
  ].filter(Boolean);
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<tspan x="${x.toFixed(1)}" ${attributes.join(' ')}>${escaped}</tspan>`;
}
