// What a rule of a bridge has counted. The numbers add up at every moment: what was taken is what was
// passed on, what was dropped, and what waits.

/** Why a bridge did not pass a message on. */
export type DropReason =
  | 'full'
  | 'superseded'
  | 'unlisted'
  | 'looped'
  | 'hops'
  | 'duplicate'
  | 'tooLarge'
  | 'malformed'
  | 'attachments'
  | 'metadata'
  | 'unmatched'
  | 'refused'
  | 'unconfirmed'
  | 'closed';

const reasons: readonly DropReason[] = [
  'full',
  'superseded',
  'unlisted',
  'looped',
  'hops',
  'duplicate',
  'tooLarge',
  'malformed',
  'attachments',
  'metadata',
  'unmatched',
  'refused',
  'unconfirmed',
  'closed',
];

/** Messages that were not passed on, by reason. */
export interface DropCounts {
  /** The queue of the rule, or every receiver on the bus, was full. */
  readonly full: number;
  /** A newer message with the same key came before this one was sent. */
  readonly superseded: number;
  /** The rule does not list its type. */
  readonly unlisted: number;
  /** It has been through this bridge before. */
  readonly looped: number;
  /** It has been through 8 bridges. */
  readonly hops: number;
  /** The same message came by another way. */
  readonly duplicate: number;
  /** It is larger than the broker, or the bus, takes. */
  readonly tooLarge: number;
  /** Its headers make no sense. */
  readonly malformed: number;
  /** It has kernel objects or memory regions, which cannot leave the machine. */
  readonly attachments: number;
  /** Its metadata has no room for the hops, or is not in the form of fields. */
  readonly metadata: number;
  /** No endpoint of the bus matched. */
  readonly unmatched: number;
  /** The broker refused it, or its client did. */
  readonly refused: number;
  /** It was sent, but the connection ended before the broker confirmed it; it may have arrived. */
  readonly unconfirmed: number;
  /** It waited when the bridge was closed. */
  readonly closed: number;
}

/** The counters of a rule: `taken` = `passed` + all of `dropped` + `waiting`. */
export interface RuleCounts {
  /** Messages that came to this rule: from the bus, or from the broker. */
  readonly taken: number;
  /** Messages that the broker has confirmed; for a rule of `in`, that were sent to the bus. */
  readonly passed: number;
  /** Messages that wait here, those that were sent and are not confirmed included. */
  readonly waiting: number;
  /** Bytes of those. */
  readonly waitingBytes: number;
  /** Messages that were not passed on. */
  readonly dropped: DropCounts;
}

/** Counts for one rule. */
export class RuleCounters {
  taken = 0;
  passed = 0;
  waiting = 0;
  waitingBytes = 0;
  readonly #dropped: Record<DropReason, number>;

  constructor() {
    const zeros = reasons.map((reason) => [reason, 0] as const);
    this.#dropped = Object.fromEntries(zeros) as Record<DropReason, number>;
  }

  drop(reason: DropReason, count = 1): void {
    this.#dropped[reason] += count;
  }

  /** The numbers now. */
  snapshot(): RuleCounts {
    const { taken, passed, waiting, waitingBytes } = this;
    return { taken, passed, waiting, waitingBytes, dropped: { ...this.#dropped } };
  }
}

/** What happened between two snapshots; what waits is that of the second one. */
export function countsBetween(before: RuleCounts, after: RuleCounts): RuleCounts {
  const dropped = reasons.map(
    (each) => [each, after.dropped[each] - before.dropped[each]] as const,
  );
  return {
    taken: after.taken - before.taken,
    passed: after.passed - before.passed,
    waiting: after.waiting,
    waitingBytes: after.waitingBytes,
    dropped: Object.fromEntries(dropped) as Record<DropReason, number>,
  };
}

/** All that was dropped. */
export function droppedIn({ dropped }: RuleCounts): number {
  return reasons.reduce((sum, reason) => sum + dropped[reason], 0);
}
