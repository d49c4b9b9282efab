// Counts messages and bytes from one member to another.
import type { Observation } from '../../../index.js';

/** Links that are counted one by one; the traffic of others is in the sums alone. */
const mostLinks = 5000;

/** The rate from one member to another, per second. */
export interface LinkRate {
  readonly from: number;
  readonly to: number;
  readonly messages: number;
  readonly bytes: number;
}

/** What was seen since the last time, per second. */
export interface Rates {
  readonly links: readonly LinkRate[];
  readonly sent: number;
  readonly bytes: number;
  readonly undelivered: number;
  /** Messages that were not observed. */
  readonly lost: number;
}

/** Counts. */
export class LinkCounts {
  #links = new Map<string, { from: number; to: number; messages: number; bytes: number }>();
  #sums = { sent: 0, bytes: 0, undelivered: 0, lost: 0 };
  #since = performance.now();

  /** Counts one observation. */
  see(seen: Observation): void {
    const sums = this.#sums;
    if (seen.kind === 'lost') {
      sums.lost += seen.count;
    } else if (seen.kind === 'undelivered') {
      sums.undelivered++;
    } else {
      sums.sent++;
      sums.bytes += seen.bytes;
      for (const { id } of seen.to) this.#count(seen.from.id, id, seen.bytes);
    }
  }

  /** The rates since the last time. */
  take(): Rates {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#since) / 1000);
    const per = (count: number) => Math.round((count / seconds) * 10) / 10;
    const links = Array.from(this.#links.values(), ({ from, to, messages, bytes }) => ({
      from,
      to,
      messages: per(messages),
      bytes: per(bytes),
    }));
    const { sent, bytes, undelivered, lost } = this.#sums;
    this.#links = new Map();
    this.#sums = { sent: 0, bytes: 0, undelivered: 0, lost: 0 };
    this.#since = now;
    return {
      links,
      sent: per(sent),
      bytes: per(bytes),
      undelivered: per(undelivered),
      lost: per(lost),
    };
  }

  #count(from: number, to: number, bytes: number): void {
    const key = `${from}>${to}`;
    const link = this.#links.get(key);
    if (link !== undefined) {
      link.messages++;
      link.bytes += bytes;
    } else if (this.#links.size < mostLinks) {
      this.#links.set(key, { from, to, messages: 1, bytes });
    }
  }
}
