// What a method streams to its caller.
import type { PackedItems } from '../../interface/entry-values.js';
import { type Attachments, full, gone } from '../port.js';
import { isSource, type OutgoingHost, OutgoingStream } from '../streams/outgoing-stream.js';
import type { StreamOwner } from '../tracing/stream.js';
import { answerKind, flag, formatOf } from '../wire/format.js';
import { answerType } from '../wire/types.js';
import type { Replies } from './replies.js';
import type { RunningCall } from './running-call.js';

/** Sends the items of one call. */
class Results implements OutgoingHost {
  readonly #replies: Replies;
  readonly #call: RunningCall;

  constructor(replies: Replies, call: RunningCall) {
    this.#replies = replies;
    this.#call = call;
  }

  get packs(): boolean {
    const { item } = this.#call.handler.member;
    return item !== undefined && this.#replies.encoder.packs(item, this.#call.codec);
  }

  packItem(item: unknown, into: PackedItems): boolean {
    const { member } = this.#call.handler;
    return member.item !== undefined && this.#replies.encoder.packItem(member.item, item, into);
  }

  encodeItem(item: unknown): unknown {
    const { member } = this.#call.handler;
    if (member.item === undefined) throw new TypeError(`${member.name} does not stream`);
    return this.#replies.encoder.encode(member.item, item, this.#call.codec);
  }

  get itemAttachments(): Attachments | undefined {
    return this.#replies.encoder.attachments;
  }

  get lastSize(): number {
    return this.#replies.port.lastSize;
  }

  sendItems(kind: number, payload: unknown, starved: boolean, attached?: Attachments): number {
    const { frame, codec, over } = this.#call;
    if (over) return gone;
    // Answers that wait for room come first.
    if (this.#replies.answers.isWaiting(frame.from.id)) return full;
    const format = formatOf(kind, codec, starved ? flag.starved : 0);
    const { port } = this.#replies;
    return port.post(frame.from.id, answerType.id, format, frame.id, payload, undefined, attached);
  }

  get owner(): StreamOwner {
    const { handler, from, frame, tracing } = this.#call;
    return {
      side: 'server',
      port: this.#replies.port,
      member: handler.member,
      peerId: from.id,
      messageId: frame.id,
      call: tracing,
    };
  }

  whenRoom(): Promise<void> {
    return this.#replies.port.whenRoom(this.#call.frame.from.id);
  }
}

/**
 * Streams what a method returned: an iterable, or a promise of one. Resolves when the method is
 * done; never rejects.
 */
export async function streamResults(
  replies: Replies,
  call: RunningCall,
  returned: unknown,
): Promise<void> {
  let source: unknown;
  try {
    source = await returned;
    if (!isSource(source)) {
      throw new TypeError(`${call.handler.member.name} returned nothing that can be iterated`);
    }
    const { creditItems, creditBytes } = call;
    const stream = new OutgoingStream(new Results(replies, call), source, creditItems, creditBytes);
    call.output = stream;
    // The caller may have left meanwhile; its generator must not stay open.
    if (call.over) stream.stop();
    const result = await stream.run();
    if (!stream.stopped) replies.succeed(call, result, answerKind.end);
    else await stream.closed;
  } catch (thrown) {
    replies.failWith(call, thrown);
  } finally {
    call.output?.stop();
  }
}
