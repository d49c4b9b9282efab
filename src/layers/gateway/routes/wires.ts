// `/wire`: the wire of `busbar/wire` over a WebSocket, for programs that make many calls at once or
// serve something themselves. Loaded only if it is wanted.
import type { Server } from 'node:http';
import type { Bus } from '../../rpc/index.js';
import { serveWire, type WireRelay, webSocket } from '../../wire/index.js';
import { optionError } from '../errors.js';
import { checkAddress } from '../http/admission.js';
import type { Settings } from '../options.js';

/** Takes wires in at a server that listens. */
export async function takeWires(server: Server, bus: Bus, settings: Settings): Promise<WireRelay> {
  const { expose, limits, token, to, tells, grants } = settings;
  if (expose === undefined || !grants.only?.isFull) {
    throw optionError('wire needs one token, which is not restricted');
  }
  const place = webSocket.listen({
    server,
    path: '/wire',
    maxMessageBytes: Math.max(limits.bodyBytes, 64 * 1024),
    admits: (request) => {
      try {
        checkAddress(request, settings);
        return true;
      } catch {
        return false;
      }
    },
  });
  return serveWire(place, bus, {
    expose,
    to,
    token,
    maxWires: limits.connections,
    errorMessages: tells ? 'tell' : 'hide',
    limits: {
      frameBytes: Math.max(limits.bodyBytes, 64 * 1024),
      calls: limits.calls,
      streams: limits.streams,
      handshake: limits.headerTime,
    },
  });
}
