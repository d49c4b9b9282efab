// The command `top`: rates of each member, again and again. In a terminal it redraws; piped, each
// round is lines.
import { setTimeout as pause } from 'node:timers/promises';
import type { Observer } from '../../../index.js';
import { conditionOf } from '../bus/condition.js';
import { look } from '../bus/look.js';
import { type MemberRow, memberRows, ownLabels } from '../bus/member-rows.js';
import { type ServerLoad, ServerLoads } from '../bus/server-loads.js';
import { chosenBus } from '../bus/which-bus.js';
import { exitCode } from '../failure.js';
import { type Column, type Form, formOf, printRows, tableOf } from '../table.js';
import { numberOf, type Output, type Run } from '../usage.js';
import { Keys } from './keys.js';
import { Screen, type ScreenLine } from './screen.js';
import { Traffic } from './traffic.js';

/** Seconds between two pictures. */
const defaultInterval = 1;

/** A member in a round, as `top --json` writes it. Rates are per second. */
export interface TopRow extends MemberRow {
  readonly kind: 'member';
  readonly sent: number;
  readonly sentBytes: number;
  readonly received: number;
  readonly receivedBytes: number;
  readonly undelivered: number;
  /** Messages that were not observed, per second. */
  readonly lost: number;
  /** Of a server that answers, else `null`. */
  readonly calls: number | null;
  readonly running: number | null;
  readonly queued: number | null;
}

/** The bus in a round. */
interface BusRow {
  readonly kind: 'bus';
  readonly bus: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly members: number;
  readonly controller: number | null;
  readonly generation: number;
  readonly sent: number;
  readonly sentBytes: number;
  readonly lost: number;
}

const orders = {
  t: { name: 'traffic', of: (row: TopRow) => row.sent + row.received },
  s: { name: 'sent', of: (row: TopRow) => row.sent },
  r: { name: 'received', of: (row: TopRow) => row.received },
  b: { name: 'bytes', of: (row: TopRow) => row.sentBytes + row.receivedBytes },
  i: { name: 'id', of: (row: TopRow) => -row.id },
} as const;
type Order = keyof typeof orders;

const rate = (value: number) =>
  value >= 1e6
    ? `${(value / 1e6).toFixed(1)}M`
    : value >= 1e4
      ? `${(value / 1e3).toFixed(1)}k`
      : value === 0 || value >= 10
        ? value.toFixed(0)
        : value.toFixed(1);
const maybe = (value: number | null) => (value === null ? '' : rate(value));

const columns: readonly Column<TopRow>[] = [
  { title: 'MEMBER', text: memberText, elastic: true },
  { title: 'STATE', text: ({ state, controller }) => state + (controller ? '*' : '') },
  { title: 'SENT/S', text: ({ sent }) => rate(sent), right: true },
  { title: 'RECV/S', text: ({ received }) => rate(received), right: true },
  {
    title: 'BYTES/S',
    text: ({ sentBytes, receivedBytes }) => rate(sentBytes + receivedBytes),
    right: true,
  },
  { title: 'UNDELIV', text: ({ undelivered }) => rate(undelivered), right: true },
  { title: 'CALLS/S', text: ({ calls }) => maybe(calls), right: true },
  { title: 'RUN', text: ({ running }) => maybe(running), right: true },
  { title: 'QUEUE', text: ({ queued }) => maybe(queued), right: true },
  { title: 'LOST/S', text: ({ lost }) => rate(lost), right: true },
  { title: 'PID', text: ({ pid }) => String(pid), right: true },
  { title: 'ID', text: ({ id }) => String(id), right: true },
];

function memberText({ label, interfaces, process }: TopRow): string {
  const names = [...ownLabels(label), ...interfaces].join(',');
  return names === '' ? process : names;
}

/** Shows rates until it is interrupted, or has shown as many rounds as asked for. */
export const top: Run = async ([selector], options, output) => {
  const bus = chosenBus(options, output);
  const interval = (numberOf(options, 'interval', 0.1) ?? defaultInterval) * 1000;
  const most = numberOf(options, 'count', 1) ?? Number.POSITIVE_INFINITY;
  const condition = selector === undefined ? undefined : conditionOf(selector);
  await using observer = await look(bus, output, {
    ...(condition !== undefined && { match: condition.text }),
  });
  const rounds = new Rounds(observer, bus.name, (row) => condition?.matches(row) ?? true);
  const counting = rounds.count();
  const loads = new ServerLoads(bus);
  const form = formOf(options, output);
  const view = form === 'table' ? new ScreenView(output) : new LineView(output, form);
  try {
    for (let round = 0; round < most && !view.over; round++) {
      await view.wait(interval);
      if (view.over) break;
      view.show(rounds.take(await loads.ask(observer.peers, interval)));
    }
  } finally {
    view.close();
    await observer.close();
    await Promise.all([loads.close(), counting]);
  }
  return output.interrupted.aborted ? exitCode.interrupted : exitCode.ok;
};

interface Round {
  readonly bus: BusRow;
  readonly members: readonly TopRow[];
}

/** Counts, and makes rates of the counts. */
class Rounds {
  readonly #observer: Observer;
  readonly #bus: string;
  readonly #wanted: (row: MemberRow) => boolean;
  readonly #traffic = new Traffic();
  #calls = new Map<number, number>();
  #since = performance.now();

  constructor(observer: Observer, bus: string, wanted: (row: MemberRow) => boolean) {
    this.#observer = observer;
    this.#bus = bus;
    this.#wanted = wanted;
  }

