// The options of an endpoint's methods, and their names.
import type { MemoryRegion, RegionRange } from '../memory/memory-region.js';
import type { KernelObject } from '../objects/index.js';
import type { CancelOptions } from './cancellation.js';

/** Options of `endpoint.send()`. */
export interface SendOptions {
  /**
   * Up to 240 opaque bytes beside the payload, for what is about the message and not in it:
   * deadlines, traces, sequence numbers. They are copied during the call, so the array may be
   * reused; an empty array means none. Receivers of every box have them as `message.metadata`.
   */
  readonly metadata?: Uint8Array | undefined;
  /**
   * The number of the message that this one belongs to; its receiver has it as `message.replyTo`.
   * `message.reply()` gives the id of the message answered. Others may give any number that sender
   * and receiver understand, their own earlier message's, for example. Default: none.
   */
  readonly replyTo?: number | undefined;
  /**
   * Milliseconds that the message may wait for a matching endpoint if there is none now: in this
   * process, and with the controller if this endpoint is closed first. Fractions are rounded up,
   * `Infinity` means 35 years, and a negative number means 0. Default: 0, do not wait.
   */
  readonly ttl?: number | undefined;
  /**
   * Kernel objects to send with the message, at most 253. They stay the sender's, who may close
   * them at once; each receiver gets descriptors of its own. A message with objects that still
   * waits by `ttl` when its endpoint closes is given up: the controller keeps bytes only.
   */
  readonly objects?: readonly KernelObject[] | undefined;
  /**
   * Memory regions, or parts of them, to send with the message, at most 64; they are not copied.
   * They stay the sender's, who may release them at once; each receiver gets references of its own.
   * As with objects, a message that still waits by `ttl` when its endpoint closes is given up.
   */
  readonly regions?: readonly (MemoryRegion | RegionRange)[] | undefined;
  /**
   * What happens if the ring and the queue of a receiver are full. `'refuse'`: `send` throws
   * `QueueFullError`, and no receiver gets the message. `'drop'`: this receiver does not get the
   * message, the others do; `dropped` is emitted. `'disconnect'`: the receiver is dropped for good
   * and `disconnected` is emitted. It can still read what is in shared memory, but is sent nothing
   * more; messages queued for it in this process go to another match (unicast), or `undelivered` is
   * emitted. To wait instead, use `endpoint.sendWhenReady()`. Default: `whenFull` of `join`.
   */
  readonly whenFull?: WhenFull | undefined;
  /**
   * Of the messages with the same key (1 to 128 bytes of UTF-8), each receiver gets the newest as
   * soon as it has taken the previous one: at most one is in flight to it and one waits, until a
   * newer one supersedes it. For states, positions and frames, where a slow receiver needs the
   * latest. Messages with another key, or none, may overtake it. At most 1,024 keys can be in
   * flight to one receiver.
   */
  readonly key?: string | undefined;
}

/**
 * See {@link SendOptions.whenFull}. C has the same policies: `BUSBAR_WHEN_FULL_REFUSE`, `_DROP` and
 * `_DISCONNECT`.
 */
export type WhenFull = 'refuse' | 'drop' | 'disconnect';

/** Options of `endpoint.sendWhenReady()`. */
export interface SendWhenReadyOptions extends Omit<SendOptions, 'whenFull'>, CancelOptions {}

/** Options of `endpoint.deliver()`. */
export interface DeliverOptions extends SendOptions, CancelOptions {
  /**
   * When a message counts as delivered. `'taken'` (default): the receiving program has got it; it
   * is delivered at most once. `'handled'`: the receiver's listener has returned, or the receiver
   * has asked for its next message. If the receiver dies before, a unicast goes to another match,
   * so it is handled at least once.
   */
  readonly acknowledge?: 'taken' | 'handled' | undefined;
}

/** What `endpoint.sendWithReceipt()` tells about a message that was sent. */
export interface SendReceipt {
  /**
   * The number of the message, unique among all messages of this endpoint: `message.id` at its
   * receivers, `replyTo` of their replies, and `id` of an `undelivered` event. It stays when the
   * message waits, or goes to another endpoint later. 0 if no endpoint gets the message and it does
   * not wait: a multicast that matches none, and a message that `whenFull` dropped.
   */
  readonly id: number;
  /** The number of receivers, as `send()` returns it; 0 also for a message that waits by its `ttl`. */
  readonly receivers: number;
  /**
   * For a unicast, the `id` of the endpoint that gets the message; `undefined` for a multicast, and
   * for a message that waits. If that endpoint dies or leaves before it has taken the message, the
   * message goes to another match under the same `id`, without an event; the reply then comes from
   * another peer. If there is no other match, as is certain for a selector of one peer, either the
   * message is parked for the rest of its `ttl`, or `undelivered` is emitted with this `id`. A
   * message that the endpoint had taken is not reported.
   */
  readonly peerId: number | undefined;
}

/** Options of `endpoint.waitFor()`. */
export interface WaitForOptions extends CancelOptions {
  /** The number of endpoints that have to match. Default: 1. */
  readonly count?: number | undefined;
}

/** Options of `endpoint.close()`. */
export interface CloseOptions {
  /**
   * Milliseconds for messages queued in this process to be sent, up to 2,147,483,647. Fractions are
   * rounded up, `Infinity` means as long as possible, and a negative number means 0. Default:
   * `linger` of `join`.
   */
  readonly linger?: number | undefined;
}

/** The names of {@link SendOptions}. */
export const sendOptions = [
  ...(['metadata', 'replyTo', 'ttl', 'objects', 'regions', 'whenFull', 'key'] as const),
] as const;

/** The names of `ReplyOptions`. */
export const replyOptions = ['format', 'metadata', 'ttl', 'objects', 'regions'] as const;

/** The names of {@link SendWhenReadyOptions}, except `timeout` and `signal`. */
export const sendWhenReadyOptions = sendOptions.filter((name) => name !== 'whenFull');
