// Emits events from places that have to go on: what a listener throws is uncaught, as with any emitter, but it costs
// nobody else a message, a notice or the outcome of a call.
import type { EventEmitter } from 'node:events';

/** Emits; an exception of a listener becomes an uncaught one in a turn of its own. */
export function tell(emitter: EventEmitter, event: string, ...values: readonly unknown[]): void {
  try {
    emitter.emit(event, ...values);
  } catch (error) {
    throwLater(error);
  }
}

/** An uncaught exception of this process, once the caller is done. */
export function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