  async count(): Promise<void> {
    for await (const seen of this.#observer) this.#traffic.see(seen);
  }

  take(loads: ReadonlyMap<number, ServerLoad>): Round {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#since) / 1000);
    this.#since = now;
    const traffic = this.#traffic.take();
    const calls = new Map<number, number>();
    const per = (count: number | undefined) => (count ?? 0) / seconds;
    // This process is one only to ask for the loads.
    const peers = this.#observer.peers.filter(({ pid }) => pid !== process.pid);
    const all = memberRows(this.#observer, peers);
    const members = all.filter(this.#wanted).map((row): TopRow => {
      const seen = traffic.get(row.id);
      const load = loads.get(row.id);
      if (load !== undefined) calls.set(row.id, load.calls);
      const before = this.#calls.get(row.id);
      return {
        kind: 'member',
        ...row,
        sent: per(seen?.sent),
        sentBytes: per(seen?.sentBytes),
        received: per(seen?.received),
        receivedBytes: per(seen?.receivedBytes),
        undelivered: per(seen?.undelivered),
        lost: per(seen?.lost),
        calls:
          load === undefined || before === undefined ? null : per(Math.max(0, load.calls - before)),
        running: load?.running ?? null,
        queued: load?.queued ?? null,
      };
    });
    this.#calls = calls;
    const sum = (key: 'sent' | 'sentBytes' | 'lost') =>
      per([...traffic.values()].reduce((total, each) => total + each[key], 0));
    const { controller, generation } = this.#observer;
    return {
      bus: {
        kind: 'bus',
        bus: this.#bus,
        time: performance.timeOrigin + now,
        members: all.length,
        controller: controller?.id ?? null,
        generation,
        sent: sum('sent'),
        sentBytes: sum('sentBytes'),
        lost: sum('lost'),
      },
      members,
    };
  }
}

/** Each round as lines: of JSON, or of fields between tabs. */
class LineView {
  readonly #output: Output;
  readonly #form: Form;

  constructor(output: Output, form: Form) {
    this.#output = output;
    this.#form = form;
  }

  get over(): boolean {
    return this.#output.interrupted.aborted;
  }

  async wait(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.#output.interrupted }).catch(() => {});
  }

  show({ bus, members }: Round): void {
    if (this.#form === 'json') this.#output.print(JSON.stringify(bus));
    printRows(this.#output, this.#form, columns, sorted(members, 't'));
  }

  close(): void {}
}

/** A picture that is redrawn. */
class ScreenView {
  readonly #output: Output;
  readonly #screen: Screen;
  readonly #keys: Keys;
  readonly #resize = () => this.#draw();
  #order: Order = 't';
  #paused = false;
  #over = false;
  #last: Round | undefined;

  constructor(output: Output) {
    this.#output = output;
    const size = () => output.terminal() ?? { columns: 80, rows: 24 };
    this.#screen = new Screen(output.write, size, output.colour);
    this.#screen.open();
    this.#keys = new Keys(output.input, (key) => this.#pressed(key));
    process.stdout.on('resize', this.#resize);
    this.#screen.draw([{ text: 'busbar top: counting …' }]);
  }

  get over(): boolean {
    return this.#over || this.#output.interrupted.aborted;
  }

  async wait(milliseconds: number): Promise<void> {
    const { ended } = this.#keys;
    const signal = AbortSignal.any([this.#output.interrupted, ended]);
    await pause(milliseconds, undefined, { signal }).catch(() => {});
  }

  show(round: Round): void {
    if (this.#paused) return;
    this.#last = round;
    this.#draw();
  }

  close(): void {
    process.stdout.removeListener('resize', this.#resize);
    this.#keys.close();
    this.#screen.close();
  }

  #pressed(key: string): void {
    if (key === 'q') {
      this.#over = true;
      this.#keys.end();
    } else if (key === 'p' || key === ' ') {
      this.#paused = !this.#paused;
    } else if (Object.hasOwn(orders, key)) {
      this.#order = key as Order;
    }
    this.#draw();
  }

  #draw(): void {
    if (this.#last === undefined) return;
    const { bus, members } = this.#last;
    const { columns: width, rows } = this.#output.terminal() ?? { columns: 80, rows: 24 };
    const lost = bus.lost > 0 ? `, ${rate(bus.lost)} lost/s` : '';
    const head =
      `busbar top: ${bus.bus}, ${bus.members} members, ${rate(bus.sent)} messages/s, ` +
      `${rate(bus.sentBytes)} bytes/s${lost}${this.#paused ? ', PAUSED' : ''}`;
    const shown = sorted(members, this.#order);
    const [titles = '', ...lines] = tableOf(columns, shown, width);
    const most = Math.max(0, rows - 3);
    const more = lines.length > most ? `, ${lines.length - most} more members below` : '';
    const foot = `q quit  p pause  sort: t traffic  s sent  r received  b bytes  i id${more}`;
    const picture: ScreenLine[] = [
      { text: head, style: 'bold' },
      { text: titles, style: 'reverse' },
      ...lines.slice(0, most).map((text) => ({ text })),
    ];
    while (picture.length < rows - 1) picture.push({ text: '' });
    this.#screen.draw([...picture, { text: foot, style: 'dim' }]);
  }
}

function sorted(rows: readonly TopRow[], order: Order): readonly TopRow[] {
  const { of } = orders[order];
  return [...rows].sort((a, b) => of(b) - of(a) || a.id - b.id);
}
