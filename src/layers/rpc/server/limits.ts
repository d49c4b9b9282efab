// How many calls a service runs and lets wait.
import { InvalidArgumentError } from '../errors.js';

/** Options of `serve` about load. */
export interface LimitOptions {
  /** Calls that run at once. Default: 4,096. */
  readonly concurrency?: number | undefined;
  /** Calls that wait until one of those has returned, 0 or more. Default: 4,096. */
  readonly queue?: number | undefined;
  /** Calls of one caller that run or wait. Default: 1,024. */
  readonly perCaller?: number | undefined;
  /** Subscriptions and watched properties of one caller. Default: 1,024. */
  readonly subscriptionsPerCaller?: number | undefined;
}

/** The same with all values. */
export type Limits = { readonly [K in keyof LimitOptions]-?: number };

const defaults: Limits = {
  concurrency: 4096,
  queue: 4096,
  perCaller: 1024,
  subscriptionsPerCaller: 1024,
};

/** The names of {@link LimitOptions}. */
export const limitNames = Object.keys(defaults) as (keyof Limits)[];

const most = 1_048_576;

/** Checks the options and fills in the defaults. */
export function limitsOf(options: LimitOptions): Limits {
  const limits = { ...defaults };
  for (const name of limitNames) {
    const value: unknown = options[name];
    if (value === undefined) continue;
    const least = name === 'queue' ? 0 : 1;
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
      throw new InvalidArgumentError(
        `${name} is ${String(value)}; expected an integer from ${least} to ${most}`,
        { executed: 'no' },
      );
    }
    limits[name] = value as number;
  }
  return limits;
}
