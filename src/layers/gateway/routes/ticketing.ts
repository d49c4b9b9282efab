// `POST /ticket`: a secret for one address, for readers that cannot send headers, as a browser's
// EventSource.
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';
import type { Tickets } from '../tickets.js';

const longest = 8192;

/** Answers with a ticket for the path and query in the body: `{ "url": "/events?of=…" }`. */
export async function ticketFor(exchange: Exchange, tickets: Tickets): Promise<void> {
  const { grant } = exchange;
  const body = (await exchange.readJson()) as { readonly url?: unknown } | undefined | null;
  const url = body?.url;
  if (
    typeof url !== 'string' ||
    !url.startsWith('/') ||
    url.length > longest ||
    grant === undefined
  ) {
    throw new Refusal('BAD_REQUEST', 'expected { "url": "/…" }, a path with its query');
  }
  // As it is sent, with its escapes.
  const { pathname, search } = new URL(url, 'http://localhost');
  const sent = `${pathname}${search}`;
  const ticket = tickets.make(grant, sent);
  exchange.json(200, { ticket, url: `${sent}${search === '' ? '?' : '&'}ticket=${ticket}` });
}
