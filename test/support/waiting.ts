// Waiting for what an endpoint says about its bus, and for what only the kernel knows. Nothing here measures time: what
// never comes is ended by the test's own deadline.
import { setImmediate as turn } from 'node:timers/promises';
import type { Peer } from 'busbar';

/** As much of an endpoint as waiting needs, whatever its message box. */
interface Member {
  readonly peers: readonly Peer[];
  on(event: 'peer' | 'controller', listener: () => void): unknown;
  off(event: 'peer' | 'controller', listener: () => void): unknown;
}

/** Resolves once `holds()`; asked now and after every such event of the endpoint. */
export async function until(
  member: Member,
  event: 'peer' | 'controller',
  holds: () => boolean,
): Promise<void> {
  let look = () => {};
  // Listening for such an event alone does not keep the process.
  const alive = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    look = () => {
      if (holds()) resolve();
    };
    // Listen first, then look: what comes in between is heard.
    member.on(event, look);
    look();
  });
  member.off(event, look);
  clearInterval(alive);
}

/** Resolves once the endpoint no longer sees a peer of this id. */
export function untilLeft(member: Member, id: number): Promise<void> {
  return until(member, 'peer', () => !member.peers.some((peer) => peer.id === id));
}

/** Looks again in every turn of the event loop; for what /proc and the file system tell nobody. */
export async function turnsUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}
