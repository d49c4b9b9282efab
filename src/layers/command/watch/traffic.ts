// Counts what an observer sees, by member.
import type { Observation } from '../../../index.js';

/** Counts of one member since the last {@link Traffic.take}. */
export interface MemberTraffic {
  sent: number;
  sentBytes: number;
  received: number;
  receivedBytes: number;
  /** Messages to it that it did not take. */
  undelivered: number;
  /** Messages of it that were not observed; they are in no other count. */
  lost: number;
}

/** Counts by member. */
export class Traffic {
  #members = new Map<number, MemberTraffic>();

  /** Counts one observation. */
  see(seen: Observation): void {
    if (seen.kind === 'lost') {
      this.#of(seen.from.id).lost += seen.count;
    } else if (seen.kind === 'undelivered') {
      if (seen.to !== undefined) this.#of(seen.to.id).undelivered++;
    } else {
      const from = this.#of(seen.from.id);
      from.sent++;
      from.sentBytes += seen.bytes;
      for (const { id } of seen.to) {
        const to = this.#of(id);
        to.received++;
        to.receivedBytes += seen.bytes;
      }
    }
  }

  /** The counts since the last time. */
  take(): ReadonlyMap<number, MemberTraffic> {
    const members = this.#members;
    this.#members = new Map();
    return members;
  }

  #of(id: number): MemberTraffic {
    let found = this.#members.get(id);
    if (found === undefined) {
      found = {
        ...{ sent: 0, sentBytes: 0, received: 0, receivedBytes: 0 },
        ...{ undelivered: 0, lost: 0 },
      };
      this.#members.set(id, found);
    }
    return found;
  }
}
