// oRPC over a WebSocket on a Unix socket. Its streams are async generators; their items are texts,
// since JSON has no bytes.

import { packageMissing } from '../../harness/dependencies.mjs';
import { startProcesses } from '../../harness/follower.mjs';
import { adjust, itemsLater, reading } from '../../harness/service.mjs';
import { connectSocket, serveSockets } from '../../harness/web-socket.mjs';

export function peer() {
  return {
    missing: () => packageMissing('@orpc/server'),

    async lead(job, started) {
      const { createORPCClient } = await import('@orpc/client');
      const { RPCLink } = await import('@orpc/client/websocket');
      await startProcesses(job, started);
      const websocket = await connectSocket(job);
      return link(createORPCClient(new RPCLink({ websocket })));
    },

    async follow(job) {
      const { os } = await import('@orpc/server');
      const { RPCHandler } = await import('@orpc/server/ws');
      const handler = new RPCHandler({
        adjust: os.handler(({ input }) => adjust(input)),
        items: os.handler(async function* ({ input }) {
          const text = 'z'.repeat(input.bytes);
          for await (const _ of itemsLater(input.count, input.bytes)) yield text;
        }),
      });
      await serveSockets(job, (socket) => void handler.upgrade(socket));
    },
  };
}

function link(client) {
  return {
    call: (i) => client.adjust(reading(i)),

    async stream(count, bytes, onItem) {
      for await (const item of await client.items({ count, bytes })) onItem(item);
    },

    open: (count, bytes) => client.items({ count, bytes }),
  };
}
