// Sends one message of the chaos in its way, and checks its receipt.
import {
  ClosedError,
  type Endpoint,
  multicast,
  type PlainBox,
  type SendOptions,
  type SendReceipt,
  UndeliveredError,
  unicast,
} from 'busbar';
import { type Payload, stampOf } from './payload.js';

/** What becomes of a message. */
export interface Fates {
  readonly sent: () => void;
  /** It was never sent. */
  readonly refused: () => void;
  /** By `deliver`: it was handled. */
  readonly delivered: () => void;
  readonly wrong: (what: string | undefined) => void;
}

/** Sends; throws if the message is refused at once. `peerId` is the receiver of a direct one. */
export function transmit(
  own: Endpoint<PlainBox>,
  payload: Payload,
  options: SendOptions,
  peerId: number,
  fates: Fates,
): void {
  if (payload.way === 'handled') {
    deliver(own, payload, options, fates);
    return;
  }
  const receipt = own.sendWithReceipt(selectorOf(payload), payload, options);
  fates.sent();
  fates.wrong(receiptFault(payload, receipt, peerId));
}

function selectorOf({ way, from, to }: Payload) {
  switch (way) {
    case 'direct':
      return unicast(to);
    case 'free':
      return unicast(`member & free & !"${from}"`);
    case 'all':
      return multicast(`member & !"${from}"`);
    default:
      return unicast(`member & !"${from}"`);
  }
}

// The promise of a refused delivery is rejected before the next immediate.
function deliver(
  own: Endpoint<PlainBox>,
  payload: Payload,
  options: SendOptions,
  { sent, refused, delivered }: Fates,
): void {
  let end = sent;
  own
    .deliver(selectorOf(payload), payload, { ...options, acknowledge: 'handled' })
    .then(delivered, (error: unknown) => {
      if (!(error instanceof UndeliveredError || error instanceof ClosedError)) end = refused;
    });
  setImmediate(() => end());
}

function receiptFault(
  payload: Payload,
  { id, receivers, peerId }: SendReceipt,
  expected: number,
): string | undefined {
  const all = payload.way === 'all';
  const fine = all
    ? peerId === undefined && id > 0 === receivers > 0
    : id > 0 && receivers === 1 && (payload.way !== 'direct' || peerId === expected);
  return fine ? undefined : `the receipt of ${stampOf(payload)}: ${id} ${receivers} ${peerId}`;
}
