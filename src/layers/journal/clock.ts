// The times of entries. A journal is the one place that needs the time of day: it says when
// something was. Log times never run backwards, so that they can be searched; when the clock is set
// back they stand still until it has caught up, and the publish time tells what the clock said.
import { u32 } from './format.js';

const million = 1_000_000n;

/** The time of day may differ so much from what the monotonic clock says: then it was set. */
const tolerance = 50;

/** Reads both clocks, and keeps the last reading as halves of 64-bit numbers of nanoseconds. */
export class JournalClock {
  /** The time of day, in halves. */
  wallLow = 0;
  wallHigh = 0;
  /** The same, but never less than before. */
  logLow = 0;
  logHigh = 0;
  #last: bigint;
  #wallAt = Number.NaN;
  #monotonicAt = 0;
  readonly #wallClock: () => number;

  /** `last` is the time of the journal's last entry. `wallClock` is replaced by tests only. */
  constructor(last: bigint, wallClock: () => number = () => Date.now()) {
    this.#last = last;
    this.#wallClock = wallClock;
  }

  /** Reads the clocks. */
  refresh(): void {
    const wall = nanoseconds(this.#milliseconds());
    this.wallHigh = Number(wall >> 32n);
    this.wallLow = Number(wall & 0xffff_ffffn);
    if (wall > this.#last) this.#last = wall;
    this.logHigh = Number(this.#last >> 32n);
    this.logLow = Number(this.#last & 0xffff_ffffn);
  }

  // The time of day has whole milliseconds only; the monotonic clock adds the rest.
  #milliseconds(): number {
    const wall = this.#wallClock();
    const monotonic = performance.now();
    const expected = this.#wallAt + (monotonic - this.#monotonicAt);
    if (Math.abs(expected - wall) < tolerance) return expected;
    this.#wallAt = wall;
    this.#monotonicAt = monotonic;
    return wall;
  }
}

/** Milliseconds since 1970 as the nanoseconds of a file. Before 1970 is 0. */
export function nanoseconds(milliseconds: number): bigint {
  if (!(milliseconds > 0)) return 0n;
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * million + BigInt(Math.floor((milliseconds - whole) * 1e6));
}

/** The time at `at`, in milliseconds since 1970, with fractions as exact as a number can be. */
export function millisecondsAt(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  const low = view.getUint32(at, true);
  return (high * u32 + low) / 1e6;
}

/** The nanoseconds of a file as milliseconds. */
export function milliseconds(time: bigint): number {
  return Number(time / million) + Number(time % million) / 1e6;
}

/** Nanoseconds on the monotonic clock, which begins when the process does. */
export function monotonicNanoseconds(): number {
  return Math.floor(performance.now() * 1e6);
}

/** The time of day in milliseconds, for the age of segments. */
export function timeOfDay(): number {
  return Date.now();
}
