// In which form a reader wants a stream.
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';
import type { StreamKind } from '../http/stream-answer.js';

/** The form that the header `accept` names; lines if it names none. */
export function kindOf({ headers }: Exchange): StreamKind {
  const accept = headers.accept ?? '*/*';
  if (/text\/event-stream/i.test(accept)) return 'events';
  if (/\*\/\*|application\/\*|application\/x-ndjson|application\/json/i.test(accept))
    return 'lines';
  throw new Refusal('NOT_ACCEPTABLE', 'a stream is application/x-ndjson or text/event-stream');
}
