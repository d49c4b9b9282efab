// Writes the calls of a trace as a file for viewers of Chrome's trace events, as ui.perfetto.dev: a
// row for each side of a call, by processes, and an arrow from each caller to its server.
import { shownPeer } from '../bus/member-rows.js';
import { clean } from '../text.js';
import type { KnownTypes } from '../watch/known-types.js';
import type { PlacedCall, SeenCall } from './call-tree.js';
import { nameOf } from './draw.js';

/** An event of the format; times in microseconds. */
type Event = Readonly<Record<string, unknown>>;

/**
 * The file, as text. Times are those at which messages were sent, from the first call on. A call that
 * was not seen to end lasts until the last end that was seen.
 */
export function perfettoOf(calls: readonly PlacedCall[], types: KnownTypes): string {
  const rows = new Rows();
  const began = Math.min(...calls.map(({ call }) => call.time));
  const over = Math.max(...calls.map(({ call }) => call.endedAt ?? call.time));
  const events: Event[] = [];
  for (const [index, { call }] of calls.entries()) {
    const ts = microseconds(call.time - began);
    const dur = microseconds((call.endedAt ?? over) - call.time);
    const until = ts + dur;
    const shared = { cat: 'call', name: clean(nameOf(call, types)), ts };
    const args = argumentsOf(call, types);
    const client = rows.take(call.from, 'calls', ts, until);
    events.push({ ...shared, ...client, ph: 'X', dur, args });
    if (call.to === undefined) continue;
    const server = rows.take(call.to, 'serves', ts, until);
    events.push({ ...shared, ...server, ph: 'X', dur, args });
    events.push({ ...shared, ...client, ph: 's', id: index + 1 });
    events.push({ ...shared, ...server, ph: 'f', bp: 'e', id: index + 1 });
  }
  const lines = [...rows.names(), ...events].map((event) => JSON.stringify(event));
  return `{"displayTimeUnit":"ms","traceEvents":[\n${lines.join(',\n')}\n]}\n`;
}

function argumentsOf(call: SeenCall, types: KnownTypes): Event {
  const { outcome, code, items, key } = call;
  return {
    id: key,
    type: types.get(call.typeId)?.name ?? call.typeId,
    ended: outcome,
    ...(code === undefined ? undefined : { code }),
    ...(items === 0 ? undefined : { items }),
  };
}

function microseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000);
}

interface Row {
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  /** When the last call of the row ended. */
  until: number;
}

/** The rows of each process: calls at the same time do not fit into one. */
class Rows {
  readonly #rows = new Map<string, Row[]>();
  readonly #processes = new Map<number, string>();
  #last = 0;

  /** A row of this endpoint that is free from `ts` on. */
  take(peer: SeenCall['from'], what: string, ts: number, until: number): Event {
    const { pid } = peer;
    const shown = pid === process.pid ? 'busbar' : clean(shownPeer(peer));
    if (!this.#processes.has(pid)) this.#processes.set(pid, shown);
    const key = `${what}:${peer.id}`;
    const rows = this.#rows.get(key) ?? [];
    this.#rows.set(key, rows);
    let row = rows.find((each) => each.until <= ts);
    if (row === undefined) {
      row = { pid, tid: ++this.#last, name: `${shown} ${what}`, until };
      rows.push(row);
    }
    row.until = until;
    return { pid, tid: row.tid };
  }

  /** What names the processes and rows. */
  names(): readonly Event[] {
    const rows = [...this.#rows.values()].flat();
    return [
      ...[...this.#processes].map(([pid, name]) => ({
        ph: 'M',
        name: 'process_name',
        pid,
        args: { name },
      })),
      ...rows.map(({ pid, tid, name }) => ({
        ph: 'M',
        name: 'thread_name',
        pid,
        tid,
        args: { name },
      })),
    ];
  }
}
