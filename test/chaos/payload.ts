// What a message of the chaos says about itself, in its payload and beside it.
import type { Way } from './history.js';

/** The payload of each message. */
export interface Payload {
  readonly way: Way;
  readonly from: string;
  readonly to: string;
  readonly n: number;
  /** Bytes of its metadata; 0 for none. */
  readonly metadata: number;
  /** The revision of its sender's label that all members saw before it was sent. */
  readonly revision: number;
  /**
   * When it was sent, by the clock of all processes of this machine; see {@link now}. 0: its sender
   * was stopped shortly before.
   */
  readonly sentAt: number;
  readonly fill: string;
}

/** Names a message. */
export const stampOf = ({ way, from, to, n }: Payload) => `${way} ${from} ${to} ${n}`;

/** The metadata that a message has to have. */
export function metadataOf(payload: Payload): Uint8Array | undefined {
  return payload.metadata === 0
    ? undefined
    : Buffer.alloc(payload.metadata, `${stampOf(payload)};`);
}

/** What is wrong about the metadata that came with a message; `undefined` if nothing is. */
export function metadataFault(payload: Payload, came: Uint8Array | undefined): string | undefined {
  const expected = metadataOf(payload);
  if (expected === undefined && came === undefined) return undefined;
  if (expected !== undefined && came !== undefined && Buffer.compare(expected, came) === 0)
    return undefined;
  const text = came === undefined ? 'none' : `'${Buffer.from(came).toString()}'`;
  return `${stampOf(payload)} came with metadata ${text} instead of ${payload.metadata} bytes`;
}

/** Microseconds of the system's monotonic clock, which is one for all processes. */
export function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
