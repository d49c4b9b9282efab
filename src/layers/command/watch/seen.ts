// What `tap` makes of an observation: names, roles in a call, the decoded payload.
import type { Observation, Peer, SentObservation, UndeliveredObservation } from '../../../index.js';
import { jsonable, redacted } from '../values/json-value.js';
import { byFormat, type Decoded, guessed } from './decode.js';
import { answerTypeId, type KnownTypes } from './known-types.js';

/** An endpoint, as JSON has it. */
export interface SeenPeer {
  readonly id: number;
  readonly pid: number;
  readonly label: readonly string[];
}

/** An observed message, as `tap --json` writes it. */
export interface SeenMessage {
  readonly kind: 'sent' | 'undelivered';
  /** Milliseconds since 1970, with microseconds. */
  readonly time: number;
  readonly from: SeenPeer;
  readonly to: readonly SeenPeer[];
  readonly receivers: number;
  /** `null` if nobody described or named it. */
  readonly type: string | null;
  readonly typeId: string;
  /** What it is in a call; `message` for one that belongs to none. */
  readonly role: string;
  readonly id: number;
  readonly replyTo: number | null;
  readonly unicast: boolean;
  /** Of the payload. */
  readonly bytes: number;
  readonly encoding: Decoded['encoding'];
  readonly payload: unknown;
  readonly objects: number;
  readonly regions: number;
  /** Why nobody took it; only if `undelivered`. */
  readonly reason?: string;
  /** Sent before, to a receiver that was gone. */
  readonly again?: true;
}

/** Observations that were lost. */
export interface SeenLoss {
  readonly kind: 'lost';
  readonly from: SeenPeer;
  readonly count: number;
}

/** Kinds of frames of a member's own type, and of answers, by the lowest bits of the format word. */
const memberRoles = ['call', 'emission', 'set', 'subscribe'];
const answerRoles = ['result', 'error', 'busy', 'item', 'items', 'end', 'credit', 'cancel'];

/** Calls that are remembered, so that their answers get a name. */
const maxCalls = 8192;

/** Makes {@link SeenMessage}s of observations. */
export class Seeing {
  readonly #types: KnownTypes;
  readonly #redact: boolean;
  /** The names of calls under way, by their sender and id. */
  readonly #calls = new Map<string, string>();

  constructor(types: KnownTypes, redact: boolean) {
    this.#types = types;
    this.#redact = redact;
  }

  /** The message of an observation, with its payload as it was decoded. */
  see(seen: Exclude<Observation, { kind: 'lost' }>): SeenMessage & { readonly value: unknown } {
    const { kind, time, from, typeId, id, replyTo, unicast, bytes, objects, regions } = seen;
    const type = this.#types.get(typeId);
    const isAnswer = typeId === answerTypeId;
    const role = this.#roleOf(seen, type?.member !== undefined, isAnswer);
    const { value, encoding } = this.#payloadOf(seen, isAnswer || type?.member !== undefined);
    const to = receiversOf(seen);
    return {
      kind,
      time,
      from: peerOf(from),
      to: to.map(peerOf),
      receivers: seen.kind === 'sent' ? seen.receivers : to.length,
      type: (isAnswer ? this.#callOf(seen) : undefined) ?? type?.name ?? null,
      typeId,
      role,
      id,
      replyTo: replyTo ?? null,
      unicast,
      bytes,
      encoding,
      payload: this.#redact ? redacted(value) : jsonable(value),
      objects,
      regions,
      ...(seen.kind === 'undelivered' && { reason: seen.reason }),
      ...(seen.kind === 'sent' && seen.again && { again: true as const }),
      value,
    };
  }

  #roleOf(
    seen: SentObservation | UndeliveredObservation,
    isMember: boolean,
    isAnswer: boolean,
  ): string {
    const number = seen.format & 0xf;
    if (isAnswer) return answerRoles[number] ?? 'answer';
    if (!isMember) return seen.replyTo === undefined ? 'message' : 'reply';
    const role = seen.replyTo === undefined ? (memberRoles[number] ?? 'message') : 'result';
    if (role === 'call' && seen.id !== 0) this.#remember(seen);
    return role;
  }

  #remember({ from, id, typeId }: SentObservation | UndeliveredObservation): void {
    const name = this.#types.get(typeId)?.name;
    if (name === undefined) return;
    if (this.#calls.size >= maxCalls) {
      const [oldest] = this.#calls.keys();
      if (oldest !== undefined) this.#calls.delete(oldest);
    }
    this.#calls.set(`${from.id}:${id}`, name);
  }

  /** The name of the member that an answer is about. */
  #callOf(seen: SentObservation | UndeliveredObservation): string | undefined {
    const [caller] = receiversOf(seen);
    if (caller === undefined) return undefined;
    return this.#calls.get(`${caller.id}:${seen.replyTo}`);
  }

  #payloadOf(seen: SentObservation | UndeliveredObservation, isRpc: boolean): Decoded {
    const { payload, bytes, typeId, format } = seen;
    if (payload.length < bytes) return { value: payload, encoding: 'cut' };
    return isRpc ? byFormat(payload, typeId, format) : guessed(payload, typeId);
  }
}

/** A loss. */
export function lossOf({ from, count }: { readonly from: Peer; readonly count: number }): SeenLoss {
  return { kind: 'lost', from: peerOf(from), count };
}

function receiversOf(seen: SentObservation | UndeliveredObservation): readonly Peer[] {
  if (seen.kind === 'sent') return seen.to;
  return seen.to === undefined ? [] : [seen.to];
}

function peerOf({ id, pid, label }: Peer): SeenPeer {
  return { id, pid, label };
}
