// vscode-jsonrpc over a Unix socket: JSON-RPC behind Content-Length headers, as language servers
// speak it.

import { packageMissing } from '../../harness/dependencies.mjs';
import { startProcesses } from '../../harness/follower.mjs';
import { adjust, reading } from '../../harness/service.mjs';
import { openSocket, serveSocket } from '../../harness/unix-socket.mjs';

export function peer() {
  return {
    missing: () => packageMissing('vscode-jsonrpc'),

    async lead(job, started) {
      await startProcesses(job, started);
      const connection = await over(await openSocket(job));
      connection.listen();
      return {
        call: (i) => connection.sendRequest('adjust', reading(i)),
        close: () => connection.end(),
      };
    },

    async follow(job) {
      await load();
      await serveSocket(job, async (socket) => {
        const connection = await over(socket);
        connection.onRequest('adjust', (object) => adjust(object));
        connection.listen();
      });
    },
  };
}

const load = async () => {
  const module = await import('vscode-jsonrpc/node');
  return module.default ?? module;
};

async function over(socket) {
  const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = await load();
  return createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
}
