// The two sides of every trial that counts messages in one direction. The time runs from the lead's
// first send until the last receiver has its last message; both read the monotonic clock, which
// processes share. The control line carries only counts and times.

import { expectedWeight, payloadMaker, payloadWeigher } from './payload.mjs';
import { monotonicSeconds, ramp, threadMicroseconds } from './ramp.mjs';

/**
 * @param {any} link
 * @param {import('./follower.mjs').Follower[]} followers
 * @param {import('./launch.mjs').Job} job
 * @returns {Promise<Record<string, number>>} perSecond: messages received by all receivers
 *   together; leadCpu, followCpu: microseconds of its main thread that a message takes of one
 *   side, which other load hardly changes; leadResident, followResident: its memory, in bytes
 */
export async function leadOneWay(link, followers, job) {
  const make = payloadMaker(job, link);
  let leadCpu;
  let sides;
  const { count, seconds } = await ramp(job.milliseconds, async (count) => {
    await Promise.all(followers.map(({ control }) => arm(control, count)));
    const cpu = threadMicroseconds();
    const start = monotonicSeconds();
    await link.pump(count, make);
    const reports = await Promise.all(followers.map(({ control }) => control.next()));
    for (const { weight } of reports) {
      if (weight !== expectedWeight(job, count))
        throw new Error(`lost or broken: ${weight} arrived of ${count} messages`);
    }
    leadCpu = (threadMicroseconds() - cpu) / count;
    sides = reports;
    return Math.max(...reports.map(({ end }) => end)) - start;
  });
  const most = (figure) => Math.max(...sides.map((side) => side[figure]));
  return {
    perSecond: (count * followers.length) / seconds,
    count,
    seconds,
    leadCpu,
    followCpu: most('cpu') / count,
    leadResident: process.memoryUsage.rss(),
    followResident: most('resident'),
  };
}

async function arm(control, count) {
  control.send({ count });
  await control.next();
}

/**
 * @param {any} link
 * @param {import('./control.mjs').Control} control
 * @param {import('./launch.mjs').Job} job
 */
export async function followOneWay(link, control, job) {
  const weigh = payloadWeigher(job);
  let left = 0;
  let weight = 0;
  let cpuBefore = 0;
  link.onMessage((message) => {
    weight += weigh(message);
    left -= 1;
    if (left > 0) return;
    const end = monotonicSeconds();
    const cpu = threadMicroseconds() - cpuBefore;
    control.send({ end, weight, cpu, resident: process.memoryUsage.rss() });
  });
  for (;;) {
    const { count } = await control.next();
    left = count;
    weight = 0;
    cpuBefore = threadMicroseconds();
    control.send({ armed: true });
  }
}
