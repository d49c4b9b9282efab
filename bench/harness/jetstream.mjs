// JetStream for the `journal` trial: a nats-server of its own with a stream in files, and as much of
// NATS's protocol as publishing needs, so that no client library is in the way.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';

const SUBJECT = 'bench';
const INBOX = 'acks';

/**
 * Publishes messages and waits for their acknowledgements, with at most `window` under way.
 * @param {string} folder for the server's files
 * @param {Uint8Array} bytes of each message
 * @param {number} window
 */
export async function openStream(folder, bytes, window) {
  const args = ['-js', '-sd', join(folder, 'nats'), '-a', '127.0.0.1', '-p', '-1'];
  const server = spawn('nats-server', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await portOf(server);
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const client = new Client(socket);
  socket.write(`CONNECT {"verbose":false,"pedantic":false}\r\nSUB ${INBOX} 1\r\n`);
  const create = JSON.stringify({ name: SUBJECT, subjects: [SUBJECT], storage: 'file' });
  socket.write(publication(`$JS.API.STREAM.CREATE.${SUBJECT}`, Buffer.from(create)));
  await client.acknowledged(1);
  const one = publication(SUBJECT, bytes);
  const many = Buffer.concat(Array(100).fill(one));

  return {
    async append(count) {
      const before = client.acks;
      for (let sent = 0; sent < count; sent += 100) {
        if (!socket.write(many)) await once(socket, 'drain');
        await client.acknowledged(before + sent - window);
      }
      await client.acknowledged(before + count);
    },

    async close() {
      socket.destroy();
      server.kill();
      await once(server, 'exit');
    },
  };
}

function publication(subject, bytes) {
  const head = `PUB ${subject} ${INBOX} ${bytes.length}\r\n`;
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n')]);
}

/** Counts the acknowledgements that arrive. */
class Client {
  acks = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #resolve = () => {};
  #rest = '';

  constructor(socket) {
    socket.setEncoding('latin1').on('data', (data) => this.#read(socket, data));
  }

  acknowledged(count) {
    if (this.acks >= count) return undefined;
    this.#wanted = count;
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  #read(socket, data) {
    const lines = (this.#rest + data).split('\r\n');
    this.#rest = lines.pop();
    for (const line of lines) {
      if (line === 'PING') socket.write('PONG\r\n');
      else if (line.startsWith('-ERR') || line.includes('"error"')) socket.destroy(new Error(line));
      else if (line.startsWith('{')) this.acks++;
    }
    if (this.acks >= this.#wanted) this.#resolve();
  }
}

/** The port that a server listens on, from what it logs. */
function portOf(server) {
  return new Promise((resolve, reject) => {
    let log = '';
    server.stderr.setEncoding('utf8').on('data', (data) => {
      log += data;
      const port = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (port !== undefined && log.includes('Server is ready')) resolve(Number(port));
    });
    server.on('error', reject);
    server.on('exit', () => reject(new Error(log.trim().split('\n').at(-1))));
  });
}
