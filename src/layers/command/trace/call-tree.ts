// Makes a tree of the calls of one trace, from what an observer sees of them. Peers wrote all of it:
// a cause that leads nowhere, or in a circle, makes a root.
import { type Cause, traceOf } from '../../../base/trace-context.js';
import type { Peer, SentObservation, UndeliveredObservation } from '../../../index.js';
import { byFormat } from '../watch/decode.js';
import { answerTypeId } from '../watch/known-types.js';

/** How a call ended, as far as was seen. */
export type Outcome = 'ok' | 'error' | 'busy' | 'cancelled' | 'undelivered' | 'gone' | 'open';

/** One call. */
export interface SeenCall {
  /** Its sender's id and its number. */
  readonly key: string;
  readonly typeId: string;
  readonly from: Peer;
  readonly to: Peer | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The call that it was made for, as its sender says. */
  readonly cause: string | undefined;
  outcome: Outcome;
  /** Of an error that the server answered with. */
  code: string | undefined;
  /** When its end was sent. */
  endedAt: number | undefined;
  /** Items that its server streamed. */
  items: number;
}

/** A call at its place. */
export interface PlacedCall {
  readonly call: SeenCall;
  readonly parent: SeenCall | undefined;
  readonly depth: number;
  /** Whether no other call of its parent comes after it, for it and for each that it is below. */
  readonly last: readonly boolean[];
}

type Seen = SentObservation | UndeliveredObservation;

/** Calls that are kept. */
const maxCalls = 4096;
/** Answers of calls that were not seen yet: the order is kept for one sender only. */
const maxEarly = 4096;

const kind = { call: 0, set: 2 } as const;
const answer = { result: 0, error: 1, busy: 2, item: 3, items: 4, end: 5, cancel: 7 } as const;
const fromCaller = 0x100;

/** The calls of one trace. */
export class CallTree {
  /** Calls that were left out. */
  omitted = 0;
  readonly #trace: string;
  readonly #calls = new Map<string, SeenCall>();
  readonly #early = new Map<string, Seen[]>();
  #earlyCount = 0;

  /** `trace` is the id of the trace in hexadecimal. */
  constructor(trace: string) {
    this.#trace = trace;
  }

