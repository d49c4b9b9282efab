// The members of a bus with what the system says about their processes.
import type { Observer, Peer } from '../../../index.js';
import { isStopped, processFacts } from '../system/processes.js';
import { servedNames } from './served-names.js';

/** A member of a bus, as `ls --json` writes it. */
export interface MemberRow {
  readonly id: number;
  readonly pid: number;
  /** The program; empty where the system does not tell. */
  readonly process: string;
  readonly state: 'running' | 'stopped' | 'gone' | 'unknown';
  readonly label: readonly string[];
  /** What it serves: `com.example.thermostat/1`. */
  readonly interfaces: readonly string[];
  readonly controller: boolean;
}

/** One row for each member, in the order of their ids. */
export function memberRows(observer: Observer, peers: readonly Peer[]): readonly MemberRow[] {
  const controller = observer.controller?.id;
  const facts = new Map<number, ReturnType<typeof processFacts>>();
  return [...peers]
    .sort((a, b) => a.id - b.id)
    .map(({ id, pid, label }) => {
      if (!facts.has(pid)) facts.set(pid, processFacts(pid));
      const found = facts.get(pid);
      return {
        id,
        pid,
        process: found?.name ?? '',
        state: stateOf(found),
        label,
        interfaces: servedNames(label).map(({ name, major }) => `${name}/${major}`),
        controller: id === controller,
      };
    });
}

function stateOf(facts: ReturnType<typeof processFacts>): MemberRow['state'] {
  if (facts === undefined) return process.platform === 'linux' ? 'gone' : 'unknown';
  if (facts.state === 'Z' || facts.state === 'X') return 'gone';
  return isStopped(facts) ? 'stopped' : 'running';
}

/** The labels of a member that are not the names of interfaces. */
export function ownLabels(label: readonly string[]): readonly string[] {
  const names = new Set(
    servedNames(label).flatMap(({ name, major }) => [name, `${name}/${major}`]),
  );
  return label.filter((text) => !names.has(text));
}

/** A short text for a member: its own labels, else what it serves, else its id. */
export function shownPeer({ id, label }: Pick<Peer, 'id' | 'label'>): string {
  const own = ownLabels(label);
  if (own.length > 0) return own.join(',');
  const [served] = servedNames(label);
  return served === undefined ? `#${id}` : served.name;
}
