// Compares what observers have seen with what members have sent.
import type { Happening, Life, Seen } from './history.js';

/** The result of the comparison. */
export interface ObserverVerdict {
  readonly violations: readonly string[];
  /** Those that may end when more of what was sent has been seen. */
  readonly unsettled: number;
  readonly seen: number;
  readonly lost: number;
  /** Senders whose every copy was accounted for, each counted for each observer. */
  readonly exact: number;
  /** Senders that were gone before an observer had a link to them. */
  readonly unlinked: number;
  /** Senders that joined under a controller that a surviving observer had not reached yet. */
  readonly unmet: number;
}

/**
 * Messages that a member sends in one turn at most: those that it copied in the turn in which it is
 * killed need not be published.
 */
const mostInTurn = 8;

/** What the copies of one member's messages have to add up to, at least and at most. */
interface Sent {
  readonly least: number;
  readonly most: number;
  /** All copies that it made; `undefined` if it did not live to tell. */
  readonly copies: number | undefined;
}

const nothing: Seen = { sent: 0, again: 0, undelivered: 0, lost: 0, missed: 0 };

class ObserverChecker {
  readonly violations: string[] = [];
  unsettled = 0;
  seen = 0;
  lost = 0;
  exact = 0;
  unlinked = 0;
  unmet = 0;

  check(observer: Life, members: readonly Life[], sent: ReadonlyMap<string, Sent>): void {
    const start = observer.history.find((each) => each.kind === 'observing');
    const seen = new Map<number, Seen>();
    for (const each of observer.history) {
      if (each.kind === 'wrong') this.violations.push(`${observer.name}: ${each.what}`);
      if (each.kind === 'observed') seen.set(each.from, each);
    }
    for (const each of seen.values()) {
      this.seen += each.sent + each.again + each.undelivered;
      this.lost += each.lost;
    }
    if (start === undefined) return;
    for (const member of members) {
      const joined = member.history.find((each) => each.kind === 'joined');
      // Those that join later have it in their directory before they send anything. The others may
      // not: they need not even be in its own yet, if its controller was deposed just then.
      if (joined === undefined || joined.at <= start.at) continue;
      if (!observer.history.some((each) => hasReached(each, joined))) {
        if (observer.fate === 'survived') this.unmet++;
        continue;
      }
      const found = seen.get(joined.id);
      if (found !== undefined && found.missed > 0)
        this.violations.push(`${observer.name} of ${member.name}: ${found.missed} were missed`);
      // One that was killed has not told what it saw last, and has checked the rest by itself.
      if (observer.fate !== 'survived') continue;
      const own = sent.get(member.name) as Sent;
      if (found === undefined && member.fate !== 'survived') {
        if (own.least > 0) this.unlinked++;
        continue;
      }
      this.#compare(`${observer.name} of ${member.name}`, own, found ?? nothing);
    }
  }

  #compare(pair: string, { least, most, copies }: Sent, seen: Seen): void {
    const all = seen.sent + seen.again + seen.undelivered + seen.lost;
    const text = `${pair}: ${JSON.stringify(seen)}`;
    if (seen.sent + seen.lost < least) {
      this.#violate(`${text}, and ${least} were sent`);
    } else if (copies === undefined ? seen.sent > most : all > copies) {
      this.violations.push(`${text}, and ${copies ?? most} were made`);
    } else if (copies !== undefined && all < copies) {
      this.#violate(`${text}, and ${copies} were made`);
    } else {
      this.exact++;
    }
  }

  #violate(what: string): void {
    this.violations.push(what);
    this.unsettled++;
  }
}

// Whether an observer had reached the controller of a member, or a later one, before it joined.
function hasReached(each: Happening, joined: Extract<Happening, { kind: 'joined' }>): boolean {
  if (each.kind !== 'observing' && each.kind !== 'reached') return false;
  return each.generation >= joined.generation && each.at < joined.at;
}

function sentBy({ fate, history }: Life): Sent {
  let [sending, sent, refused] = [0, 0, 0];
  let resources: Extract<Happening, { kind: 'resources' }> | undefined;
  for (const each of history) {
    if (each.kind === 'sending') sending++;
    else if (each.kind === 'sent') sent++;
    else if (each.kind === 'refused') refused++;
    else if (each.kind === 'resources') resources = each;
  }
  const known = fate === 'survived' ? resources : undefined;
  return {
    least: fate === 'killed' ? Math.max(0, sent - mostInTurn) : sent,
    most: sending - refused,
    copies: known && sent + known.rerouted + known.undelivered,
  };
}

/** Judges all observers of a run. */
export function judgeObservers(
  observers: readonly Life[],
  members: readonly Life[],
): ObserverVerdict {
  const checker = new ObserverChecker();
  const sent = new Map(members.map((member) => [member.name, sentBy(member)]));
  for (const observer of observers) checker.check(observer, members, sent);
  return checker;
}
