// Findings about what goes over a bus while `doctor` looks: messages that nobody gets, or takes.
import type { Observer, Peer } from '../../../index.js';
import { shownPeer } from '../bus/member-rows.js';
import type { Finding } from './finding.js';

interface Trouble {
  readonly from: Peer;
  readonly typeId: string;
  readonly reason: string | undefined;
  readonly to: Peer | undefined;
  count: number;
}

/** The kinds of trouble that are told; there may be as many as types and senders. */
const mostTold = 16;

/** Counts what nobody gets until the observer is closed. */
export class TrafficWatch {
  readonly #troubles = new Map<string, Trouble>();
  #seen = 0;
  #lost = 0;

  /** Resolves when the observer is closed. */
  async watch(observer: Observer): Promise<void> {
    for await (const seen of observer) {
      if (seen.kind === 'lost') {
        this.#lost += seen.count;
        continue;
      }
      this.#seen++;
      if (seen.kind === 'undelivered') this.#add(seen, seen.reason, seen.to);
      else if (seen.receivers === 0) this.#add(seen, undefined, undefined);
    }
  }

  /** What there was. */
  findings(seconds: number): readonly Finding[] {
    const troubles = [...this.#troubles.values()].sort((a, b) => b.count - a.count);
    const total = this.#seen + this.#lost;
    const text = `${total} messages in ${seconds.toFixed(1)} s`;
    return [
      { level: 'ok', check: 'traffic', text },
      ...troubles.slice(0, mostTold).map((trouble) => findingOf(trouble)),
    ];
  }

  #add(
    { from, typeId }: { readonly from: Peer; readonly typeId: string },
    reason: string | undefined,
    to: Peer | undefined,
  ): void {
    const key = `${from.id} ${typeId} ${reason} ${to?.id}`;
    const known = this.#troubles.get(key);
    if (known !== undefined) known.count++;
    else if (this.#troubles.size < 4096) {
      this.#troubles.set(key, { from, typeId, reason, to, count: 1 });
    }
  }
}

function findingOf({ from, typeId, reason, to, count }: Trouble): Finding {
  const who = `${shownPeer(from)} (process ${from.pid})`;
  const what = `${count} of type ${typeId}`;
  if (reason === undefined) {
    return {
      level: 'warning',
      check: 'selector',
      text: `${who} sent ${what} to a selector that nobody matches`,
      cure: 'start who should get it, or give doctor the selector: it looks for a misspelt label',
      pid: from.pid,
    };
  }
  const receiver = to === undefined ? 'nobody' : shownPeer(to);
  return {
    level: 'warning',
    check: 'undelivered',
    text: `${who} sent ${what} to ${receiver}, which were not taken: ${reason}`,
    cure: cureOf(reason),
    pid: from.pid,
  };
}

function cureOf(reason: string): string {
  switch (reason) {
    case 'ERR_BUSBAR_UNKNOWN_TYPE':
      return 'add the type to the message box of its receiver';
    case 'ERR_BUSBAR_TOO_SLOW':
      return 'make its receiver faster, or send less: docs/guide/slow-receivers.md';
    case 'ERR_BUSBAR_NO_RECIPIENT':
      return 'start who should get it, or give the message a longer ttl';
    default:
      return 'docs/guide/errors.md says what the code means';
  }
}
