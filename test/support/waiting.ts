// Waits for what an endpoint reports about its bus, and for what only the kernel knows. Nothing
// here measures time: if something never happens, the test's own deadline ends the wait.
import { setImmediate as turn } from 'node:timers/promises';
import type { Peer } from 'busbar';

type Event = 'peer' | 'controller' | 'ended';

/** The part of an endpoint that waiting needs, whatever its message box. */
interface Member {
  readonly peers: readonly Peer[];
  on(event: Event, listener: () => void): unknown;
  off(event: Event, listener: () => void): unknown;
}

/** Resolves once `holds()` is true; checked now and after each such event of the endpoint. */
export async function until(member: Member, event: Event, holds: () => boolean): Promise<void> {
  let look = () => {};
  // A listener for such an event does not keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    look = () => {
      if (holds()) resolve();
    };
    // Listen first, then look: events in between are not missed.
    member.on(event, look);
    look();
  });
  member.off(event, look);
  clearInterval(alive);
}

/** Resolves once the endpoint no longer sees a peer with this id. */
export function untilLeft(member: Member, id: number): Promise<void> {
  return until(member, 'peer', () => !member.peers.some((peer) => peer.id === id));
}

/** Checks in every turn of the event loop; for /proc and the file system, which emit no events. */
export async function turnsUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}
