// Listening to signals: those of one server, or of all.
import { refusal } from '../options.js';
import type { ClientCore } from './client-core.js';
import { callListener, type DataListener, Subscribed, type Subscription } from './subscription.js';

/** Subscribes to a signal of one server; when that goes, of the next one. */
export function listenToOne(
  core: ClientCore,
  signal: string,
  listener: DataListener,
): Subscription {
  const member = signalOf(core, signal, listener);
  const subscribed = new Subscribed(() => undefined);
  const watch = core.watch(member, undefined, {
    active: () => subscribed.active(),
    data: (data, from) => callListener(listener, data, from),
    stale: () => undefined,
    failed: (error) => subscribed.failed(error),
  });
  subscribed.watches.add(watch);
  return subscribed;
}

/** Subscribes to a signal of all servers, those that come later included. */
export function listenToAll(
  core: ClientCore,
  signal: string,
  listener: DataListener,
): Subscription {
  const member = signalOf(core, signal, listener);
  const { caller } = core.session;
  const watched = new Set<number>();
  const look = () => {
    for (const { id } of caller.candidates(core.target)) {
      if (watched.has(id)) continue;
      watched.add(id);
      const watch = core.watch(
        member,
        undefined,
        {
          active: () => subscribed.active(),
          data: (data, from) => callListener(listener, data, from),
          stale: () => undefined,
          failed: () => {
            watched.delete(id);
          },
        },
        id,
      );
      if (watch.settled) watched.delete(id);
      else subscribed.watches.add(watch);
    }
    for (const watch of subscribed.watches) if (watch.settled) subscribed.watches.delete(watch);
  };
  const subscribed = new Subscribed(() => caller.unfollow(look));
  caller.follow(look);
  look();
  return subscribed;
}

function signalOf(core: ClientCore, signal: string, listener: unknown) {
  const member = core.members.byName.get(signal);
  if (member?.kind !== 'signal') {
    throw refusal(`${core.members.name} has no signal '${String(signal)}'`);
  }
  if (typeof listener !== 'function') throw refusal('the listener is no function');
  return member;
}
