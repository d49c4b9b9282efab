// The errors that a caller makes itself: about servers that are gone, busy or break the protocol, and
// clients that are closed.
import {
  BusyError,
  ClosedError,
  NoRecipientError,
  PeerGoneError,
  ProtocolError,
} from '../errors.js';
import type { IncomingFrame } from '../port.js';
import { nameOf, type PendingCall } from './pending-call.js';
import { readBusy } from './read-error.js';

/** No server took the call, or those that did are gone. */
export function refusalOf(call: PendingCall): Error {
  return (
    // What the last server did says nothing about an earlier one.
    call.loss ??
    call.refusal ??
    new NoRecipientError(`no server took ${nameOf(call.request.member)}`, {
      executed: 'no',
      peerId: call.lastPeer,
    })
  );
}

/** The client of the call is closed, or what carried its frames is gone: `cause` says why. */
export function closedError(call: PendingCall, cause?: unknown): ClosedError {
  const what =
    cause === undefined ? 'the client is closed' : 'there is no way to a server any more';
  return new ClosedError(`${nameOf(call.request.member)}: ${what}`, {
    executed: call.executed,
    peerId: call.callee?.peer,
    cause,
  });
}

/** The only server that the call may go to left before it had it. */
export function goneBefore(call: PendingCall): Error {
  return new PeerGoneError(`the server left before it had ${nameOf(call.request.member)}`, {
    executed: 'no',
    peerId: call.only,
  });
}

/** The answer has metadata that says more than this version understands. */
export function unreadable(call: PendingCall, frame: IncomingFrame): ProtocolError {
  return new ProtocolError(
    `${nameOf(call.request.member)} was answered with metadata that is malformed or too new`,
    { executed: 'maybe', peerId: frame.from.id },
  );
}

/** A server did not take the call. */
export function busyError(call: PendingCall, frame: IncomingFrame): BusyError {
  const { load, leaving } = readBusy(frame);
  const why = leaving ? 'is leaving' : `has ${load} calls under way`;
  return new BusyError(
    `${nameOf(call.request.member)} was not executed: the server ${why}`,
    { executed: 'no', peerId: frame.from.id },
    load,
  );
}

/** The server had the call, and is gone. */
export function goneWith(call: PendingCall, peer: number, cause?: unknown): PeerGoneError {
  return new PeerGoneError(`the server that had ${nameOf(call.request.member)} is gone`, {
    executed: 'maybe',
    peerId: peer,
    cause,
  });
}
