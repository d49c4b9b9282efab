// The message box that all members of the demo's bus share.
import { bytes, messageBox, messageType, text } from 'busbar';

/** @type {import('busbar').MessageType<{ number: number, task: string }>} */
const Job = messageType('busbar.example.demo.job');
/** @type {import('busbar').MessageType<{ number: number, at: number }>} */
const Call = messageType('busbar.example.demo.call');
/** @type {import('busbar').MessageType<{ number: number }>} */
const Answer = messageType('busbar.example.demo.answer');

export const box = messageBox({ Job, Call, Answer, Chunk: bytes, News: text });

/** Sends, and waits where a receiver's queue is full. */
export async function sendAll(endpoint, to, message) {
  for (;;) {
    try {
      return endpoint.send(to, message);
    } catch (error) {
      if (error.code !== 'ERR_BUSBAR_QUEUE_FULL') throw error;
      await endpoint.drained();
    }
  }
}
