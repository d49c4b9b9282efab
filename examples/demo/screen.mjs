// What the viewer sees: a table that is redrawn in place in a terminal, plain lines where there is none.

const terminal = process.stdout.isTTY === true;
const paint = (code) => (string) => (terminal ? `\u001b[${code}m${string}\u001b[0m` : string);
export const bold = paint('1');
export const dim = paint('2');
export const red = paint('31');
export const green = paint('32');
const yellow = paint('33');
const cyan = paint('36');

const columns = [
  { title: 'endpoint', width: 10, left: true },
  { title: 'label', width: 18, left: true },
  { title: 'role', width: 12, left: true },
  { title: 'in/s', width: 9 },
  { title: 'out/s', width: 9 },
  { title: 'p50 µs', width: 8 },
  { title: 'p99 µs', width: 8 },
];

/** The screen of one demo. */
export class Screen {
  #lines = 0;
  #news = [];
  #drawn = 0;

  /** Something happened: stays on the screen. */
  say(line) {
    if (terminal) this.#news.push(line);
    else process.stdout.write(`${line}\n`);
  }

  /** Shows the members as they are now. */
  draw(seconds, members) {
    if (terminal) this.#redraw(seconds, members);
    else if (++this.#drawn % 4 === 0) this.#print(seconds, members);
  }

  #redraw(seconds, members) {
    const lines = [
      bold(`busbar demo`) +
        dim(`   ${seconds.toFixed(1)} s   ${members.length} endpoints and a director`),
      '',
      dim(row(columns.map(({ title }) => title))),
      ...members.map(rowOf),
      '',
      ...this.#news,
    ];
    const up = this.#lines > 0 ? `\u001b[${this.#lines}A` : '';
    process.stdout.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}`);
    this.#lines = lines.length;
  }

  #print(seconds, members) {
    const parts = members
      .filter(({ alive }) => alive)
      .map(({ name, rate, figures }) => {
        const trip = figures.p50 === undefined ? '' : ` p50 ${figures.p50.toFixed(0)} µs`;
        const mark = figures.controller ? '*' : '';
        return `${name}${mark} ${short(rate.in)}/${short(rate.out)}${trip}`;
      });
    process.stdout.write(`${seconds.toFixed(1).padStart(5)} s  ${parts.join('  ')}\n`);
  }
}

function rowOf(member) {
  const { name, role, thread, alive, figures, rate } = member;
  const cells = [
    name,
    [...new Set([name, role])].join(', '),
    alive ? (figures.controller ? 'controller' : thread ? 'thread' : 'member') : 'killed',
    short(rate.in),
    short(rate.out),
    figures.p50?.toFixed(0) ?? '',
    figures.p99?.toFixed(0) ?? '',
  ];
  const line = row(cells);
  if (!alive) return red(line);
  if (figures.controller) return yellow(line);
  return thread ? cyan(line) : line;
}

function row(cells) {
  return columns
    .map(({ width, left }, index) => {
      const cell = String(cells[index]).slice(0, width);
      return left ? cell.padEnd(width) : cell.padStart(width);
    })
    .join(' ');
}

function short(number) {
  if (number >= 10_000) return `${(number / 1000).toFixed(0)} k`;
  if (number >= 1000) return `${(number / 1000).toFixed(1)} k`;
  return number.toFixed(0);
}
