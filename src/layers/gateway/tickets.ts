// Secrets in addresses, for those that cannot send headers: each is good for one thing and a short
// time. Tokens never stand in addresses, which are logged and remembered.
import { randomBytes } from 'node:crypto';
import { Refusal } from './http/refusal.js';
import type { Grant } from './tokens.js';

/** Milliseconds until an unused ticket of an address is void. */
const addressTime = 10_000;

/** A secret that nobody guesses, for a path. */
export function newSecret(): string {
  return randomBytes(24).toString('base64url');
}

interface Entry {
  readonly grant: Grant;
  readonly url: string;
  /** Answers that were opened with it and have not ended. */
  open: number;
  timer: NodeJS.Timeout;
}

/** Tickets for addresses. */
export class Tickets {
  readonly #entries = new Map<string, Entry>();
  readonly #most: number;
  readonly #resumeTime: number;

  constructor(most: number, resumeTime: number) {
    this.#most = most;
    this.#resumeTime = resumeTime;
  }

  /** A ticket for one address: `url` is path and query without it. */
  make(grant: Grant, url: string): string {
    if (grant.tickets >= this.#most) {
      throw new Refusal('TOO_MANY', `the token has ${this.#most} tickets already`);
    }
    const ticket = newSecret();
    grant.tickets++;
    const timer = this.#voidAfter(ticket, addressTime);
    this.#entries.set(ticket, { grant, url, open: 0, timer });
    return ticket;
  }

  /**
   * Whose ticket it is. It opens one answer at a time: again only once that has ended, by a reader
   * that lost its connection.
   */
  redeem(ticket: string, url: string): Grant | undefined {
    const entry = this.#entries.get(ticket);
    if (entry === undefined || entry.url !== url) return undefined;
    return entry.grant;
  }

  /** An answer begins; the returned function is called at its end. */
  use(ticket: string): () => void {
    const entry = this.#entries.get(ticket);
    if (entry === undefined) return () => undefined;
    entry.open++;
    clearTimeout(entry.timer);
    return () => {
      entry.open--;
      if (entry.open === 0) entry.timer = this.#voidAfter(ticket, this.#resumeTime);
    };
  }

  /** All of them are void. */
  clear(): void {
    for (const { timer, grant } of this.#entries.values()) {
      clearTimeout(timer);
      grant.tickets--;
    }
    this.#entries.clear();
  }

  #voidAfter(ticket: string, milliseconds: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      const entry = this.#entries.get(ticket);
      if (entry === undefined) return;
      this.#entries.delete(ticket);
      entry.grant.tickets--;
    }, milliseconds);
    timer.unref();
    return timer;
  }
}

/** `url` without its parameter `ticket`, and that; as a browser keeps the order of the others. */
export function splitTicket(
  url: string,
): { readonly url: string; readonly ticket: string } | undefined {
  const [, before, ticket, after] = /^([^?]*\?(?:.*&)?)ticket=([\w-]{32})(&.*)?$/.exec(url) ?? [];
  if (before === undefined || ticket === undefined) return undefined;
  const rest = `${before}${(after ?? '').slice(1)}`.replace(/[?&]$/, '');
  return { url: rest, ticket };
}
