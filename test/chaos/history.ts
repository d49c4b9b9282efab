// The actions of one incarnation of a member, as lines in a file. Each line is written by one
// system call, so that SIGKILL loses nothing that has happened.
import { readFileSync, writeSync } from 'node:fs';

/**
 * Ways to send. direct: to one incarnation; group: unicast to any; free: unicast to any that has the
 * label `free` now; all: multicast; handled: a deliver to any.
 */
export type Way = 'direct' | 'group' | 'free' | 'all' | 'handled';

/** Observations of one sender, counted. */
export interface Seen {
  /** Messages that were on their way for the first time. */
  readonly sent: number;
  /** Those on their way again. */
  readonly again: number;
  readonly undelivered: number;
  /** As the observer was told, whatever they were. */
  readonly lost: number;
  /** Messages before the first that was seen, by its number, and not among the lost. */
  readonly missed: number;
}

/** Where somebody was: under the controller of this number, with this id of its own. */
interface Place {
  readonly id: number;
  readonly generation: number;
  /** By the clock of all processes; see `now()`. */
  readonly at: number;
}

/** One entry of a history. */
export type Happening =
  /** Once the promise has resolved. */
  | (Place & { readonly kind: 'joined' })
  /**
   * About to send: for `direct`, the n-th message to that incarnation; otherwise the n-th of that
   * way. `sent` or `refused` follows.
   */
  | { readonly kind: 'sending'; readonly way: Way; readonly to: string; readonly n: number }
  | { readonly kind: 'sent'; readonly way: Way; readonly to: string; readonly n: number }
  | { readonly kind: 'refused'; readonly way: Way; readonly to: string; readonly n: number }
  | { readonly kind: 'delivered'; readonly n: number }
  | { readonly kind: 'undelivered'; readonly way: Way; readonly to: string; readonly n: number }
  | { readonly kind: 'received'; readonly way: Way; readonly from: string; readonly n: number }
  | {
      readonly kind: 'controller';
      readonly generation: number;
      readonly id: number;
      readonly gapMs: number;
    }
  /** Left on its own, with this many messages given up. */
  | { readonly kind: 'left'; readonly abandoned: number }
  | { readonly kind: 'wrong'; readonly what: string }
  | {
      readonly kind: 'resources';
      readonly regions: number;
      readonly open: number;
      /** Calls of `relabel()` that have not resolved. */
      readonly relabelling: number;
      /** Of this incarnation's counters. */
      readonly rerouted: number;
      readonly undelivered: number;
    }
  /** An observer observes from this time on, or has reached another controller at that time. */
  | (Place & { readonly kind: 'observing' })
  | (Place & { readonly kind: 'reached' })
  /** All that an observer has seen of an endpoint. */
  | ({ readonly kind: 'observed'; readonly from: number } & Seen);

/** How an incarnation ended. */
export type Fate = 'killed' | 'left' | 'survived';

/** One incarnation of a member, or of an observer. */
export interface Life {
  readonly name: string;
  readonly fate: Fate;
  readonly history: readonly Happening[];
}

/** Appends to an open file. */
export function note(file: number, happening: Happening): void {
  writeSync(file, `${JSON.stringify(happening)}\n`);
}

/** All entries of a file, except one that a kill cut off. */
export function readHistory(path: string): Happening[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as Happening);
}
