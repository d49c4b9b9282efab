// WebSockets on a Unix socket, by the package ws.

import { once } from 'node:events';
import { createServer } from 'node:http';

const pathOf = ({ folder }) => `${folder}/socket`;

/** Node 20 has no class of that name, which Cap'n Web looks for. */
async function load() {
  const ws = await import('ws');
  globalThis.WebSocket ??= ws.WebSocket;
  return ws;
}

/**
 * @param {{ folder: string }} job
 * @param {(socket: import('ws').WebSocket) => void} accept
 */
export async function serveSockets(job, accept) {
  const { WebSocketServer } = await load();
  const server = createServer().listen(pathOf(job));
  new WebSocketServer({ server }).on('connection', accept);
  await once(server, 'listening');
}

/** @param {{ folder: string }} job */
export async function connectSocket(job) {
  const { WebSocket } = await load();
  const socket = new WebSocket(`ws+unix://${pathOf(job)}:/`);
  await once(socket, 'open');
  return socket;
}
