// Findings about the members of a bus: stopped and dead ones, those that do not take what is sent to
// them, limits that they are near to, versions, and interfaces that differ.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Observer, Peer } from '../../../index.js';
import { diff, hashOf, type Interface } from '../../interface/index.js';
import { type MemberRow, memberRows, shownPeer } from '../bus/member-rows.js';
import { servedNames } from '../bus/served-names.js';
import type { ChosenBus } from '../bus/which-bus.js';
import {
  addonOf,
  descriptorsOf,
  largestFileOf,
  type ProcessFacts,
  processFacts,
} from '../system/processes.js';
import { version } from '../version.js';
import type { Finding } from './finding.js';
import { receivers } from './receivers.js';

/** A process that has used this part of its descriptors is near to its limit. */
const nearLimit = 0.9;
/** Shared memory of a link with a ring of the default size, and something for large messages. */
const leastFile = 64 * 1024 * 1024;
/** Servers that are asked; of more than these, those with the lowest ids. */
const mostServers = 256;

/** A process with its members. */
interface MemberProcess {
  readonly facts: ProcessFacts;
  readonly rows: readonly MemberRow[];
}

/** Looks at members. `patience`: how long, in milliseconds, the bus took to let this process in. */
export async function members(
  bus: ChosenBus,
  observer: Observer,
  patience: number,
): Promise<readonly Finding[]> {
  const peers = observer.peers.filter(({ pid }) => pid !== process.pid);
  const rows = memberRows(observer, peers);
  const processes = processesOf(rows);
  const running = peers.filter(({ id }) => rows.find((row) => row.id === id)?.state === 'running');
  const servers = running.filter(({ label }) => servedNames(label).length > 0);
  const asked = servers.sort((a, b) => a.id - b.id).slice(0, mostServers);
  const pids = new Set(running.map(({ pid }) => pid));
  const { answers, silent, restless, elapsed } = await receivers(bus, asked, pids, patience);
  return [
    ...count(rows, bus.name),
    ...stoppedOnes(processes),
    ...goneOnes(rows),
    ...silentOnes(silent, processes),
    ...busyOnes(processes, restless, new Set(silent.map(({ pid }) => pid)), elapsed),
    ...limitsOf(processes),
    ...versionsOf(processes),
    ...interfacesOf(answers),
  ];
}

function processesOf(rows: readonly MemberRow[]): readonly MemberProcess[] {
  const byPid = new Map<number, MemberRow[]>();
  for (const row of rows) {
    const known = byPid.get(row.pid);
    if (known === undefined) byPid.set(row.pid, [row]);
    else known.push(row);
  }
  return [...byPid].flatMap(([pid, own]) => {
    const facts = processFacts(pid);
    return facts === undefined ? [] : [{ facts, rows: own }];
  });
}

function count(rows: readonly MemberRow[], bus: string): readonly Finding[] {
  const processes = new Set(rows.map(({ pid }) => pid)).size;
  const text = `'${bus}' has ${counted(rows.length, 'member')} in ${counted(processes, 'process')}`;
  return [{ level: 'ok', check: 'members', text }];
}

function counted(count: number, word: 'member' | 'process'): string {
  if (count === 1) return `1 ${word}`;
  return `${count} ${word === 'member' ? 'members' : 'processes'}`;
}

/** `process 12 (node app.mjs), moon,`. */
function named({ facts: { pid, name }, rows }: MemberProcess): string {
  const shown = rows.slice(0, 3).map(shownPeer).join(' and ');
  return `process ${pid} (${name}), ${shown}${rows.length > 3 ? ' and others' : ''},`;
}

function stoppedOnes(processes: readonly MemberProcess[]): readonly Finding[] {
  return processes
    .filter(({ rows }) => rows[0]?.state === 'stopped')
    .map((each) => ({
      level: 'problem',
      check: 'stopped',
      text: `${named(each)} is stopped; what is sent to it waits`,
      cure: `kill -CONT ${each.facts.pid}, or kill -9 ${each.facts.pid}`,
      pid: each.facts.pid,
    }));
}

function goneOnes(rows: readonly MemberRow[]): readonly Finding[] {
  return rows
    .filter(({ state }) => state === 'gone')
    .map((row) => ({
      level: 'warning',
      check: 'gone',
      text: `process ${row.pid}, ${shownPeer(row)}, is listed and does not exist here`,
      cure: 'look again; if it stays, it runs in another container, which shares the directory only',
      pid: row.pid,
    }));
}

