// The options of join(): their documentation, their checks, and the numbers that native code gets.
// option-list.ts has the ranges and defaults of those that are numbers.
import { checkBoolean, checkInteger, checkString, millisecondsOf, show } from './checks.js';
import { type CancelOptions, checkCancelOptions } from './endpoint/cancellation.js';
import type { WhenFull } from './endpoint/options.js';
import { whenFullOf } from './endpoint/send-policy.js';
import { InvalidArgumentError, InvalidIdentifierError } from './errors/index.js';
import { limits } from './limits.js';
import { boxTable, type MessageBox, type PlainBox } from './messages/index.js';
import type { EndpointConfig } from './native/addon.js';
import { hostHasLibuv, viewsForbidden } from './native/host.js';
import {
  type NumberOptionName,
  numberOptionNames,
  numberOptions,
  type OptionNumbers,
} from './option-list.js';
import { checkLabel } from './selector/index.js';
import { isWellFormed } from './utf8.js';

/** Options of {@link join}. */
export interface JoinOptions<B extends MessageBox = PlainBox> extends CancelOptions {
  /**
   * The strings that selectors match this endpoint by: at most 32, each of 1 to 255 bytes of UTF-8.
   * Together at most 1,024 bytes, counting one extra byte for each string. Default: none.
   */
  readonly label?: string | readonly string[] | undefined;
  /**
   * A secret that all members of the bus share, up to 1,024 bytes. It is never sent; each side
   * proves to the other that it has it. Default: the empty string.
   */
  readonly token?: string | undefined;
  /**
   * The message types that this endpoint sends and receives. Default: any plain value, as
   * MessagePack.
   */
  readonly messages?: B | undefined;
  /** Whether this endpoint may become bus controller. Default: true. */
  readonly controllerAffinity?: boolean | undefined;
  /**
   * Whether observers (see `observe`) get copies of what this endpoint sends, and of what is sent to
   * it alone. Default: true.
   */
  readonly observable?: boolean | undefined;
  /**
   * Milliseconds to wait for admission to the bus; see {@link CancelOptions.timeout}. Default:
   * 5,000.
   */
  readonly timeout?: number | undefined;
  /**
   * The largest payload that can be sent or received, in bytes, up to 4 GiB - 1. Default: 256 MiB.
   */
  readonly maxMessageBytes?: number | undefined;
  /** Bytes that may wait in this process for one receiver whose ring is full. Default: 16 MiB. */
  readonly queueBytes?: number | undefined;
  /**
   * Bytes that may wait in this process for all receivers together: queued messages, large payloads
   * in flight, and messages parked by `ttl`. One message may exceed it if nothing else waits.
   * Default: 256 MiB.
   */
  readonly totalQueueBytes?: number | undefined;
  /** Kernel objects in flight to all receivers together, 1 to 1,048,576. Default: 4,096. */
  readonly maxQueuedObjects?: number | undefined;
  /** Messages that may be parked by their `ttl`, 1 to 65,536. Default: 4,096. */
  readonly maxParked?: number | undefined;
  /**
   * Links of this endpoint in each direction, 1 to 4,096. At the limit, sending to another endpoint
   * throws `LimitExceededError`, and another endpoint that sends here emits `undelivered` with that
   * reason. Default: 4,096.
   */
  readonly maxLinks?: number | undefined;
  /**
   * Endpoints that the bus admits while this one is its controller, 1 to 4,096; at the limit,
   * `join` rejects with `LimitExceededError`. Give all members the same value. Default: 4,096.
   */
  readonly maxEndpoints?: number | undefined;
  /**
   * The same limit for the endpoints of one process, so that no process can fill the bus. Default:
   * 1,024.
   */
  readonly maxEndpointsPerProcess?: number | undefined;
  /**
   * What happens to a message when the ring and the queue of its receiver are full, unless `send`
   * says otherwise. Default: `'refuse'`.
   */
  readonly whenFull?: WhenFull | undefined;
  /** Bytes of the ring to one receiver: a power of two, 16 KiB to 64 MiB. Default: 512 KiB. */
  readonly ringBytes?: number | undefined;
  /**
   * Messages taken out of shared memory ahead of `recv()` and `for await`, 1 to 65,535. Default:
   * 256.
   */
  readonly prefetch?: number | undefined;
  /**
   * Milliseconds that `close()`, or the end of the process, waits for queued messages, as `linger`
   * of `close()`. Default: 1,000.
   */
  readonly linger?: number | undefined;
  /**
   * Microseconds to busy-wait for the next message before sleeping, 0 to 1,000; done only while it
   * pays off. It blocks the event loop meanwhile, so it is not for processes with a user interface.
   * Default: 0, off.
   */
  readonly spin?: number | undefined;
  /** Milliseconds to spend receiving in one turn of the event loop, 0.05 to 1,000. Default: 1. */
  readonly drainBudget?: number | undefined;
}

