// The options of an endpoint's methods, and its counters.

import { InvalidArgumentError } from '../errors/index.js';
import type { MemoryRegion, RegionRange } from '../memory/memory-region.js';
import type { MessageBox } from '../messages/index.js';
import {
  acknowledgement,
  maxKeyBytes,
  type NativeCounters,
  whenFullPolicies,
} from '../native/addon.js';
import type { KernelObject } from '../objects/index.js';
import { checkString, millisecondsOf, show } from '../options.js';
import type { CancelOptions } from './cancellation.js';

/** Options of `endpoint.send()`. */
export interface SendOptions {
  /**
   * Milliseconds that the message may wait for a matching endpoint if there is none now: in this process, and with
   * the controller if this endpoint is closed first. Fractions are rounded up, `Infinity` is 35 years, and below zero is 0.
   * Default: 0, do not wait.
   */
  readonly ttl?: number | undefined;
  /**
   * Kernel objects that go with the message, at most 253. They stay the sender's, who may close them at once; each
   * receiver gets descriptors of its own. A message with objects that waits by `ttl` when its endpoint is closed is
   * given up: the controller takes over bytes only.
   */
  readonly objects?: readonly KernelObject[] | undefined;
  /**
   * Memory regions, or parts of some, that go with the message, at most 64; nothing of them is copied. They stay the
   * sender's, who may release them at once; each receiver gets references of its own. As with objects, a message that
   * still waits by `ttl` when its endpoint is closed is given up.
   */
  readonly regions?: readonly (MemoryRegion | RegionRange)[] | undefined;
  /**
   * What becomes of the message where a receiver is so slow that its ring and the queue to it are full. `'refuse'`:
   * `QueueFullError` is thrown, and nobody gets it. `'drop'`: that receiver does not get it, the others do; `dropped` is emitted.
   * `'disconnect'`: that receiver is given up for good and `disconnected` is emitted; what waits for it in this process
   * goes to another match (unicast) or is told by `undelivered`, and it is sent nothing any more. To wait instead, use
   * `endpoint.sendWhenReady()`. Default: `whenFull` of `join`.
   */
  readonly whenFull?: WhenFull | undefined;
  /**
   * Of messages with the same key, 1 to 128 bytes of UTF-8, each receiver gets the newest as soon as it has taken the
   * one before: at most one is on its way to it and one waits, which a newer one supersedes. For states, positions and
   * frames, of which a slow receiver wants the latest. Messages with other keys or none may overtake it. At most 1,024
   * keys are under way to one receiver.
   */
  readonly key?: string | undefined;
}

/** See {@link SendOptions.whenFull}. C has the same words: `BUSBAR_WHEN_FULL_REFUSE`, `_DROP` and `_DISCONNECT`. */
export type WhenFull = 'refuse' | 'drop' | 'disconnect';

/** Options of `endpoint.sendWhenReady()`. */
export interface SendWhenReadyOptions extends Omit<SendOptions, 'whenFull'>, CancelOptions {}

/** Options of `endpoint.deliver()`. */
export interface DeliverOptions extends SendOptions, CancelOptions {
  /**
   * What counts as delivered. `'taken'` (default): the receiver's process has copied the message out of shared
   * memory; it gets it at most once. `'handled'`: its listener has returned, or it has asked for its next message; if it
   * dies in between, a unicast goes to another match, so it is handled at least once.
   */
  readonly acknowledge?: 'taken' | 'handled' | undefined;
}

/** Options of `endpoint.waitFor()`. */
export interface WaitForOptions extends CancelOptions {
  /** How many endpoints have to match. Default: 1. */
  readonly count?: number | undefined;
}

/** Options of `endpoint.close()`. */
export interface CloseOptions {
  /** Milliseconds for what still queues in this process to go out, up to 2,147,483,647; fractions are rounded up, `Infinity`
   * is as long as possible, and below zero is 0. Default: `linger` of `join`. */
  readonly linger?: number | undefined;
}

/** Counters of one endpoint since it joined. */
export interface Counters extends NativeCounters {
  /** Messages received whose type is not in the message box. */
  readonly unknown: number;
  /** Messages received whose payload was refused by codec or schema. */
  readonly rejected: number;
  /** Messages received that wait for `recv()` or `for await`. */
  readonly waiting: number;
}

/** @internal What an endpoint is made of; see join.ts. */
export interface EndpointParts {
  readonly identifier: string;
  readonly label: readonly string[];
  readonly box: MessageBox;
  readonly prefetch: number;
  readonly linger: number;
}

/** The names of {@link SendOptions}. */
export const sendOptions = ['ttl', 'objects', 'regions', 'whenFull', 'key'] as const;

/** The names of `ReplyOptions`. */
export const replyOptions = ['ttl', 'objects', 'regions'] as const;

/** The names of {@link SendWhenReadyOptions}, but for `timeout` and `signal`. */
export const sendWhenReadyOptions = sendOptions.filter((name) => name !== 'whenFull');

/** What native code takes of `whenFull` and `key`. */
export interface Policy {
  readonly whenFull: number | undefined;
  readonly key: string | undefined;
}

/** The policy in some options, checked; `undefined` where there is none. */
export function policyOf({ whenFull, key }: SendOptions): Policy | undefined {
  if (whenFull === undefined && key === undefined) return undefined;
  if (key !== undefined) checkString('key', key, 1, maxKeyBytes);
  return { whenFull: whenFull === undefined ? undefined : whenFullOf(whenFull), key };
}

/** The native number of a policy, checked. */
export function whenFullOf(whenFull: WhenFull): number {
  const number = whenFullPolicies.indexOf(whenFull);
  if (number >= 0) return number;
  const known = whenFullPolicies.map((name) => `'${name}'`).join(', ');
  throw new InvalidArgumentError(`whenFull is ${show(whenFull)}; expected one of ${known}`, {
    option: 'whenFull',
    value: whenFull,
  });
}

/** The native number of what counts as delivered. */
export function acknowledgementOf({ acknowledge }: DeliverOptions): number {
  return acknowledge === 'handled' ? acknowledgement.handled : acknowledgement.taken;
}

/** More would not be a time to live: 35 years. */
const maxTtl = 2 ** 40;

/** The `ttl` of some options in milliseconds, checked; 0 where there is none. */
export function ttlOf({ ttl = 0 }: SendOptions): number {
  return millisecondsOf('ttl', ttl, maxTtl);
}
