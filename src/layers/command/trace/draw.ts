// Writes the tree of a trace: for people with branches and bars, for programs by lines.
import { shownPeer } from '../bus/member-rows.js';
import { type Column, formOf, printRows, tableOf } from '../table.js';
import { clean, widthOf } from '../text.js';
import type { OptionValues, Output } from '../usage.js';
import type { KnownTypes } from '../watch/known-types.js';
import type { PlacedCall, SeenCall } from './call-tree.js';

/** Columns of the bars, where the terminal has room for them. */
const barColumns = 24;

/** Writes calls, each before those that were made for it. */
export function drawTree(
  calls: readonly PlacedCall[],
  types: KnownTypes,
  options: OptionValues,
  output: Output,
): void {
  const form = formOf(options, output);
  const began = Math.min(...calls.map(({ call }) => call.time));
  if (form === 'json') {
    for (const each of calls) output.print(JSON.stringify(lineOf(each, types, began)));
    return;
  }
  const columns = columnsOf(types, began, form === 'table');
  if (form === 'tabs') {
    printRows(output, form, columns, calls);
    return;
  }
  drawTable(calls, columns, began, output);
}

function drawTable(
  calls: readonly PlacedCall[],
  columns: readonly Column<PlacedCall>[],
  began: number,
  output: Output,
): void {
  const width = output.terminal()?.columns ?? 80;
  // Bars are worth less than names.
  const whole = tableOf(columns, calls, Number.MAX_SAFE_INTEGER);
  const widest = Math.max(...whole.map(widthOf));
  const barred = widest + 2 + barColumns <= width;
  const lines = barred ? whole : tableOf(columns, calls, width);
  const ends = calls.map(({ call }) => call.endedAt ?? call.time);
  const total = Math.max(...ends) - began;
  for (const [index, line] of lines.entries()) {
    const placed = calls[index - 1];
    const bar = barred && placed !== undefined ? barOf(placed.call, began, total) : '';
    const text = bar === '' ? line : `${line}${' '.repeat(widest + 2 - widthOf(line))}${bar}`;
    if (index === 0) output.print(coloured(output, '1', '22', text));
    else if (placed?.call.outcome === 'ok') output.print(text);
    else output.print(coloured(output, '31', '39', text));
  }
}

function coloured(output: Output, on: string, off: string, text: string): string {
  return output.colour ? `\u001b[${on}m${text}\u001b[${off}m` : text;
}

/** When the call ran, on a line as long as the whole trace. */
function barOf({ time, endedAt }: SeenCall, began: number, total: number): string {
  const columns = barColumns - 1;
  const at = (moment: number) =>
    total <= 0 ? 0 : Math.min(columns, Math.floor(((moment - began) / total) * columns));
  const from = at(time);
  const to = Math.max(from, at(endedAt ?? began + total));
  return ' '.repeat(from) + (endedAt === undefined ? '╌' : '━').repeat(to - from + 1);
}

function columnsOf(
  types: KnownTypes,
  began: number,
  branches: boolean,
): readonly Column<PlacedCall>[] {
  return [
    {
      title: 'CALL',
      text: ({ call, last }) =>
        `${branches ? branchOf(last) : '  '.repeat(last.length - 1)}${nameOf(call, types)}`,
      elastic: true,
    },
    { title: 'FROM', text: ({ call }) => processOf(call.from), elastic: true },
    {
      title: 'TO',
      text: ({ call }) => (call.to === undefined ? 'nobody' : processOf(call.to)),
      elastic: true,
    },
    { title: 'AT ms', text: ({ call }) => (call.time - began).toFixed(2), right: true },
    {
      title: 'TOOK ms',
      text: ({ call: { time, endedAt } }) =>
        endedAt === undefined ? '' : (endedAt - time).toFixed(2),
      right: true,
    },
    { title: 'ENDED', text: ({ call }) => endOf(call) },
  ];
}

/** `├─ `, `│  └─ `: the branches before a name. */
function branchOf(last: readonly boolean[]): string {
  // Roots have no branch.
  return last
    .slice(1)
    .map((isLast, index, all) => {
      if (index === all.length - 1) return isLast ? '└─ ' : '├─ ';
      return isLast ? '   ' : '│  ';
    })
    .join('');
}

/** The interface without its packages: `thermostat.setTarget`. */
export function nameOf({ typeId }: SeenCall, types: KnownTypes): string {
  const name = types.get(typeId)?.name;
  if (name === undefined) return typeId.slice(0, 8);
  return name.replace(/^.*\.(?=[^./]*\/)/, '').replace(/\/\d+\./, '.');
}

function processOf(peer: SeenCall['from']): string {
  const name = peer.pid === process.pid ? 'busbar' : shownPeer(peer);
  return `${name} (${peer.pid})`;
}

function endOf({ outcome, code, items }: SeenCall): string {
  const streamed = items === 0 ? '' : `, ${items} items`;
  return `${outcome === 'error' ? clean(code ?? 'error') : outcome}${streamed}`;
}

function lineOf({ call, parent, depth }: PlacedCall, types: KnownTypes, began: number): object {
  const { key, typeId, from, to, time, endedAt, outcome, code, items } = call;
  const peer = ({ id, pid, label }: SeenCall['from']) => ({ id, pid, label });
  return {
    kind: 'call',
    id: key,
    parent: parent?.key ?? null,
    depth,
    type: types.get(typeId)?.name ?? null,
    typeId,
    from: peer(from),
    to: to === undefined ? null : peer(to),
    time,
    at: time - began,
    took: endedAt === undefined ? null : endedAt - time,
    outcome,
    code: code ?? null,
    items,
  };
}
