// What the callers of a gateway may use up. Everything that they can make grow has a limit.
import { optionError } from './errors.js';

/** Limits of a gateway. Times are milliseconds, sizes are bytes. */
export interface GatewayLimits {
  /** Connections at once; more are closed at once. Default: 256. */
  readonly connections?: number | undefined;
  /** Bytes of a request's line and headers together; beyond, 431. Default: 16 KiB. */
  readonly headerBytes?: number | undefined;
  /** Bytes of a request's body; beyond, 413. Default: 4 MiB. */
  readonly bodyBytes?: number | undefined;
  /** Milliseconds for a request's headers to arrive; then 408. Default: 10,000. */
  readonly headerTime?: number | undefined;
  /** Milliseconds for a request's body to arrive, or for the next line of one; then 408. Default: 30,000. */
  readonly bodyTime?: number | undefined;
  /** Milliseconds that an idle connection stays open. Default: 10,000. */
  readonly idleTime?: number | undefined;
  /**
   * Milliseconds that an answer may wait for its reader to take anything; then its connection is
   * closed, and its call cancelled. Default: 60,000.
   */
  readonly stalledTime?: number | undefined;
  /** Requests under way of one token, streams not counted; beyond, 429. Default: 256. */
  readonly calls?: number | undefined;
  /** Streams open of one token; beyond, 429. Default: 64. */
  readonly streams?: number | undefined;
  /** Milliseconds that a stream waits for its reader to connect again. Default: 10,000. */
  readonly resumeTime?: number | undefined;
  /** Bytes of sent items that a stream keeps for a reader that connects again. Default: 256 KiB. */
  readonly resumeBytes?: number | undefined;
  /** Tickets that are valid at once, for one token; beyond, 429. Default: 256. */
  readonly tickets?: number | undefined;
}

/** The same with all values. */
export type Limits = { readonly [K in keyof GatewayLimits]-?: number };

const most = 0x7fff_ffff;

/** Default, least and largest value. */
const table: { readonly [K in keyof Limits]: readonly [number, number, number] } = {
  connections: [256, 1, 65_536],
  headerBytes: [16 * 1024, 1024, 1024 * 1024],
  bodyBytes: [4 * 1024 * 1024, 0, most],
  headerTime: [10_000, 1, most],
  bodyTime: [30_000, 1, most],
  idleTime: [10_000, 1, most],
  stalledTime: [60_000, 1, most],
  calls: [256, 1, 1_048_576],
  streams: [64, 0, 1_048_576],
  resumeTime: [10_000, 0, most],
  resumeBytes: [256 * 1024, 0, most],
  tickets: [256, 0, 1_048_576],
};

/**
 * Checks the limits and fills in the defaults.
 * @throws GatewayError `GATEWAY_OPTION`.
 */
export function limitsOf(given: GatewayLimits = {}): Limits {
  if (typeof given !== 'object' || given === null) {
    throw optionError(`limits is ${String(given)}; expected an object`);
  }
  const names = Object.keys(table) as (keyof Limits)[];
  const limits = Object.fromEntries(names.map((name) => [name, table[name][0]]));
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    if (value === undefined) continue;
    if (!Object.hasOwn(table, name)) {
      throw optionError(`unknown limit '${name}'; known: ${names.join(', ')}`);
    }
    const [, low, high] = table[name as keyof Limits];
    if (!Number.isInteger(value) || (value as number) < low || (value as number) > high) {
      const range = `an integer from ${low} to ${high}`;
      throw optionError(`limits.${name} is ${String(value)}; expected ${range}`);
    }
    limits[name] = value as number;
  }
  return limits as unknown as Limits;
}
