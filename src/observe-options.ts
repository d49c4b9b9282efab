// The options of observe(): their documentation and their checks.
import { checkInteger, checkString, show } from './checks.js';
import { type CancelOptions, checkCancelOptions } from './endpoint/cancellation.js';
import { InvalidArgumentError } from './errors/index.js';
import { checkJoin } from './join-options.js';
import { limits } from './limits.js';
import { type AnyMessageType, MessageType, messageType } from './messages/index.js';
import type { EndpointConfig } from './native/addon.js';
import { LabelExpression, parseLabelExpression } from './selector/index.js';

/** Options of {@link observe}. */
export interface ObserveOptions extends CancelOptions {
  /**
   * Observes the traffic of the endpoints that match: what they send, and what is sent to them. A
   * string is parsed as in `parseLabelExpression`. At most 1,024 bytes when compiled. Default: all.
   */
  readonly match?: string | LabelExpression | undefined;
  /**
   * Observes only messages of these types, at most 64. A string is a UUID, or the name of which
   * `messageType` makes one. Default: every type.
   */
  readonly types?: readonly (AnyMessageType | string)[] | undefined;
  /**
   * Bytes of each payload to be copied, from its beginning: 0 to 49,152, and no more than fits into
   * a quarter of the sender's ring with the rest of the observation. Default: 0, none.
   */
  readonly payloadBytes?: number | undefined;
  /** The secret of the bus, as for `join`. Default: the empty string. */
  readonly token?: string | undefined;
  /**
   * The strings by which members see this observer in `endpoint.observers`, as for `join`. No
   * selector matches them. Default: none.
   */
  readonly label?: string | readonly string[] | undefined;
  /**
   * Observations taken out of shared memory ahead of the program, 1 to 65,535. Default: 256.
   */
  readonly prefetch?: number | undefined;
  /**
   * Milliseconds to wait for a bus and for admission to it; an observer founds no bus. Default:
   * 5,000.
   */
  readonly timeout?: number | undefined;
  /** Aborting it ends the call with an `AbortedError`; later, it closes the observer. */
  readonly signal?: AbortSignal | undefined;
}

/** The checked arguments of observe(). */
export interface Observing {
  /** As the user gave them, without defaults. */
  readonly options: ObserveOptions;
  /** For native code. */
  readonly config: EndpointConfig;
}

/**
 * Checks the arguments of observe() and fills in the defaults.
 * @throws InvalidIdentifierError, InvalidLabelError, InvalidSelectorError, InvalidArgumentError.
 */
export function checkObserve(identifier: string, given: ObserveOptions | undefined): Observing {
  const options = checkCancelOptions('observe()', given, [
    'match',
    'types',
    'payloadBytes',
    'token',
    'label',
    'prefetch',
  ]);
  const { match, types, payloadBytes = 0, token, label, prefetch, timeout } = options;
  checkInteger('payloadBytes', payloadBytes, 0, limits.maxObservedBytes, 'bytes');
  const { config } = checkJoin(identifier, {
    token,
    label,
    prefetch,
    timeout,
    controllerAffinity: false,
  });
  const observe = { match: programOf(match), types: typeBytes(types), payloadBytes };
  return { options, config: { ...config, observe } };
}

function programOf(match: unknown): Uint8Array {
  if (match === undefined) return Uint8Array.of(0x01);
  const expression = match instanceof LabelExpression ? match : parse(match);
  const { program } = expression;
  if (program.length <= limits.maxObserverMatchBytes) return program;
  throw new InvalidArgumentError(
    `match takes ${program.length} bytes when compiled; the limit is ${limits.maxObserverMatchBytes}`,
    { option: 'match', limit: limits.maxObserverMatchBytes },
  );
}

function parse(match: unknown): LabelExpression {
  if (typeof match === 'string') return parseLabelExpression(match);
  throw new InvalidArgumentError(`match is ${show(match)}; expected a label expression`, {
    option: 'match',
    value: match,
  });
}

function typeBytes(types: unknown): Uint8Array {
  if (types === undefined) return new Uint8Array();
  if (!Array.isArray(types)) {
    throw new InvalidArgumentError(`types is ${show(types)}; expected an array`, {
      option: 'types',
      value: types,
    });
  }
  if (types.length > limits.maxObservedTypes) {
    throw new InvalidArgumentError(
      `types has ${types.length} entries; the limit is ${limits.maxObservedTypes}`,
      { option: 'types', limit: limits.maxObservedTypes },
    );
  }
  // Without types, every type would be observed.
  if (types.length === 0) {
    throw new InvalidArgumentError('types is empty; leave it out to observe every type', {
      option: 'types',
    });
  }
  const bytes = new Uint8Array(types.length * 16);
  for (const [index, type] of types.entries()) bytes.set(idOf(type), index * 16);
  return bytes;
}

function idOf(type: unknown): Uint8Array {
  if (type instanceof MessageType) return type.idBytes;
  checkString('types', type, 1, 1024);
  return messageType(type).idBytes;
}
