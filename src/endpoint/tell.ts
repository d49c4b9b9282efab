// Emits events from loops that must go on. A listener's exception is uncaught, as with any emitter,
// but does not affect other messages, notices or the outcome of a call.
import type { EventEmitter } from 'node:events';

/** Emits an event; a listener's exception becomes an uncaught one in a later tick. */
export function tell(emitter: EventEmitter, event: string, ...values: readonly unknown[]): void {
  try {
    emitter.emit(event, ...values);
  } catch (error) {
    throwLater(error);
  }
}

/** Raises an uncaught exception in this process, once the caller is done. */
export function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
