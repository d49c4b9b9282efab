// The members of the demo. A role is a function of its endpoint, its counters and the orders of the
// director; it returns what it has counted at the end.
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { label, multicast, unicast } from 'busbar';
import { box, sendAll } from './box.mjs';

/** Bytes of one piece of the file: enough to be sent as a spill, outside the ring. */
export const chunkBytes = 64 * 1024;
const secondsOfFile = 6;

/**
 * Sends news to all members now and then. It is the controller, because it was the first to join.
 */
async function keeper({ endpoint, count, until }) {
  while (!until.aborted) {
    count.out += endpoint.send(multicast(label('keeper').not()), box.News('all is well'));
    await pause(50);
  }
  return {};
}

/**
 * Streams a real file, the Node executable, to all mirrors: in chunks of 64 KiB, over some seconds.
 */
async function reader({ endpoint, count }) {
  const { size } = await stat(process.execPath);
  const file = await open(process.execPath);
  const hash = createHash('sha256');
  const chunks = Math.ceil(size / chunkBytes);
  const to = multicast('mirror');
  const begun = performance.now();
  for (let index = 0; index < chunks; index++) {
    const chunk = new Uint8Array(Math.min(chunkBytes, size - index * chunkBytes));
    await file.read(chunk, 0, chunk.length, index * chunkBytes);
    hash.update(chunk);
    count.out += await sendAll(endpoint, to, box.Chunk(chunk, { format: index & 0xffff }));
    const early = (index / chunks) * secondsOfFile * 1000 - (performance.now() - begun);
    if (early > 5) await pause(early);
  }
  await file.close();
  return { chunks, bytes: size, sha256: hash.digest('hex') };
}

/**
 * Receives the file; the chunks' numbers show whether one is missing, duplicated or out of order.
 */
async function mirror({ endpoint, count, expected }) {
  const hash = createHash('sha256');
  let chunks = 0;
  let bytes = 0;
  let disorder = 0;
  for await (const message of endpoint) {
    if (message.type !== 'Chunk') continue;
    count.in++;
    if (message.format !== (chunks & 0xffff)) disorder++;
    chunks++;
    bytes += message.payload.length;
    hash.update(message.payload);
    if (bytes === expected.fileBytes) break;
  }
  return { chunks, bytes, disorder, sha256: hash.digest('hex') };
}

/** Sends jobs: each goes to the worker with the fewest unread bytes. */
async function feeder({ endpoint, count, until }) {
  const to = unicast('worker');
  let number = 0;
  while (!until.aborted) {
    for (let burst = 0; burst < 200; burst++) {
      await sendAll(endpoint, to, box.Job({ number: ++number, task: 'measure twice' }));
    }
    count.out = number;
    await pause(5);
  }
  return { sent: number, sum: (number * (number + 1)) / 2 };
}

/** Takes jobs until the director reports that the workers together have had all of them. */
function worker({ endpoint, count, until }) {
  let sum = 0;
  let disorder = 0;
  let last = 0;
  endpoint.on('message', (message) => {
    if (message.type !== 'Job') return;
    count.in++;
    sum += message.payload.number;
    if (message.payload.number <= last) disorder++;
    last = message.payload.number;
  });
  return new Promise((resolve) => {
    until.addEventListener('abort', () => resolve({ received: count.in, sum, disorder }));
  });
}

/** Calls the echo and measures how long the answers take. */
async function caller({ endpoint, count, roundTrips, until }) {
  const to = unicast('echo');
  let number = 0;
  let wrong = 0;
  while (!until.aborted) {
    for (let burst = 0; burst < 20; burst++) {
      const begun = performance.now();
      count.out += endpoint.send(to, box.Call({ number: ++number, at: begun }));
      const answer = await nextAnswer(endpoint);
      if (answer.payload.number !== number) wrong++;
      count.in++;
      roundTrips.push((performance.now() - begun) * 1000);
    }
    await pause(10);
  }
  return { sent: number, answered: count.in, wrong };
}

async function nextAnswer(endpoint) {
  for (;;) {
    const message = await endpoint.recv();
    if (message.type === 'Answer') return message;
  }
}

/** Answers calls. */
function echo({ endpoint, count, until }) {
  endpoint.on('message', (message) => {
    if (message.type !== 'Call') return;
    count.in++;
    count.out += message.reply(box.Answer({ number: message.payload.number }));
  });
  return new Promise((resolve) => {
    until.addEventListener('abort', () => resolve({ received: count.in }));
  });
}

/** The roles by their names. */
export const roles = { keeper, reader, mirror, feeder, worker, caller, echo };
