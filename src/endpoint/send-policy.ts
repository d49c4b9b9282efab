// Checks the options of a send and turns them into native numbers: times, policies,
// acknowledgements.
import { types } from 'node:util';
import { checkInteger, checkString, millisecondsOf, show } from '../checks.js';
import { InvalidArgumentError } from '../errors/index.js';
import { limits } from '../limits.js';
import { isDetached } from '../memory/detached.js';
import { acknowledgement, whenFullPolicies } from '../native/addon.js';
import type { DeliverOptions, SendOptions, WhenFull } from './options.js';

/** `whenFull` and `key` as native code takes them. */
export interface Policy {
  readonly whenFull: number | undefined;
  readonly key: string | undefined;
}

/** The checked policy of some options; `undefined` if there is none. */
export function policyOf({ whenFull, key }: SendOptions): Policy | undefined {
  if (whenFull === undefined && key === undefined) return undefined;
  if (key !== undefined) checkString('key', key, 1, limits.maxKeyBytes);
  return { whenFull: whenFull === undefined ? undefined : whenFullOf(whenFull), key };
}

/** The native number of a policy. Throws InvalidArgumentError for an unknown one. */
export function whenFullOf(whenFull: WhenFull): number {
  const number = whenFullPolicies.indexOf(whenFull);
  if (number >= 0) return number;
  const known = whenFullPolicies.map((name) => `'${name}'`).join(', ');
  throw new InvalidArgumentError(`whenFull is ${show(whenFull)}; expected one of ${known}`, {
    option: 'whenFull',
    value: whenFull,
  });
}

/** The checked `replyTo` of some options; 0 for none. */
export function replyToOf({ replyTo }: SendOptions): number {
  if (replyTo === undefined) return 0;
  checkInteger('replyTo', replyTo, 1, Number.MAX_SAFE_INTEGER);
  return replyTo;
}

/** The checked `metadata` of some options; `undefined` if there is none, or nothing in it. */
export function metadataOf({ metadata }: Pick<SendOptions, 'metadata'>): Uint8Array | undefined {
  if (metadata === undefined) return undefined;
  // `instanceof` first, which is faster; an array of another realm passes, too.
  if (!(metadata instanceof Uint8Array || types.isUint8Array(metadata))) {
    throw new InvalidArgumentError(`metadata is ${show(metadata)}; expected a Uint8Array`, {
      option: 'metadata',
    });
  }
  const { length } = metadata;
  const limit = limits.maxMetadataBytes;
  if (length > 0 && length <= limit) return metadata;
  if (length === 0 && !isDetached(metadata.buffer)) return undefined;
  if (length === 0) {
    throw new InvalidArgumentError('metadata is a Uint8Array whose memory was transferred', {
      option: 'metadata',
    });
  }
  throw new InvalidArgumentError(`metadata is ${length} bytes long; the limit is ${limit}`, {
    option: 'metadata',
    limit,
  });
}

/** The native number for what counts as delivered. */
export function acknowledgementOf({ acknowledge }: DeliverOptions): number {
  return acknowledge === 'handled' ? acknowledgement.handled : acknowledgement.taken;
}

/** The checked `ttl` of some options in milliseconds; 0 if there is none. */
export function ttlOf({ ttl = 0 }: SendOptions): number {
  return millisecondsOf('ttl', ttl, limits.maxTtl);
}
