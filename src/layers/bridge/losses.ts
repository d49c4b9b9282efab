// What a bridge lost while its broker was away, rule by rule: told when the connection is back.
import { countsBetween, droppedIn, type RuleCounters, type RuleCounts } from './counters.js';

/** What one rule lost. */
export interface RuleLoss {
  /** Which list the rule is in. */
  readonly direction: 'out' | 'in';
  /** Its index there. */
  readonly rule: number;
  /** What it counted from the loss of the connection until it was back. */
  readonly counts: RuleCounts;
}

/** What happened while there was no connection. */
export interface LossReport {
  /** Milliseconds without a connection. */
  readonly milliseconds: number;
  /** Messages of rules of `out` that were surely lost, or perhaps: `unconfirmed`. */
  readonly lost: number;
  /** The rules that dropped messages. What others published meanwhile is not known to anybody. */
  readonly rules: readonly RuleLoss[];
}

interface CountedRule {
  readonly direction: 'out' | 'in';
  readonly rule: number;
  readonly counters: RuleCounters;
}

function countedRules(
  direction: CountedRule['direction'],
  all: readonly RuleCounters[],
): CountedRule[] {
  return all.map((counters, rule) => ({ direction, rule, counters }));
}

/** Made when the connection is lost, before anything is dropped because of that. */
export class LossWatch {
  readonly #began: number;
  readonly #rules: readonly { readonly of: CountedRule; readonly before: RuleCounts }[];

  /** The counters of the rules, in order; `now` are milliseconds of a clock that never goes back. */
  constructor(out: readonly RuleCounters[], come: readonly RuleCounters[], now: number) {
    this.#began = now;
    const rules = [...countedRules('out', out), ...countedRules('in', come)];
    this.#rules = rules.map((of) => ({ of, before: of.counters.snapshot() }));
  }

  /** What happened since. */
  report(now: number): LossReport {
    const rules: RuleLoss[] = [];
    let lost = 0;
    for (const { of, before } of this.#rules) {
      const counts = countsBetween(before, of.counters.snapshot());
      const dropped = droppedIn(counts);
      if (dropped === 0) continue;
      if (of.direction === 'out') lost += dropped;
      rules.push({ direction: of.direction, rule: of.rule, counts });
    }
    return { milliseconds: now - this.#began, lost, rules };
  }
}
