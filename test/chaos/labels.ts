// The labels of members that change: what they are, and that nobody sees an old one.
import { openSync, statSync, writeSync } from 'node:fs';

/** The label of revision `revision`; `free` members are sent what only free ones get. */
export function labelOf(name: string, revision: number, free: boolean): string[] {
  return [name, 'member', `r${revision}`, ...(free ? ['free'] : [])];
}

/** The revision of a label; `undefined` if it has none. */
export function revisionOf(label: readonly string[]): number | undefined {
  const text = label[2];
  return text === undefined ? undefined : Number(text.slice(1));
}

/**
 * The witness of one member: a file that is as long as the last revision which, as `relabel()` said,
 * all see. Whoever reads its length and then sees an older label has found a fault. The kernel has
 * the order of both, so no clock is compared.
 */
export class Witness {
  readonly #file: number;

  constructor(history: string) {
    this.#file = openSync(pathOf(history), 'a');
  }

  /** All see one revision more. */
  note(): void {
    writeSync(this.#file, '.');
  }
}

/** The last revision that all see of the member with this history, or an older one. */
export function settledRevision(history: string): number {
  return statSync(pathOf(history), { throwIfNoEntry: false })?.size ?? 0;
}

const pathOf = (history: string) => history.replace(/\.jsonl$/, '.labels');
