// Finds the members that do not take what is sent to them: servers are asked, and of a member that
// serves nothing it is seen whether its event loop can have had a turn. A machine that is busy makes
// all slow and nobody ill, so the times of threads are looked at, and not the clock alone.
import { setTimeout as pause } from 'node:timers/promises';
import type { Peer } from '../../../index.js';
import { type Described, describeServers } from '../bus/servers.js';
import type { ChosenBus } from '../bus/which-bus.js';
import { type ThreadTimes, threadTimes } from '../system/processes.js';

/** Milliseconds that everybody is looked at, at least. */
const leastTime = 250;
/** A server whose thread ran for so many milliseconds after the question does not turn its loop. */
const ranLong = 200;
/** A server whose thread sleeps and has not answered after these is blocked. */
const blockedAfter = 600;
/** How many looks in a row it has to be found asleep. */
const sleepyLooks = 3;
/** Nobody is waited for longer than this. */
const mostTime = 5000;
/** Milliseconds between two looks. */
const lookEvery = 50;

/** What was found out about receivers. */
export interface Receivers {
  readonly answers: readonly Described[];
  /** Servers that do not answer. */
  readonly silent: readonly Peer[];
  /** Processes whose thread never rested. */
  readonly restless: ReadonlySet<number>;
  /** Milliseconds that it took. */
  readonly elapsed: number;
}

/**
 * Asks `servers`, and looks at the threads of `pids`. `patience` is how long, in milliseconds, this
 * bus took to let this process in.
 */
export async function receivers(
  bus: ChosenBus,
  servers: readonly Peer[],
  pids: ReadonlySet<number>,
  patience: number,
): Promise<Receivers> {
  const began = performance.now();
  const before = new Map([...pids].flatMap((pid) => entryOf(pid)));
  const waiting = new Map(servers.map((peer) => [peer.id, peer]));
  const ended = new AbortController();
  const asking = describeServers(bus, servers, mostTime, {
    signal: ended.signal,
    answered: ({ id }) => void waiting.delete(id),
  });
  const asleep = new Map<number, number>();
  const elapsed = () => performance.now() - began;
  const blocked = Math.max(blockedAfter, 40 * patience);
  while (elapsed() < mostTime) {
    await Promise.race([asking, pause(lookEvery)]);
    const unsure = [...waiting.values()].filter(
      ({ id, pid }) => !isSilent(before.get(pid), pid, elapsed() >= blocked, asleep, id),
    );
    if (unsure.length === 0 && elapsed() >= leastTime) break;
    // It has answered, and the least time is not over.
    if (waiting.size === 0) await pause(Math.max(1, leastTime - elapsed()));
  }
  const silent = [...waiting.values()];
  const total = elapsed();
  const restless = new Set([...pids].filter((pid) => isRestless(before.get(pid), pid, total)));
  ended.abort();
  return { answers: await asking, silent, restless, elapsed: total };
}

function entryOf(pid: number): readonly (readonly [number, ThreadTimes])[] {
  const times = threadTimes(pid);
  return times === undefined ? [] : [[pid, times]];
}

function isSilent(
  before: ThreadTimes | undefined,
  pid: number,
  isLate: boolean,
  asleep: Map<number, number>,
  id: number,
): boolean {
  const now = threadTimes(pid);
  if (now === undefined || before === undefined) return isLate;
  if (now.ran - before.ran >= ranLong) return true;
  const looks = now.isReady ? 0 : (asleep.get(id) ?? 0) + 1;
  asleep.set(id, looks);
  return isLate && looks >= sleepyLooks;
}

function isRestless(before: ThreadTimes | undefined, pid: number, elapsed: number): boolean {
  const now = threadTimes(pid);
  if (now === undefined || before === undefined) return false;
  const ran = now.ran - before.ran;
  return ran >= leastTime / 4 && ran + (now.waited - before.waited) >= elapsed * 0.9;
}
