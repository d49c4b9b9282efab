// Tells when an event gets its first listener and when it loses its last, so that nothing is done for events that
// nobody listens to.
import type { EventEmitter } from 'node:events';

/** What to do for each event when it begins (true) or ceases (false) to have listeners. */
export type ListenerHooks = Readonly<Record<string, (wanted: boolean) => void>>;

/**
 * Calls the hooks from now on, at the end of the turn in which listeners were added or removed: a listener that is
 * added only to be removed changes nothing, and one that is told about is really there.
 */
export function followListeners(emitter: EventEmitter, hooks: ListenerHooks): void {
  const wanted = new Set<string>();
  const follow = (event: string | symbol): void => {
    const hook = typeof event === 'string' ? hooks[event] : undefined;
    if (hook === undefined) return;
    queueMicrotask(() => {
      const now = emitter.listenerCount(event) > 0;
      if (now === wanted.has(event as string)) return;
      if (now) wanted.add(event as string);
      else wanted.delete(event as string);
      hook(now);
    });
  };
  emitter.on('newListener', follow);
  emitter.on('removeListener', follow);
}
