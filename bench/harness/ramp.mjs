// The clocks of the trials, and how long a rate trial runs. native/ramp.h and ipmb/src/clock.rs
// have the same ramp, so that all peers are warmed up alike.

import { readFileSync } from 'node:fs';

const FIRST_COUNT = 64;
/** A run that is shorter says little about the rate. */
const RUN_SECONDS = 0.04;
/** V8 compiles what runs often in several steps; a process that shares its core takes longer. */
const WARM_SECONDS = 0.3;
/** The part of the wanted time that the measured run takes at least. */
const LEAST_PART = 0.5;
const MOST_MEASURED = 3;

/**
 * Calls `run` with growing counts until that has taken 300 ms, and the last call 40 ms: by then the
 * code is compiled and the caches are warm. Then for about `milliseconds`, and once more if that
 * took less than half of it, because the calls before were slower. Resolves with the figures of the
 * last call.
 * @param {number} milliseconds
 * @param {(count: number) => Promise<number>} run handles `count` messages, resolves with the
 * seconds
 * @returns {Promise<{ count: number, seconds: number }>}
 */
export async function ramp(milliseconds, run) {
  let count = FIRST_COUNT;
  let seconds = await run(count);
  for (let spent = seconds; seconds < RUN_SECONDS || spent < WARM_SECONDS; spent += seconds) {
    if (seconds < RUN_SECONDS) count = grown(count, (RUN_SECONDS * 1.25) / seconds);
    seconds = await run(count);
  }
  const wanted = milliseconds / 1000;
  for (let times = 0; times < MOST_MEASURED; times++) {
    count = Math.max(16, Math.floor((count / seconds) * wanted));
    seconds = await run(count);
    if (seconds >= wanted * LEAST_PART) break;
  }
  return { count, seconds };
}

function grown(count, factor) {
  return Math.floor(count * Math.min(10, Math.max(2, factor)));
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
