// Calls the listeners for a message that needs an acknowledgement or a release afterwards: unlike
// emit(), it looks at their return values.
import type { EventEmitter } from 'node:events';
import type { Message } from './message.js';
import type { MessageEnd } from './message-end.js';
import { throwLater } from './tell.js';

/**
 * As `emitter.emit('message', message)`. The message is finished when all listeners have returned
 * and the promises that they returned are fulfilled. An exception or a rejection, which stays
 * uncaught, makes it count as not handled.
 */
export function offer(emitter: EventEmitter, message: Message, end: MessageEnd): void {
  const pending: PromiseLike<unknown>[] = [];
  try {
    for (const listener of emitter.rawListeners('message')) {
      const returned: unknown = Reflect.apply(listener, emitter, [message]);
      if (isThenable(returned)) pending.push(returned);
    }
  } catch (error) {
    throwLater(error);
    end.fail();
    return;
  }
  if (pending.length > 0) {
    finishAfter(pending, end);
    return;
  }
  end.acknowledge();
  // Code that awaits the event, as with once(), still gets a turn with the attachments: that takes
  // some microtasks, and a tick requested by a microtask runs after all of them.
  queueMicrotask(() => process.nextTick(() => end.release()));
}

function finishAfter(pending: readonly PromiseLike<unknown>[], end: MessageEnd): void {
  let left = pending.length;
  let failed = false;
  const settled = () => {
    if (--left > 0) return;
    if (failed) end.fail();
    else end.finish();
  };
  for (const promise of pending) {
    promise.then(settled, (reason) => {
      failed = true;
      settled();
      throw reason;
    });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
