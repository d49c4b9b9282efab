// Cap'n Web over a MessagePort between threads, or over a WebSocket on a Unix socket between
// processes.

import { MessageChannel } from 'node:worker_threads';
import { packageMissing } from '../../harness/dependencies.mjs';
import { startProcesses, startThread } from '../../harness/follower.mjs';
import { adjust, block, reading } from '../../harness/service.mjs';
import { connectSocket, serveSockets } from '../../harness/web-socket.mjs';

/** @param {'port' | 'socket'} variant */
export function peer(variant) {
  return {
    missing: () => packageMissing('capnweb'),

    async lead(job, started) {
      const { newMessagePortRpcSession, newWebSocketRpcSession } = await import('capnweb');
      if (variant === 'port') {
        const { port1, port2 } = new MessageChannel();
        started(await startThread(job, port2));
        return link(newMessagePortRpcSession(port1));
      }
      await startProcesses(job, started);
      return link(newWebSocketRpcSession(await connectSocket(job)));
    },

    async follow(job, port) {
      const { newMessagePortRpcSession, newWebSocketRpcSession, RpcTarget } = await import(
        'capnweb'
      );
      class Service extends RpcTarget {
        adjust(object) {
          return adjust(object);
        }
        load(bytes) {
          return block(bytes);
        }
      }
      if (port) newMessagePortRpcSession(port, new Service());
      else await serveSockets(job, (socket) => newWebSocketRpcSession(socket, new Service()));
    },
  };
}

function link(remote) {
  return {
    call: (i) => remote.adjust(reading(i)),
    large: (bytes) => ({ call: () => remote.load(bytes) }),
    close: () => remote[Symbol.dispose](),
  };
}
