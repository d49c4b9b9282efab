// The option `retry` of a route.
import { show } from '../../base/show.js';
import { checkDelay, checkKeys, checkWhole, refused } from './checks.js';
import type { RetryPlan } from './plan.js';
import type { RetryOptions } from './types.js';

const mostTimes = 1000;

/** Checks the option, and fills in its defaults. */
export function retryOf(where: string, given: unknown): RetryPlan {
  const option = `retry of ${where}`;
  if (typeof given === 'object' && given !== null) {
    const own = checkKeys<RetryOptions>(option, given as RetryOptions, [
      'times',
      'delay',
      'maxDelay',
    ]);
    const { times, delay = 100, maxDelay = 10_000 } = own;
    return {
      times: checkWhole(`times in ${option}`, times, 1, mostTimes),
      delay: checkDelay(`delay in ${option}`, delay),
      maxDelay: checkDelay(`maxDelay in ${option}`, maxDelay),
    };
  }
  if (given !== undefined && typeof given !== 'number') {
    throw refused(`${option} is ${show(given)}; expected a number or { times, delay }`, 'retry');
  }
  return { times: checkWhole(option, given ?? 0, 0, mostTimes), delay: 100, maxDelay: 10_000 };
}
