// Tells when an event gets its first listener and when it loses its last, so that nothing is done for events that
// nobody listens to.
import type { EventEmitter } from 'node:events';

/** What to do for each event when it begins (true) or ceases (false) to have listeners. */
export type ListenerHooks = Readonly<Record<string, (wanted: boolean) => void>>;

/**
 * Calls the hooks from now on, at once: before the first listener is there, so that it misses nothing, and after the
 * last is gone.
 */
export function followListeners(emitter: EventEmitter, hooks: ListenerHooks): void {
  const wanted = new Set<string>();
  const hookOf = (event: string | symbol) => (typeof event === 'string' ? hooks[event] : undefined);
  emitter.on('newListener', (event) => {
    const hook = hookOf(event);
    if (hook === undefined || wanted.has(event)) return;
    wanted.add(event);
    hook(true);
  });
  emitter.on('removeListener', (event) => {
    const hook = hookOf(event);
    if (hook === undefined || emitter.listenerCount(event) > 0) return;
    wanted.delete(event);
    hook(false);
  });
}
