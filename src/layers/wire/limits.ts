// What one wire may cost: of its peer's frames, calls and time. The other side learns the limits
// with the handshake, so what it can know before it is refused where it is sent.
import { optionError } from './errors.js';

/** Limits of a wire. Each counts what the other side sends. */
export interface WireLimits {
  /** Bytes of a frame; a larger one ends the wire with `FRAME_TOO_LARGE`. Default: 16 MiB. */
  readonly frameBytes?: number | undefined;
  /** Calls under way, streams included; beyond, a call is refused as `BUSY`. Default: 1,024. */
  readonly calls?: number | undefined;
  /** Streams under way; beyond, a call that streams is refused as `BUSY`. Default: 256. */
  readonly streams?: number | undefined;
  /** Bytes of the calls under way; beyond, a call is refused as `BUSY`. Default: 64 MiB. */
  readonly bytes?: number | undefined;
  /**
   * Nesting of a payload: lists and maps within each other. A deeper call is refused as
   * `INVALID_ARGUMENT`, a deeper result as `INVALID_RESULT`. Default: 100.
   */
  readonly depth?: number | undefined;
  /** Milliseconds that the handshake may take; then the wire is closed. Default: 10,000. */
  readonly handshake?: number | undefined;
  /**
   * Bytes that wait here while the other side takes none; beyond, calls wait for room. Default:
   * 1 MiB.
   */
  readonly queueBytes?: number | undefined;
}

/** The same with all values. */
export type Limits = { readonly [K in keyof WireLimits]-?: number };

const defaults: Limits = {
  frameBytes: 16 * 1024 * 1024,
  calls: 1024,
  streams: 256,
  bytes: 64 * 1024 * 1024,
  depth: 100,
  handshake: 10_000,
  queueBytes: 1024 * 1024,
};

const least: Limits = {
  frameBytes: 256,
  calls: 0,
  streams: 0,
  bytes: 0,
  depth: 1,
  handshake: 1,
  queueBytes: 1,
};

const most: Limits = {
  frameBytes: 0x7fff_ffff,
  calls: 1_048_576,
  streams: 1_048_576,
  bytes: 2 ** 40,
  depth: 1000,
  handshake: 0x7fff_ffff,
  queueBytes: 0x7fff_ffff,
};

/**
 * Checks the limits and fills in the defaults.
 * @throws WireError `WIRE_OPTION`.
 */
export function limitsOf(given: WireLimits = {}): Limits {
  if (typeof given !== 'object' || given === null) {
    throw optionError(`limits is ${String(given)}; expected an object`);
  }
  const limits: { -readonly [K in keyof Limits]: number } = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(defaults, name)) {
      throw optionError(`unknown limit '${name}'; known: ${Object.keys(defaults).join(', ')}`);
    }
    const key = name as keyof Limits;
    if (!Number.isInteger(value) || value < least[key] || value > most[key]) {
      throw optionError(
        `limits.${name} is ${String(value)}; expected an integer from ${least[key]} to ${most[key]}`,
      );
    }
    limits[key] = value;
  }
  return limits;
}
