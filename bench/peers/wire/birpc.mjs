// birpc over a Unix socket. It leaves the bytes to its user: here one JSON a line, all lines of a
// turn of the event loop in one write, which is its fastest way.

import { packageMissing } from '../../harness/dependencies.mjs';
import { startProcesses } from '../../harness/follower.mjs';
import { adjust, reading } from '../../harness/service.mjs';
import { openSocket, serveSocket } from '../../harness/unix-socket.mjs';

export function peer() {
  return {
    missing: () => packageMissing('birpc'),

    async lead(job, started) {
      const { createBirpc } = await import('birpc');
      await startProcesses(job, started);
      const socket = await openSocket(job);
      const remote = createBirpc({}, linesOver(socket));
      return {
        call: (i) => remote.adjust(reading(i)),
        close: () => void socket.end(),
      };
    },

    async follow(job) {
      const { createBirpc } = await import('birpc');
      await serveSocket(job, (socket) => void createBirpc({ adjust }, linesOver(socket)));
    },
  };
}

function linesOver(socket) {
  let batch = '';
  const flush = () => {
    socket.write(batch);
    batch = '';
  };
  return {
    serialize: JSON.stringify,
    deserialize: JSON.parse,
    post(text) {
      if (batch === '') process.nextTick(flush);
      batch += `${text}\n`;
    },
    on(listener) {
      let rest = '';
      socket.setEncoding('utf8');
      socket.on('data', (chunk) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop();
        for (const line of lines) listener(line);
      });
    },
  };
}
