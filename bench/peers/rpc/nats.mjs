// A request to another program through a NATS server on this machine, which is started for the
// trial. Objects as JSON, as its users do.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { packageMissing } from '../../harness/dependencies.mjs';
import { startProcesses } from '../../harness/follower.mjs';
import { adjust, block, reading } from '../../harness/service.mjs';

const SERVER = 'nats-server';
const { parse, stringify } = JSON;

export function peer() {
  return {
    missing() {
      if (spawnSync(SERVER, ['--version']).status !== 0) return `no ${SERVER} here`;
      return packageMissing('@nats-io/transport-node');
    },

    async lead(job, started) {
      const port = await freePort();
      // In the process group of this side, with which it ends.
      spawn(SERVER, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
      await listening(port);
      await startProcesses({ ...job, port }, started);
      return link(await open(port));
    },

    async follow({ port }) {
      const connection = await open(port);
      connection.subscribe('adjust', {
        callback: (_error, message) => message.respond(stringify(adjust(parse(message.string())))),
      });
      connection.subscribe('load', {
        callback: (_error, message) => message.respond(block(Number(message.string()))),
      });
      await connection.flush();
    },
  };
}

async function open(port) {
  const { connect } = await import('@nats-io/transport-node');
  return connect({ servers: `127.0.0.1:${port}` });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port) {
  for (;;) {
    const socket = createConnection(port, '127.0.0.1');
    const there = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (there) return;
    await setTimeout(20);
  }
}

function link(connection) {
  return {
    call: (i) =>
      connection.request('adjust', stringify(reading(i))).then((answer) => parse(answer.string())),
    large: (bytes) => ({
      call: () => connection.request('load', String(bytes)).then(({ data }) => data),
    }),
  };
}