  /** Whether a call has not ended. */
  get isOpen(): boolean {
    return [...this.#calls.values()].some(({ outcome }) => outcome === 'open');
  }

  get size(): number {
    return this.#calls.size;
  }

  /** The types of the calls. */
  get types(): ReadonlySet<string> {
    return new Set([...this.#calls.values()].map(({ typeId }) => typeId));
  }

  /** Takes what the observer saw. */
  see(seen: Seen): void {
    if (seen.replyTo !== undefined) this.#answered(seen);
    else this.#called(seen);
  }

  /** A member left: it answers no more. */
  left(present: ReadonlySet<number>): void {
    for (const call of this.#calls.values()) {
      if (call.outcome !== 'open' || call.to === undefined) continue;
      if (!present.has(call.to.id)) call.outcome = 'gone';
    }
  }

  /** The calls from the root on, each before those that were made for it. */
  placed(): readonly PlacedCall[] {
    const below = new Map<SeenCall | undefined, SeenCall[]>();
    for (const call of this.#calls.values()) {
      const parent = this.#parentOf(call);
      const siblings = below.get(parent) ?? [];
      below.set(parent, siblings);
      siblings.push(call);
    }
    const placed: PlacedCall[] = [];
    const visited = new Set<SeenCall>();
    const visit = (roots: readonly SeenCall[], parent: SeenCall | undefined) => {
      // The next one to be placed is the last of the list.
      const waiting = pending(roots, { parent, above: [] });
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const { call, last } = next;
        if (visited.has(call)) continue;
        visited.add(call);
        placed.push({ call, parent: next.parent, depth: last.length - 1, last });
        waiting.push(...pending(below.get(call) ?? [], { parent: call, above: last }));
      }
    };
    visit(below.get(undefined) ?? [], undefined);
    // What is left goes round in a circle.
    for (const call of this.#calls.values()) if (!visited.has(call)) visit([call], undefined);
    return placed;
  }

  #called(seen: Seen): void {
    const { typeId, from, id, time, metadata, unicast, format } = seen;
    const number = format & 0xf;
    if (!unicast || typeId === answerTypeId || id === 0) return;
    if (number !== kind.call && number !== kind.set) return;
    const trace = traceOf(metadata);
    if (trace === undefined || hex(trace.context.subarray(0, 16)) !== this.#trace) return;
    const key = keyOf(from.id, id);
    const to = seen.kind === 'sent' ? seen.to[0] : seen.to;
    const known = this.#calls.get(key);
    if (known !== undefined) {
      if (seen.kind === 'undelivered') end(known, 'undelivered', time);
      return;
    }
    if (this.#calls.size >= maxCalls) {
      this.omitted++;
      return;
    }
    const call: SeenCall = {
      key,
      typeId,
      from,
      to,
      time,
      cause: trace.cause === undefined ? undefined : keyOfCause(trace.cause),
      outcome: 'open',
      code: undefined,
      endedAt: undefined,
      items: 0,
    };
    if (seen.kind === 'undelivered') end(call, 'undelivered', time);
    this.#calls.set(key, call);
    const early = this.#early.get(key);
    if (early === undefined) return;
    this.#early.delete(key);
    this.#earlyCount -= early.length;
    for (const each of early) apply(call, each);
  }

  #answered(seen: Seen): void {
    if (seen.kind !== 'sent') return;
    const [receiver] = seen.to;
    if (receiver === undefined || seen.replyTo === undefined) return;
    const isCallers = seen.typeId === answerTypeId && (seen.format & fromCaller) !== 0;
    const key = keyOf(isCallers ? seen.from.id : receiver.id, seen.replyTo);
    const call = this.#calls.get(key);
    if (call !== undefined) {
      apply(call, seen);
      return;
    }
    const early = this.#early.get(key) ?? [];
    this.#early.set(key, early);
    early.push(seen);
    if (++this.#earlyCount <= maxEarly) return;
    const [oldest] = this.#early;
    if (oldest === undefined) return;
    this.#early.delete(oldest[0]);
    this.#earlyCount -= oldest[1].length;
  }

  // As the sender says; else the last call that its process had in hand.
  #parentOf(call: SeenCall): SeenCall | undefined {
    if (call.cause !== undefined) return this.#calls.get(call.cause);
    let found: SeenCall | undefined;
    for (const each of this.#calls.values()) {
      if (each === call || each.to === undefined || each.to.pid !== call.from.pid) continue;
      const inHand = each.time <= call.time && (each.endedAt ?? Infinity) >= call.time;
      if (inHand && (found === undefined || each.time >= found.time)) found = each;
    }
    return found;
  }
}

interface Waiting {
  readonly call: SeenCall;
  readonly parent: SeenCall | undefined;
  readonly last: readonly boolean[];
}

function pending(
  calls: readonly SeenCall[],
  { parent, above }: { parent: SeenCall | undefined; above: readonly boolean[] },
): Waiting[] {
  const sorted = [...calls].sort((a, b) => a.time - b.time);
  return sorted
    .map((call, index) => ({ call, parent, last: [...above, index === sorted.length - 1] }))
    .reverse();
}

/** What an answer, or a frame of the caller, says about a call. */
function apply(call: SeenCall, { typeId, format, payload, bytes, time }: Seen): void {
  // A program that knows nothing of calls answers with a type of its own.
  const number = typeId === answerTypeId ? format & 0xf : answer.result;
  if (number === answer.item) call.items++;
  else if (number === answer.items) call.items += itemsIn(payload, bytes, typeId, format);
  else if (number === answer.busy) end(call, 'busy', time);
  else if (number === answer.cancel) end(call, 'cancelled', time);
  else if (number === answer.result || number === answer.end) end(call, 'ok', time);
  else if (number === answer.error) {
    end(call, 'error', time);
    call.code ??= codeIn(payload, typeId, format);
  }
}

function end(call: SeenCall, outcome: Outcome, time: number): void {
  if (call.outcome !== 'open') return;
  call.outcome = outcome;
  call.endedAt = time;
}

/** The code is written first, so a payload that was cut may have it, too. */
function codeIn(payload: Uint8Array, typeId: string, format: number): string | undefined {
  const { value } = byFormat(payload, typeId, format);
  const code = (value as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code.slice(0, 64) : undefined;
}

function itemsIn(payload: Uint8Array, bytes: number, typeId: string, format: number): number {
  if (payload.length < bytes) return 1;
  const { value } = byFormat(payload, typeId, format);
  return Array.isArray(value) ? value.length : 1;
}

function keyOf(peer: number, id: number): string {
  return `${peer}:${id}`;
}

function keyOfCause({ peer, id }: Cause): string {
  return keyOf(peer, id);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
