// Numbered messages to slow receivers.
import type { ExecutionContext } from 'ava';
import { bytes, type Endpoint, messageBox, text } from 'busbar';

/** Texts, and bytes that begin with a number. */
export const box = messageBox({ Text: text, Raw: bytes });
/** A ring and a queue that fill up quickly. */
export const small = { messages: box, ringBytes: 16 * 1024, queueBytes: 64 * 1024 };

export function numbered(number: number) {
  const payload = new Uint8Array(1000);
  new DataView(payload.buffer).setUint32(0, number);
  return box.Raw(payload);
}

/**
 * Sends numbered messages from `first` on until the queue is full; returns the first refused
 * number.
 */
export function fill(
  t: ExecutionContext,
  sender: Endpoint<typeof box>,
  to: string,
  first = 0,
): number {
  for (let number = first; ; number++) {
    try {
      sender.send(to, numbered(number));
    } catch (error) {
      t.like(error, { code: 'ERR_BUSBAR_QUEUE_FULL' });
      return number;
    }
  }
}
