// The cost of an endpoint that has a link and nothing to do: how often its process's threads woke
// up, and how long they ran. Read from outside, so that measuring wakes none of them.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { withLead } from '../harness/launch.mjs';
import { payloadMaker } from '../harness/payload.mjs';
import { timeText } from '../harness/sizes.mjs';
import { listTable } from '../harness/table.mjs';

const PEERS = ['busbar', 'zeromq', 'nothing'];
const SETTLE_MS = 1000;
const WATCHED_MS = 4000;
const QUICK_WATCHED_MS = 2000;

/** @type {import('../harness/trials.mjs').Trial} */
export const trial = {
  title: 'Idle receiver with an open link, all threads of its process',
  rounds: 1,
  plan: ({ quick }) =>
    PEERS.map((peer) => ({
      peer,
      params: { size: 64, watchedMs: quick ? QUICK_WATCHED_MS : WATCHED_MS },
    })),

  run: (job) =>
    withLead(job, async (control) => {
      const { pid } = await control.next();
      await setTimeout(SETTLE_MS);
      const before = readThreads(pid);
      await setTimeout(job.params.watchedMs);
      const after = readThreads(pid);
      return {
        wakeUps: after.switches - before.switches,
        microseconds: after.microseconds - before.microseconds,
        seconds: job.params.watchedMs / 1000,
      };
    }),

  /** Exchanges one message, so that the links exist, then waits to be killed. */
  async lead(link, [follower], job, control) {
    const returned = new Promise((resolve) => void link.onMessage(resolve));
    link.send(payloadMaker(job, link)(0));
    await returned;
    control.send({ pid: follower.process.pid });
    await control.next();
  },

  async follow(link, control) {
    link.onMessage((message) => link.send(message));
    await control.next();
  },

  tables: (cells) => [
    listTable(trial.title, cells, {
      'wake-ups': ({ wakeUps }) => String(wakeUps),
      'time on a core': ({ microseconds }) => timeText(microseconds),
      watched: ({ seconds }) => `${seconds} s`,
    }),
  ],
};

/** Voluntary context switches and time on a core, summed over all threads. */
function readThreads(pid) {
  let switches = 0;
  let microseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
    switches += Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)[1]);
    microseconds += threadMicroseconds(`/proc/${pid}/task/${task}`);
  }
  return { switches, microseconds };
}

/**
 * schedstat counts nanoseconds; kernels without it have only user and system time in ticks of 10
 * ms.
 */
function threadMicroseconds(folder) {
  try {
    return Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch {
    const fields = readFileSync(`${folder}/stat`, 'utf8').split(') ').at(-1).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  }
}
