// The options of an endpoint's methods, and its counters.

import type { MemoryRegion, RegionRange } from '../memory/memory-region.js';
import type { MessageBox } from '../messages/index.js';
import { acknowledgement, type NativeCounters } from '../native/addon.js';
import type { KernelObject } from '../objects/index.js';
import { checkInteger } from '../options.js';
import type { CancelOptions } from './cancellation.js';

/** Options of `endpoint.send()`. */
export interface SendOptions {
  /**
   * Milliseconds that the message may wait for a matching endpoint if there is none now: in this process, and with
   * the controller if this endpoint is closed first. Default: 0, do not wait.
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
}

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
  /** Milliseconds for what still queues in this process to go out. Default: `linger` of `join`. */
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
export const sendOptions = ['ttl', 'objects', 'regions'] as const;

/** The native number of what counts as delivered. */
export function acknowledgementOf({ acknowledge }: DeliverOptions): number {
  return acknowledge === 'handled' ? acknowledgement.handled : acknowledgement.taken;
}

/** More would not be a time to live: 35 years. */
const maxTtl = 2 ** 40;

/** The `ttl` of some options in milliseconds, checked; 0 where there is none. */
export function ttlOf({ ttl = 0 }: SendOptions): number {
  checkInteger('ttl', ttl, 0, maxTtl, 'milliseconds');
  return ttl;
}
