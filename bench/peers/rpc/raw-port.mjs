// A message and its answer over a bare MessagePort between two threads, and a Web Stream that is
// transferred through it.

import { MessageChannel } from 'node:worker_threads';
import { startThread } from '../../harness/follower.mjs';
import { adjust, block, items, reading } from '../../harness/service.mjs';

export function peer() {
  return {
    async lead(job, started) {
      const { port1, port2 } = new MessageChannel();
      started(await startThread(job, port2));
      return link(port1);
    },

    async follow(_job, port) {
      port.on('message', (message) => {
        if (message.count !== undefined) sendStream(port, message);
        else port.postMessage(message.bytes === undefined ? adjust(message) : block(message.bytes));
      });
    },
  };
}

function sendStream(port, { count, bytes }) {
  const source = items(count, bytes);
  const stream = new ReadableStream({
    pull(controller) {
      const { done, value } = source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  port.postMessage(stream, [stream]);
}

function link(port) {
  const waiting = [];
  port.on('message', (message) => waiting.shift()(message));
  const request = (message, done) => {
    waiting.push(done);
    port.postMessage(message);
  };
  const open = (count, bytes) => new Promise((resolve) => request({ count, bytes }, resolve));
  return {
    request: (i, done) => request(reading(i), done),
    large: (bytes) => ({ request: (_i, done) => request({ bytes }, done) }),

    async stream(count, bytes, onItem) {
      for await (const item of await open(count, bytes)) onItem(item);
    },

    open,
  };
}
