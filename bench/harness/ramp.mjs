// The clocks of the trials, and how long a rate trial runs. native/ramp.h and ipmb/src/clock.rs have the same ramp, so that all
// peers are warmed up alike.

import { readFileSync } from 'node:fs';

const FIRST_COUNT = 64;
const WARM_SECONDS = 0.04;

/**
 * Calls `run` with growing counts until one call takes 40 ms (by then the code is compiled and the
 * caches are warm), then once for about `milliseconds`, and resolves with the figures of that last
 * call.
 * @param {number} milliseconds
 * @param {(count: number) => Promise<number>} run handles `count` messages, resolves with the
 * seconds
 * @returns {Promise<{ count: number, seconds: number }>}
 */
export async function ramp(milliseconds, run) {
  let count = FIRST_COUNT;
  let seconds = await run(count);
  while (seconds < WARM_SECONDS) {
    const factor = Math.min(10, Math.max(2, (WARM_SECONDS * 1.25) / seconds));
    count = Math.floor(count * factor);
    seconds = await run(count);
  }
  count = Math.max(16, Math.floor((count / seconds) * (milliseconds / 1000)));
  return { count, seconds: await run(count) };
}

/**
 * Seconds on the monotonic clock, which all processes and threads of this machine share.
 * @returns {number}
 */
export function monotonicSeconds() {
  return Number(process.hrtime.bigint()) / 1e9;
}

/**
 * Microseconds that this thread has been on a core; NaN where the system does not say.
 * @returns {number}
 */
export function threadMicroseconds() {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1000;
  } catch {
    return Number.NaN;
  }
}
