// Errors of a server, as they arrive. A peer wrote them: the receiver's own interface decides which
// class an error has, and text is cut.

import { Received } from '../attachments.js';
import { closeFrame, decodePart } from '../coding.js';
import {
  type CallError,
  type CallErrorFacts,
  CancelledError,
  ConflictError,
  DeadlineError,
  DeclaredError,
  type Executed,
  HandlerFailedError,
  InvalidArgumentError,
  InvalidResultError,
  NoRecipientError,
  OverrunError,
  PeerGoneError,
  ProtocolError,
  UnknownMethodError,
  UnsupportedAttachmentError,
} from '../errors.js';
import type { Member } from '../members.js';
import { type IncomingFrame, type PortPeer, relayLabel } from '../port.js';

/** Characters of a text from a peer that are kept. */
const maxText = 4096;

type Make = (message: string, facts: CallErrorFacts) => CallError;

interface Known {
  readonly make: Make;
  readonly executed: Executed;
}

/** What a server may say. Others, such as `PEER_GONE`, only this process can know. */
const made = new Map<unknown, Known>([
  ['DEADLINE', { make: (text, facts) => new DeadlineError(text, facts), executed: 'maybe' }],
  ['OVERRUN', { make: (text, facts) => new OverrunError(text, facts), executed: 'maybe' }],
  ['CANCELLED', { make: (text, facts) => new CancelledError(text, facts), executed: 'maybe' }],
  [
    'INVALID_ARGUMENT',
    { make: (text, facts) => new InvalidArgumentError(text, facts), executed: 'no' },
  ],
  [
    'INVALID_RESULT',
    { make: (text, facts) => new InvalidResultError(text, facts), executed: 'yes' },
  ],
  [
    'UNKNOWN_METHOD',
    { make: (text, facts) => new UnknownMethodError(text, facts), executed: 'no' },
  ],
  [
    'UNSUPPORTED_ATTACHMENT',
    { make: (text, facts) => new UnsupportedAttachmentError(text, facts), executed: 'yes' },
  ],
  ['CONFLICT', { make: (text, facts) => new ConflictError(text, facts), executed: 'no' }],
]);

/** What a relay may say besides: it knows what became of the servers behind it. */
const madeByRelays = new Map<unknown, Known>([
  ['NO_RECIPIENT', { make: (text, facts) => new NoRecipientError(text, facts), executed: 'no' }],
  ['PEER_GONE', { make: (text, facts) => new PeerGoneError(text, facts), executed: 'maybe' }],
  ['PROTOCOL', { make: (text, facts) => new ProtocolError(text, facts), executed: 'maybe' }],
  // A relay refuses such a method before it calls anybody.
  [
    'UNSUPPORTED_ATTACHMENT',
    { make: (text, facts) => new UnsupportedAttachmentError(text, facts), executed: 'no' },
  ],
]);

function isRelay({ relays, label }: PortPeer): boolean {
  return relays === true || label.includes(relayLabel);
}

/** The error in a frame. Never throws: what cannot be read is an error, too. */
export function readError(member: Member, frame: IncomingFrame): CallError {
  const facts = { executed: 'yes', peerId: frame.from.id } as const;
  const source = frame.attachments === undefined ? undefined : new Received(frame.attachments);
  try {
    const { code, message, data } = membersOf(frame.read());
    const text = textOf(message) ?? 'the method failed';
    const known = (isRelay(frame.from) && madeByRelays.get(code)) || made.get(code);
    if (known !== undefined) return known.make(text, { ...facts, executed: known.executed });
    const shape = typeof code === 'string' ? member.errors.get(code) : undefined;
    if (shape === undefined) return new HandlerFailedError(text, facts);
    const value = decodePart(shape, data, source, frame.format);
    return new DeclaredError(member.interface, code as string, value, text, facts);
  } catch (cause) {
    closeFrame(frame);
    return new HandlerFailedError('the method failed with an error that cannot be read', {
      ...facts,
      cause,
    });
  } finally {
    source?.closeRest();
  }
}

/** What a busy server says about itself. */
export function readBusy(frame: IncomingFrame): { load: number; leaving: boolean } {
  try {
    const { load, leaving } = membersOf(frame.read());
    return {
      load: typeof load === 'number' && load >= 0 ? load : 0,
      leaving: leaving === true,
    };
  } catch {
    return { load: 0, leaving: false };
  }
}

// Only named members are read, so no name that a peer chose is looked up.
function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, maxText) : undefined;
}
