// zeromq.js over ipc://: PAIR between two processes (both directions on one socket), PUB/SUB for
// multicast. Objects are sent as JSON, as its users do.

import { setImmediate } from 'node:timers/promises';
import { startProcess, startProcesses } from '../harness/follower.mjs';

export function peer() {
  return {
    async lead(job, started) {
      return job.params.receivers ? publisher(job, started) : pair(job, started);
    },

    async follow(job) {
      const { Pair, Subscriber } = await import('zeromq');
      const socket = job.params.receivers ? new Subscriber() : new Pair();
      socket.connect(address(job));
      if (job.params.receivers) socket.subscribe();
      return link(socket, job);
    },

    async missing() {
      return import('zeromq').then(
        () => undefined,
        (error) => `zeromq.js does not load (${error.code ?? error.message})`,
      );
    },
  };
}

async function pair(job, started) {
  const { Pair } = await import('zeromq');
  const socket = new Pair();
  await socket.bind(address(job));
  started(await startProcess(job));
  return link(socket, job);
}

/** A publisher that waits for slow subscribers instead of dropping their messages. */
async function publisher(job, started) {
  const { XPublisher } = await import('zeromq');
  const socket = new XPublisher({ noDrop: true, verbosity: 'allSubs' });
  await socket.bind(address(job));
  await startProcesses(job, started);
  for (let i = 0; i < job.params.receivers; i++) await socket.receive(); // each subscription has arrived
  return link(socket, job);
}

function address(job) {
  return `ipc://${job.folder}/zeromq.sock`;
}

/**
 * A publisher that must not drop messages reports being writable even when full: retry next turn.
 */
async function publish(socket, message) {
  for (;;) {
    try {
      return await socket.send(message);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
      await setImmediate();
    }
  }
}

function link(socket, { params }) {
  const object = params.payload === 'object';
  const encode = object ? JSON.stringify : (bytes) => bytes;
  return {
    send: (message) => void socket.send(encode(message)),

    async pump(count, make) {
      if (!params.receivers) for (let i = 0; i < count; i++) await socket.send(encode(make(i)));
      else for (let i = 0; i < count; i++) await publish(socket, encode(make(i)));
    },

    async onMessage(handler) {
      for (;;) {
        const [message] = await socket.receive();
        handler(object ? JSON.parse(message) : message);
      }
    },
  };
}
