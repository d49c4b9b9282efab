// Tells when an event gets its first listener and when it loses its last, so that nothing is done for events that
// nobody listens to.
import type { EventEmitter } from 'node:events';

/** What to do for each event when it begins (true) or ceases (false) to have listeners. May be told twice. */
export type ListenerHooks = Readonly<Record<string, (wanted: boolean) => void>>;

/**
 * Calls the hooks from now on, at once: before the first listener is there, so that it misses nothing, and after the
 * last is gone. Returns what has to be called after `removeAllListeners()`, which removes what this listens with, too.
 */
export function followListeners(emitter: EventEmitter, hooks: ListenerHooks): () => void {
  const tell = (event: string | symbol, wanted: boolean) => {
    if (typeof event === 'string' && emitter.listenerCount(event) === 0) hooks[event]?.(wanted);
  };
  const added = (event: string | symbol) => tell(event, true);
  const removed = (event: string | symbol) => tell(event, false);
  const follow = () => {
    emitter.off('newListener', added).off('removeListener', removed);
    emitter.on('newListener', added).on('removeListener', removed);
  };
  follow();
  return () => {
    follow();
    for (const event of Object.keys(hooks)) tell(event, false);
  };
}
