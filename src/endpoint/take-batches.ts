// What native code calls with a batch of messages.
import type { OnMessages } from '../native/addon.js';
import type { Inbox } from './inbox.js';
import type { MessageReader } from './message-reader.js';

/** Reads each batch into the inbox; returns how many of its messages wait there. */
export function takeBatches(reader: MessageReader, inbox: Inbox): OnMessages {
  return (count, large, block) => {
    inbox.batchBegins(count);
    let waiting = 0;
    try {
      reader.readBatch(count, large, block, inbox);
    } finally {
      waiting = inbox.batchDone(count);
    }
    return waiting;
  };
}
