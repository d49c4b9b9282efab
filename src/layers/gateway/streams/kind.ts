// In which form a reader wants a stream, and how many streams it may have.
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';
import type { StreamKind } from '../http/stream-answer.js';
import type { Limits } from '../limits.js';
import type { Grant } from '../tokens.js';

/** The form that the header `accept` names; lines if it names none. */
export function kindOf({ headers }: Exchange): StreamKind {
  const accept = headers.accept ?? '*/*';
  if (/text\/event-stream/i.test(accept)) return 'events';
  if (/\*\/\*|application\/\*|application\/x-ndjson|application\/json/i.test(accept))
    return 'lines';
  throw new Refusal('NOT_ACCEPTABLE', 'a stream is application/x-ndjson or text/event-stream');
}

/** Counts one more stream of a token; the returned function counts it off, once. */
export function takeStream(grant: Grant | undefined, { streams }: Limits): () => void {
  if (grant === undefined) return () => undefined;
  if (grant.streams >= streams) {
    throw new Refusal('TOO_MANY', `the token has ${streams} streams open already`);
  }
  grant.streams++;
  let counted = true;
  return () => {
    if (counted) grant.streams--;
    counted = false;
  };
}
