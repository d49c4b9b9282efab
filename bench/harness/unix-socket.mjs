// A Unix socket between the two sides of a trial, for peers that have no transport of their own.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** @param {{ folder: string }} job */
export const pathOf = ({ folder }) => `${folder}/socket`;

/**
 * @param {{ folder: string }} job
 * @param {(socket: import('node:net').Socket) => void} accept
 */
export async function serveSocket(job, accept) {
  const server = createServer(accept).listen(pathOf(job));
  await once(server, 'listening');
}

/** @param {{ folder: string }} job */
export async function openSocket(job) {
  const socket = connect(pathOf(job));
  await once(socket, 'connect');
  return socket;
}
