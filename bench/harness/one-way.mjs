// The two sides of every trial that counts messages in one direction. The time runs from the lead's
// first send until the last receiver has its last message; both read the monotonic clock, which
// processes share. The control line carries only counts and times.

import { expectedWeight, payloadMaker, payloadWeigher } from './payload.mjs';
import { monotonicSeconds, ramp } from './ramp.mjs';

/**
 * @param {any} link
 * @param {import('./follower.mjs').Follower[]} followers
 * @param {import('./launch.mjs').Job} job
 * @returns {Promise<{ perSecond: number, count: number, seconds: number }>} perSecond: messages
 *   received by all receivers together
 */
export async function leadOneWay(link, followers, job) {
  const make = payloadMaker(job, link);
  const { count, seconds } = await ramp(job.milliseconds, async (count) => {
    await Promise.all(followers.map(({ control }) => arm(control, count)));
    const start = monotonicSeconds();
    await link.pump(count, make);
    const reports = await Promise.all(followers.map(({ control }) => control.next()));
    for (const { weight } of reports) {
      if (weight !== expectedWeight(job, count))
        throw new Error(`lost or broken: ${weight} arrived of ${count} messages`);
    }
    return Math.max(...reports.map(({ end }) => end)) - start;
  });
  return { perSecond: (count * followers.length) / seconds, count, seconds };
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
  link.onMessage((message) => {
    weight += weigh(message);
    left -= 1;
    if (left === 0) control.send({ end: monotonicSeconds(), weight });
  });
  for (;;) {
    const { count } = await control.next();
    left = count;
    weight = 0;
    control.send({ armed: true });
  }
}
