// The command `ls`: who is on a bus, and which buses there are.
import { conditionOf } from './bus/condition.js';
import { look } from './bus/look.js';
import { type MemberRow, memberRows, ownLabels } from './bus/member-rows.js';
import { nobodyMatches } from './bus/nobody.js';
import { holderOf } from './bus/sick-bus.js';
import { chosenBus, givenBus } from './bus/which-bus.js';
import { exitCode, Failure } from './failure.js';
import { busesIn, holdersOfAll, knowsNames, runtimeDirectory } from './system/bus-names.js';
import { commandLine, isStopped, processFacts } from './system/processes.js';
import { type Column, formOf, printRows } from './table.js';
import type { OptionValues, Output, Run } from './usage.js';

const columns: readonly Column<MemberRow>[] = [
  { title: 'ID', text: ({ id }) => String(id), right: true },
  { title: 'PID', text: ({ pid }) => String(pid), right: true },
  { title: 'PROCESS', text: ({ process }) => process, elastic: true },
  { title: 'STATE', text: ({ state, controller }) => state + (controller ? ', controller' : '') },
  { title: 'LABELS', text: ({ label }) => ownLabels(label).join(', '), elastic: true },
  { title: 'SERVES', text: ({ interfaces }) => interfaces.join(', '), elastic: true },
];
const wideColumns: readonly Column<MemberRow>[] = [
  ...columns,
  { title: 'COMMAND', text: ({ pid }) => commandLine(pid), elastic: true },
];

/** A bus, as `ls --buses --json` writes it. */
interface BusRow {
  /** `null` if the name cannot be read from its files. */
  readonly bus: string | null;
  readonly file: string;
  /** The process of the controller; `null` if nobody holds the name. */
  readonly pid: number | null;
  readonly process: string;
  readonly state: 'running' | 'stopped' | 'empty';
}

const busColumns: readonly Column<BusRow>[] = [
  { title: 'BUS', text: ({ bus, file }) => bus ?? file, elastic: true },
  { title: 'CONTROLLER', text: ({ pid }) => (pid === null ? '' : String(pid)), right: true },
  { title: 'PROCESS', text: ({ process }) => process, elastic: true },
  { title: 'STATE', text: ({ state }) => state },
];

/** Lists members, or buses. */
export const ls: Run = async ([selector], options, output) => {
  if (options.buses === true) return listBuses(options, output);
  if (selector === undefined && givenBus(options, output) === undefined && knowsNames) {
    const rows = busRows(output).filter(({ state }) => state !== 'empty');
    // Which one is meant, nobody can know; which there are is what the user has to see.
    if (rows.length > 1) return printBuses(rows, options, output);
  }
  const bus = chosenBus(options, output);
  const condition = selector === undefined ? undefined : conditionOf(selector);
  await using observer = await look(bus, output);
  const { peers } = observer;
  const matching =
    condition === undefined ? peers : peers.filter((peer) => condition.matches(peer));
  if (condition !== undefined && matching.length === 0) {
    throw nobodyMatches(condition, peers, bus.name);
  }
  const rows = memberRows(observer, matching);
  printRows(output, formOf(options, output), options.wide === true ? wideColumns : columns, rows);
  if (rows.length === 0)
    throw new Failure(exitCode.nobody, `nobody is on the bus '${bus.name}' now`);
  warnOfHolder(bus.name, observer.controller?.pid, output);
  return exitCode.ok;
};

// A controller that was stopped has been replaced by now, and still holds what it has.
function warnOfHolder(bus: string, controller: number | undefined, output: Output): void {
  const holder = holderOf(bus, output);
  if (holder === undefined || !holder.stopped || holder.pid === controller) return;
  output.complain(
    `busbar: process ${holder.pid} (${holder.name}), the former controller, is stopped; ` +
      `continue it with kill -CONT ${holder.pid}`,
  );
}

function listBuses(options: OptionValues, output: Output): number {
  if (!knowsNames) throw new Failure(exitCode.failed, 'this system keeps no list of buses');
  const rows = busRows(output);
  if (rows.length === 0)
    throw new Failure(exitCode.nobody, 'this user has no bus; start a program');
  return printBuses(rows, options, output);
}

function printBuses(rows: readonly BusRow[], options: OptionValues, output: Output): number {
  printRows(output, formOf(options, output), busColumns, rows);
  return exitCode.ok;
}

function busRows(output: Output): readonly BusRow[] {
  const { path } = runtimeDirectory(output.env).names;
  const buses = busesIn(path);
  const held = holdersOfAll(buses.map(({ base }) => base));
  return buses.map(({ name, base }) => {
    const pid = held.get(base)?.find(({ directory }) => directory === path)?.pid;
    const facts = pid === undefined ? undefined : processFacts(pid);
    return {
      bus: name ?? null,
      file: base,
      pid: pid ?? null,
      process: facts?.name ?? '',
      state: pid === undefined ? 'empty' : isStopped(facts) ? 'stopped' : 'running',
    };
  });
}
