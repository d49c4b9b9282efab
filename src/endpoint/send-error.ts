// The errors of calls that an endpoint refuses or cannot finish, with all known facts in their text.
import {
  type BusError,
  type BusErrorFacts,
  ClosedError,
  errorFromStatus,
  statusOf,
  UndeliveredError,
} from '../errors/index.js';
import type { SendFailure } from '../native/addon.js';
import type { Selector } from '../selector/index.js';

/** The bytes of an encoded payload, and the most that an endpoint sends: `maxMessageBytes`. */
export interface PayloadSize {
  readonly bytes: number;
  readonly most: number;
}

/** Makes the error of a refused send. */
export function sendError(
  number: number,
  selector: Selector,
  size: PayloadSize,
  failure: SendFailure,
  facts: BusErrorFacts,
): BusError {
  const peerId = failure.peerId === 0 ? undefined : failure.peerId;
  const { osCode, syscall, path, advice } = failure;
  const message = sentence(number, selector, size, peerId, facts.bus);
  return errorFromStatus(number, {
    ...facts,
    peerId,
    limit: number === statusOf('TooLarge') ? size.most : undefined,
    osCode,
    syscall,
    path,
    advice,
    message,
  });
}

/** The error of a call on an endpoint that is closed. */
export function closedError(facts: BusErrorFacts): ClosedError {
  return new ClosedError(`endpoint ${facts.endpointId} of bus '${facts.bus}' is closed`, facts);
}

/** The error of a close() that had to give up `count` messages. */
export function abandonedError(count: number, facts: BusErrorFacts): UndeliveredError {
  return new UndeliveredError(`closed with ${count} messages that no receiver had taken`, {
    ...facts,
    value: count,
  });
}

function sentence(
  number: number,
  selector: Selector,
  { bytes, most }: PayloadSize,
  peerId: number | undefined,
  bus: string | undefined,
): string | undefined {
  switch (number) {
    case statusOf('NoRecipient'):
      return `no endpoint of bus '${bus}' matches ${selector}; give a ttl to wait for one`;
    case statusOf('QueueFull'):
      return peerId === undefined
        ? `no room to keep a message for ${selector} until an endpoint joins`
        : `the queue to endpoint ${peerId} is full, or all queues together are (totalQueueBytes, maxQueuedObjects); ` +
            'wait for drained() and send again';
    case statusOf('LimitExceeded'):
      return 'this endpoint already has links to the most receivers that it may have (maxLinks)';
    case statusOf('TooLarge'):
      return `payload is ${bytes} bytes long, which is more than maxMessageBytes (${most})`;
    default:
      return undefined;
  }
}
