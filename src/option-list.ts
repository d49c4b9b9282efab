// The options of join() that are numbers; the mirror of native/base/option_list.def (a test
// compares them, and the defaults that the documentation states).
import { limits } from './limits.js';

/** One row: what it counts, its default, and the smallest and largest value. */
export interface NumberOption {
  readonly unit: string;
  readonly byDefault: number;
  readonly least: number;
  readonly most: number;
}

const { maxMembers } = limits;
const KiB = 2 ** 10;
const MiB = 2 ** 20;

export const numberOptions = {
  /** A power of two. */
  ringBytes: { unit: 'bytes', byDefault: 512 * KiB, least: 16 * KiB, most: 64 * MiB },
  queueBytes: { unit: 'bytes', byDefault: 16 * MiB, least: 1, most: 2 ** 40 },
  totalQueueBytes: { unit: 'bytes', byDefault: 256 * MiB, least: 1, most: 2 ** 40 },
  maxQueuedObjects: { unit: 'objects', byDefault: 4096, least: 1, most: 2 ** 20 },
  maxMessageBytes: { unit: 'bytes', byDefault: 256 * MiB, least: 1, most: 2 ** 32 - 1 },
  maxParked: { unit: 'messages', byDefault: 4096, least: 1, most: 65_536 },
  maxLinks: { unit: 'links', byDefault: maxMembers, least: 1, most: maxMembers },
  maxEndpoints: { unit: 'endpoints', byDefault: maxMembers, least: 1, most: maxMembers },
  maxEndpointsPerProcess: { unit: 'endpoints', byDefault: 1024, least: 1, most: maxMembers },
  /** The largest value stands for `Infinity`: 35 years. */
  timeout: { unit: 'milliseconds', byDefault: 5000, least: 0, most: 2 ** 40 },
  spin: { unit: 'microseconds', byDefault: 0, least: 0, most: 1000 },
  /** The user gives milliseconds. */
  drainBudget: { unit: 'microseconds', byDefault: 1000, least: 50, most: 1_000_000 },
  prefetch: { unit: 'messages', byDefault: 256, least: 1, most: 65_535 },
  /** The largest value, the longest delay of a timer, stands for `Infinity`. */
  linger: { unit: 'milliseconds', byDefault: 1000, least: 0, most: 2_147_483_647 },
} as const satisfies Readonly<Record<string, NumberOption>>;

export type NumberOptionName = keyof typeof numberOptions;

export const numberOptionNames = Object.keys(numberOptions) as readonly NumberOptionName[];

/** A value for each, in the unit of the list. */
export type OptionNumbers = Readonly<Record<NumberOptionName, number>>;
