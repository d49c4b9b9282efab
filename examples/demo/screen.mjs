// The screen of the demo: a table that is redrawn in place in a terminal, plain lines elsewhere.
// Colours only in a terminal, and only if NO_COLOR is not set.

const terminal = process.stdout.isTTY === true;
const colours = terminal && !process.env.NO_COLOR;
const paint = (code) => (string) => (colours ? `\u001b[${code}m${string}\u001b[0m` : string);
export const bold = paint('1');
export const dim = paint('2');
export const red = paint('31');
export const green = paint('32');
const yellow = paint('33');
const cyan = paint('36');

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const clearToEndOfLine = '\u001b[K';
const clearBelow = '\u001b[J';
const clearAll = '\u001b[2J\u001b[H';
// Terminals that support these draw a frame at once; others ignore them.
const beginFrame = '\u001b[?2026h';
const endFrame = '\u001b[?2026l';

const columns = [
  { title: 'endpoint', width: 9, left: true },
  { title: 'label', width: 18, left: true },
  { title: 'role', width: 12, left: true },
  { title: 'in/s', width: 8 },
  { title: 'out/s', width: 8 },
  { title: 'p50 µs', width: 8 },
  { title: 'p99 µs', width: 8 },
];

/** The screen of one demo. */
export class Screen {
  #lines = 0;
  /** @type {{ line: string, style: (string: string) => string }[]} */
  #news = [];
  #drawn = 0;
  #resized = false;

  constructor() {
    // A new width breaks lines that are already there: start again on a clean screen.
    process.stdout.on('resize', () => {
      this.#resized = true;
    });
    process.on('exit', () => terminal && process.stdout.write(showCursor));
  }

  /** Adds a line that stays on the screen. */
  say(line, style = String) {
    if (terminal) this.#news.push({ line, style });
    else process.stdout.write(`${line}\n`);
  }

  /** Shows the current state of the members, and how much of the file has arrived (0 to 1). */
  draw(seconds, members, share) {
    if (terminal) this.#redraw(seconds, members, share);
    else if (++this.#drawn % 4 === 0) this.#print(seconds, members, share);
  }

  #redraw(seconds, members, share) {
    // The last column stays empty: some terminals break the line there.
    const width = (process.stdout.columns ?? 80) - 1;
    const threads = members.filter(({ thread }) => thread).length;
    const lines = [
      bold(`busbar demo   ${seconds.toFixed(1)} s`.slice(0, width)),
      dim(`${members.length - threads} processes and ${threads} worker thread`.slice(0, width)),
      '',
      dim(row(columns.map(({ title }) => title)).slice(0, width)),
      ...members.map((member) => styleOf(member)(row(cellsOf(member)).slice(0, width))),
      '',
      bar(share).slice(0, width),
      '',
      ...this.#news.flatMap(({ line, style }) => wrap(line, width).map(style)),
    ].slice(0, (process.stdout.rows ?? 24) - 1);
    let start = this.#lines > 0 ? `\u001b[${this.#lines}A` : '';
    if (this.#resized) start = clearAll;
    this.#resized = false;
    const frame = lines.map((line) => `${line}${clearToEndOfLine}\n`).join('');
    process.stdout.write(`${beginFrame}${hideCursor}${start}${frame}${clearBelow}${endFrame}`);
    this.#lines = lines.length;
  }

  #print(seconds, members, share) {
    const parts = members
      .filter(({ alive }) => alive)
      .map(({ name, rate, figures }) => {
        const { p50, p99 } = figures;
        const trip = p50 === undefined ? '' : ` p50 ${p50.toFixed(0)} p99 ${p99.toFixed(0)} µs`;
        const mark = figures.controller ? '*' : '';
        return `${name}${mark} ${short(rate.in)}/${short(rate.out)}${trip}`;
      });
    const file = `file ${Math.floor(share * 100)} %`;
    process.stdout.write(`${seconds.toFixed(1).padStart(5)} s  ${file}  ${parts.join('  ')}\n`);
  }
}

function styleOf({ ended, thread, figures }) {
  if (ended === 'killed') return red;
  if (ended === 'left') return dim;
  if (figures.controller) return yellow;
  return thread ? cyan : String;
}

function cellsOf({ name, role, thread, ended, rate, figures }) {
  const office = figures.controller ? 'controller' : 'member';
  return [
    name,
    [...new Set([name, role])].join(', '),
    ended ?? (thread && !figures.controller ? 'member (thr)' : office),
    short(rate.in),
    short(rate.out),
    figures.p50?.toFixed(0) ?? '',
    figures.p99?.toFixed(0) ?? '',
  ];
}

function row(cells) {
  return columns
    .map(({ width, left }, index) => {
      const cell = String(cells[index]).slice(0, width);
      return left ? cell.padEnd(width) : cell.padStart(width);
    })
    .join(' ');
}

function bar(share) {
  const full = Math.round(share * 40);
  const percent = `${Math.floor(share * 100)} %`;
  return `file to both mirrors  ${'█'.repeat(full)}${'░'.repeat(40 - full)} ${percent}`;
}

/** Breaks a line at its spaces and indents all lines except the first. */
function wrap(line, width) {
  const lines = [''];
  for (const word of line.split(' ')) {
    const last = lines.at(-1);
    if (last !== '' && last.length + 1 + word.length > width) lines.push(`  ${word}`);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

function short(number) {
  if (number >= 10_000) return `${(number / 1000).toFixed(0)} k`;
  if (number >= 1000) return `${(number / 1000).toFixed(1)} k`;
  return number.toFixed(0);
}
