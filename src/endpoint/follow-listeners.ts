// Reports when an event gets its first listener and loses its last one, so that no work is done for
// events without listeners.
import type { EventEmitter } from 'node:events';

/**
 * For each event, a hook called when it gets (true) or loses (false) its listeners. May be called
 * twice.
 */
export type ListenerHooks = Readonly<Record<string, (wanted: boolean) => void>>;

/**
 * Calls the hooks from now on, synchronously: before the first listener is added, so that it misses
 * nothing, and after the last one is removed. Returns a function to call after
 * `removeAllListeners()`, which also removes the listeners of this function.
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
