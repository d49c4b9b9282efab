// The options of an endpoint's methods, and its counters.
import { InvalidArgumentError, LimitExceededError } from '../errors/index.js';
import type { MessageBox } from '../messages/index.js';
import {
  acknowledgement,
  maxObjects,
  type NativeCounters,
  type NativeHandle,
} from '../native/addon.js';
import { KernelObject, openHandle } from '../objects/index.js';
import { checkInteger, show } from '../options.js';
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
export const sendOptions = ['ttl', 'objects'] as const;

/** The handles of the objects in some options, checked; `undefined` where there are none. */
export function objectsOf({ objects }: SendOptions): readonly NativeHandle[] | undefined {
  if (objects === undefined) return undefined;
  if (!Array.isArray(objects) || !objects.every((object) => object instanceof KernelObject)) {
    throw new InvalidArgumentError(
      `objects are ${show(objects)}; expected an array of KernelObject`,
      {
        option: 'objects',
      },
    );
  }
  if (objects.length > maxObjects) {
    throw new LimitExceededError(
      `a message with ${objects.length} kernel objects; the largest number allowed is ${maxObjects}`,
      { option: 'objects', limit: maxObjects },
    );
  }
  return objects.length === 0 ? undefined : objects.map(openHandle);
}

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