function silentOnes(
  silent: readonly Peer[],
  processes: readonly MemberProcess[],
): readonly Finding[] {
  return silent.map((peer) => {
    const facts = processes.find((each) => each.facts.pid === peer.pid)?.facts;
    return {
      level: 'problem',
      check: 'receiver',
      text:
        `process ${peer.pid} (${facts?.name ?? '?'}), ${shownPeer(peer)}, ` +
        'does not take what is sent to it: its event loop does not turn',
      cure: `see what it does: kill -USR1 ${peer.pid}, then node inspect -p ${peer.pid}`,
      pid: peer.pid,
    };
  });
}

/** Members that serve nothing cannot be asked, but a busy thread is seen. */
function busyOnes(
  processes: readonly MemberProcess[],
  restless: ReadonlySet<number>,
  known: ReadonlySet<number>,
  elapsed: number,
): readonly Finding[] {
  return processes
    .filter(({ facts: { pid } }) => restless.has(pid) && !known.has(pid))
    .map((each) => ({
      level: 'warning',
      check: 'busy',
      text: `${named(each)} has not rested for ${Math.round(elapsed)} ms`,
      cure: `if it takes no messages, see what it does: node inspect -p ${each.facts.pid}`,
      pid: each.facts.pid,
    }));
}

function limitsOf(processes: readonly MemberProcess[]): readonly Finding[] {
  return processes.flatMap((each): readonly Finding[] => {
    const { pid } = each.facts;
    const found: Finding[] = [];
    const descriptors = descriptorsOf(pid);
    if (descriptors !== undefined && descriptors.used >= descriptors.most * nearLimit) {
      const { used, most } = descriptors;
      found.push({
        level: 'warning',
        check: 'descriptors',
        text: `${named(each)} has ${used} of ${most} descriptors; new links and objects will fail`,
        cure: `ulimit -n ${most * 4} before it is started, or see what it keeps open`,
        pid,
      });
    }
    const largest = largestFileOf(pid);
    if (largest < leastFile) {
      found.push({
        level: 'warning',
        check: 'memory',
        text: `${named(each)} may have pieces of shared memory of ${largest} bytes at most`,
        cure: 'ulimit -f unlimited before it is started',
        pid,
      });
    }
    return found;
  });
}

function versionsOf(processes: readonly MemberProcess[]): readonly Finding[] {
  const own = version();
  return processes.flatMap((each): readonly Finding[] => {
    const { pid } = each.facts;
    const addon = addonOf(pid);
    if (addon === undefined) return [];
    if (addon.replaced) {
      return [
        {
          level: 'note',
          check: 'versions',
          text: `${named(each)} runs a busbar whose files were replaced since`,
          cure: 'start it again',
          pid,
        },
      ];
    }
    const other = versionOf(addon.file);
    if (other === undefined || other === own) return [];
    return [
      {
        level: 'note',
        check: 'versions',
        text: `${named(each)} uses busbar ${other}, and this is ${own}`,
        cure: 'give all members one version',
        pid,
      },
    ];
  });
}

/** The version of the package that an addon belongs to. */
function versionOf(addon: string): string | undefined {
  // build/Release/busbar.node, or prebuilds/linux-x64/busbar.node.
  const folder = dirname(dirname(dirname(addon)));
  try {
    const { name, version: found } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return name === 'busbar' && typeof found === 'string' ? found : undefined;
  } catch {
    return undefined;
  }
}

function interfacesOf(
  answers: readonly { readonly peer: Peer; readonly interfaces: readonly Interface[] }[],
): readonly Finding[] {
  const byVersion = new Map<
    string,
    Map<string, { readonly source: Interface; readonly peer: Peer }>
  >();
  for (const { peer, interfaces } of answers) {
    for (const source of interfaces) {
      const key = `${source.name} ${source.version}`;
      const hashes = byVersion.get(key) ?? new Map();
      byVersion.set(key, hashes);
      const hash = hashOf(source);
      if (!hashes.has(hash)) hashes.set(hash, { source, peer });
    }
  }
  return [...byVersion].flatMap(([key, hashes]): readonly Finding[] => {
    const [one, other] = hashes.values();
    if (one === undefined || other === undefined) return [];
    const [change] = diff(one.source, other.source).changes;
    const what = change === undefined ? '' : `: ${change.path}, ${change.text}`;
    return [
      {
        level: 'problem',
        check: 'interface',
        text:
          `${key} is not the same in process ${one.peer.pid} (${shownPeer(one.peer)}) ` +
          `and ${other.peer.pid} (${shownPeer(other.peer)})${what}`,
        cure: 'give the changed one a version of its own; busbar diff says which',
      },
    ];
  });
}