/** The checked arguments of join(). */
export interface Joining<B extends MessageBox> {
  /** As the user gave them, without defaults. */
  readonly options: JoinOptions<B>;
  /** For native code. */
  readonly config: EndpointConfig;
}

/**
 * Checks the arguments of join() and fills in the defaults.
 * @throws InvalidIdentifierError, InvalidLabelError, InvalidArgumentError.
 */
export function checkJoin<B extends MessageBox>(
  identifier: string,
  given: JoinOptions<B> | undefined,
): Joining<B> {
  checkIdentifier(identifier);
  const options = checkCancelOptions('join()', given, [
    'label',
    'token',
    'messages',
    'controllerAffinity',
    'observable',
    'whenFull',
    ...numberOptionNames,
  ]);
  const { token = '', messages, controllerAffinity = true, whenFull = 'refuse' } = options;
  checkString('token', token, 0, limits.maxTokenBytes);
  if (messages !== undefined && messages?.[boxTable] === undefined) {
    throw new InvalidArgumentError(`messages is ${show(messages)}; expected a messageBox(…)`, {
      option: 'messages',
    });
  }
  checkBoolean('controllerAffinity', controllerAffinity);
  const { observable = true } = options;
  checkBoolean('observable', observable);
  const config = {
    ...numbersOf(options),
    identifier,
    label: checkLabel(options.label ?? []),
    token,
    controllerAffinity,
    observable,
    whenFull: whenFullOf(whenFull),
    hostHasLibuv,
    externalBuffers: hostHasLibuv && !viewsForbidden,
  };
  return { options, config };
}

function checkIdentifier(identifier: unknown): void {
  if (typeof identifier !== 'string' || !isWellFormed(identifier)) {
    throw new InvalidIdentifierError(`identifier is ${show(identifier)}; expected a string`);
  }
  const bytes = Buffer.byteLength(identifier);
  if (bytes < 1 || bytes > limits.maxIdentifierBytes) {
    throw new InvalidIdentifierError(
      `identifier is ${bytes} bytes long; allowed are 1 to ${limits.maxIdentifierBytes}`,
      { value: identifier, limit: limits.maxIdentifierBytes },
    );
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  const control = /[\u0000-\u001f\u007f-\u009f]/.exec(identifier);
  if (control !== null) {
    throw new InvalidIdentifierError(
      `identifier has a control character at index ${control.index}`,
      { value: identifier },
    );
  }
}

function numbersOf(options: JoinOptions<MessageBox>): OptionNumbers {
  const numbers = numberOptionNames.map((name) => [name, numberOf(name, options[name])]);
  return Object.fromEntries(numbers) as OptionNumbers;
}

function numberOf(name: NumberOptionName, value: unknown): number {
  const { byDefault, least, most, unit } = numberOptions[name];
  if (value === undefined) return byDefault;
  if (name === 'timeout' || name === 'linger') return millisecondsOf(name, value, most);
  if (name === 'drainBudget') return drainBudgetOf(value);
  checkInteger(name, value, least, most, unit);
  if (name === 'ringBytes' && (value & (value - 1)) !== 0) {
    throw new InvalidArgumentError(`ringBytes is ${value}; expected a power of two`, {
      option: 'ringBytes',
      value,
    });
  }
  return value;
}

/** In microseconds. */
function drainBudgetOf(budget: unknown): number {
  const { least, most } = numberOptions.drainBudget;
  if (typeof budget === 'number' && budget * 1000 >= least && budget * 1000 <= most) {
    return budget * 1000;
  }
  throw new InvalidArgumentError(
    `drainBudget is ${show(budget)}; allowed are ${least / 1000} to ${most / 1000} milliseconds`,
    { option: 'drainBudget', value: budget },
  );
}
