// What one incarnation of a member did, as lines in a file: written by one system call each, so that SIGKILL loses
// nothing that has happened.
import { readFileSync, writeSync } from 'node:fs';

/** Ways to send. direct: to one incarnation; group: unicast to any; all: multicast; handled: a deliver to any. */
export type Way = 'direct' | 'group' | 'all' | 'handled';

/** One thing that happened. */
export type Happening =
  | { readonly kind: 'joined'; readonly id: number }
  /** About to send: for `direct`, the n-th to that incarnation; for the others, the n-th of that way. */
  | { readonly kind: 'sending'; readonly way: Way; readonly to: string; readonly n: number }
  | { readonly kind: 'sent'; readonly way: Way; readonly to: string; readonly n: number }
  | { readonly kind: 'delivered'; readonly n: number }
  | { readonly kind: 'undelivered'; readonly way: Way; readonly to: string; readonly n: number }
  | { readonly kind: 'received'; readonly way: Way; readonly from: string; readonly n: number }
  | {
      readonly kind: 'controller';
      readonly generation: number;
      readonly id: number;
      readonly gapMs: number;
    }
  /** Left of its own accord, with so many messages given up. */
  | { readonly kind: 'left'; readonly abandoned: number }
  | { readonly kind: 'wrong'; readonly what: string }
  | { readonly kind: 'resources'; readonly regions: number; readonly open: number };

/** Appends to an open file. */
export function note(file: number, happening: Happening): void {
  writeSync(file, `${JSON.stringify(happening)}\n`);
}

/** All that is in a file; what a kill cut off is left out. */
export function readHistory(path: string): Happening[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as Happening);
}
