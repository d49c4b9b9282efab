// join(): checks the options, opens the native endpoint and waits until the bus has admitted it.
import { checkBoolean, checkInteger, checkString, millisecondsOf, show } from './checks.js';
import {
  type CancelOptions,
  cancellable,
  checkCancelOptions,
  maxTimeout,
  refusal,
  timeoutError,
} from './endpoint/cancellation.js';
import { Endpoint } from './endpoint/endpoint.js';
import { NoticeBoard } from './endpoint/notice-board.js';
import type { WhenFull } from './endpoint/options.js';
import { whenFullOf } from './endpoint/send-policy.js';
import {
  type BusError,
  errorFromStatus,
  InvalidArgumentError,
  InvalidIdentifierError,
  InvalidLabelError,
  statusOf,
} from './errors/index.js';
import { boxTable, type MessageBox, type PlainBox, plainBox } from './messages/index.js';
import {
  addon,
  type EndpointConfig,
  type FailureFacts,
  type NativeEndpoint,
} from './native/addon.js';
import { hostHasLibuv } from './native/host.js';
import { checkLabelName } from './selector/index.js';
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

const maxIdentifierBytes = 128;
const maxTokenBytes = 1024;
const maxLabelStrings = 32;
/** Of all strings together, including one length byte for each. */
const maxLabelBytes = 1024;
const defaultTimeout = 5000;
/** Stands for `Infinity`, in milliseconds: 35 years. */
const forEver = 2 ** 40;
/** The capacity of the directory. */
const maxMembers = 4096;

/** The options that are counts: the name of the unit, and the largest value. */
const counts = {
  queueBytes: ['bytes', 2 ** 40],
  totalQueueBytes: ['bytes', 2 ** 40],
  maxQueuedObjects: ['objects', 2 ** 20],
  maxParked: ['messages', 65_536],
  maxLinks: ['links', maxMembers],
  maxEndpoints: ['endpoints', maxMembers],
  maxEndpointsPerProcess: ['endpoints', maxMembers],
  maxMessageBytes: ['bytes', 2 ** 32 - 1],
  prefetch: ['messages', 65_535],
} as const;

const countNames = Object.keys(counts) as (keyof typeof counts)[];

/**
 * Joins the bus named `identifier` (1 to 128 bytes of UTF-8 without control characters) and
 * resolves with an endpoint on it, once every other endpoint can see the new one. The first
 * endpoint to join becomes bus controller; nothing has to be started before. Only processes of the
 * same user share a bus. The caller owns the endpoint and closes it.
 *
 * @throws InvalidIdentifierError, InvalidLabelError, InvalidArgumentError: nothing was done.
 * @throws TokenMismatchError, VersionMismatchError, PermissionError, LimitExceededError: the bus
 * does not admit this endpoint.
 * @throws TimeoutError, AbortedError.
 */
export async function join<B extends MessageBox = PlainBox>(
  identifier: string,
  given?: JoinOptions<B>,
): Promise<Endpoint<B>> {
  checkIdentifier(identifier);
  const options = ownOptionsOfJoin(given);
  const label = checkOptionsOfJoin(options);
  // Before anything is opened: a native endpoint that was never started cannot be closed.
  const refused = refusal(`join('${identifier}')`, options, { bus: identifier });
  if (refused !== undefined) throw refused;
  const board = new NoticeBoard();
  const native = open(configOf(identifier, label, options), board);
  const endpoint = new Endpoint<B>(native, board, {
    identifier,
    label,
    box: options.messages ?? plainBox,
    prefetch: options.prefetch ?? 256,
    linger: lingerOf(options),
  });
  native.ref();
  try {
    endpoint.joined(await admission(native, board, identifier, options));
    return endpoint;
  } catch (error) {
    await board.closed(() => native.close(0));
    native.detach();
    throw error;
  } finally {
    native.unref();
  }
}

/** The options about waiting for admission. */
type Admission = CancelOptions & { readonly controllerAffinity?: boolean | undefined };

function admission(
  native: NativeEndpoint,
  board: NoticeBoard,
  identifier: string,
  { timeout = defaultTimeout, signal, controllerAffinity }: Admission,
): Promise<number> {
  const facts = { bus: identifier };
  const what = `join('${identifier}')`;
  const lonely =
    controllerAffinity === false
      ? ', which waits for a bus because it may not become its controller (controllerAffinity: false),'
      : '';
  // The native side keeps the timeout: a timer of the event loop would wake an idle process once
  // more.
  return cancellable<number>(
    what,
    { signal, timeout: undefined },
    facts,
    (settler) => {
      board.outcome(
        () => {
          const status = native.start();
          if (status < 0) settler.reject(joinError(-status, addon.lastFailure(), identifier));
        },
        (notice) => {
          if (notice.kind === 'joined') settler.resolve(notice.id);
          else if (notice.status === statusOf('Timeout'))
            settler.reject(timeoutError(what + lonely, timeout, facts));
          else settler.reject(joinError(notice.status, notice, identifier));
        },
      );
    },
    () => undefined,
  );
}

function open(config: EndpointConfig, board: NoticeBoard): NativeEndpoint {
  const native = addon.openEndpoint(config, board.receiveMessages, board.receiveNotices);
  if (typeof native === 'number') throw joinError(-native, addon.lastFailure(), config.identifier);
  return native;
}

function joinError(number: number, failure: FailureFacts, identifier: string): BusError {
  const error = errorFromStatus(number, {
    bus: identifier,
    osCode: failure.osCode,
    syscall: failure.syscall,
    path: failure.path,
    advice: failure.advice,
    message:
      number === statusOf('LimitExceeded')
        ? 'it has as many endpoints, or as many of this process, as its controller admits ' +
          '(maxEndpoints, maxEndpointsPerProcess)'
        : undefined,
  });
  error.message = `cannot join bus '${identifier}': ${error.message}`;
  return error;
}

function configOf<B extends MessageBox>(
  identifier: string,
  label: readonly string[],
  options: JoinOptions<B>,
): EndpointConfig {
  return {
    identifier,
    label,
    token: options.token ?? '',
    controllerAffinity: options.controllerAffinity ?? true,
    ringBytes: options.ringBytes ?? 512 * 1024,
    queueBytes: options.queueBytes ?? 16 * 2 ** 20,
    totalQueueBytes: options.totalQueueBytes ?? 256 * 2 ** 20,
    maxQueuedObjects: options.maxQueuedObjects ?? 4096,
    maxParked: options.maxParked ?? 4096,
    maxLinks: options.maxLinks ?? maxMembers,
    maxEndpoints: options.maxEndpoints ?? maxMembers,
    maxEndpointsPerProcess: options.maxEndpointsPerProcess ?? 1024,
    whenFull: whenFullOf(options.whenFull ?? 'refuse'),
    maxMessageBytes: options.maxMessageBytes ?? 256 * 2 ** 20,
    drainBudgetUs: (options.drainBudget ?? 1) * 1000,
    spinUs: options.spin ?? 0,
    hostHasLibuv,
    lingerMs: lingerOf(options),
    joinTimeoutMs: millisecondsOf('timeout', options.timeout ?? defaultTimeout, forEver),
  };
}

function checkIdentifier(identifier: unknown): void {
  if (typeof identifier !== 'string' || !isWellFormed(identifier)) {
    throw new InvalidIdentifierError(`identifier is ${show(identifier)}; expected a string`);
  }
  const bytes = Buffer.byteLength(identifier);
  if (bytes < 1 || bytes > maxIdentifierBytes) {
    throw new InvalidIdentifierError(
      `identifier is ${bytes} bytes long; allowed are 1 to ${maxIdentifierBytes}`,
      { value: identifier, limit: maxIdentifierBytes },
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

function lingerOf({ linger = 1000 }: { readonly linger?: number | undefined }): number {
  return millisecondsOf('linger', linger, maxTimeout);
}

function ownOptionsOfJoin<B extends MessageBox>(
  options: JoinOptions<B> | undefined,
): JoinOptions<B> {
  return checkCancelOptions('join()', options, [
    'label',
    'token',
    'messages',
    'controllerAffinity',
    ...countNames,
    'whenFull',
    'ringBytes',
    'linger',
    'spin',
    'drainBudget',
  ]);
}

function checkOptionsOfJoin<B extends MessageBox>(options: JoinOptions<B>): readonly string[] {
  const { token, messages, controllerAffinity, spin } = options;
  if (token !== undefined) checkString('token', token, 0, maxTokenBytes);
  if (messages !== undefined && messages?.[boxTable] === undefined) {
    throw new InvalidArgumentError(`messages is ${show(messages)}; expected a messageBox(…)`, {
      option: 'messages',
    });
  }
  if (controllerAffinity !== undefined) checkBoolean('controllerAffinity', controllerAffinity);
  checkSizes(options);
  lingerOf(options);
  if (spin !== undefined) checkInteger('spin', spin, 0, 1000, 'microseconds');
  checkDrainBudget(options.drainBudget);
  return checkLabel(options.label ?? []);
}

function checkSizes(options: JoinOptions<MessageBox>) {
  for (const name of countNames) {
    const [unit, most] = counts[name];
    if (options[name] !== undefined) checkInteger(name, options[name], 1, most, unit);
  }
  const { ringBytes } = options;
  if (ringBytes === undefined) return;
  checkInteger('ringBytes', ringBytes, 16 * 1024, 64 * 2 ** 20, 'bytes');
  if ((ringBytes & (ringBytes - 1)) !== 0) {
    throw new InvalidArgumentError(`ringBytes is ${ringBytes}; expected a power of two`, {
      option: 'ringBytes',
      value: ringBytes,
    });
  }
}

function checkDrainBudget(budget: unknown): void {
  if (budget === undefined) return;
  if (typeof budget === 'number' && budget >= 0.05 && budget <= 1000) return;
  throw new InvalidArgumentError(
    `drainBudget is ${show(budget)}; allowed are 0.05 to 1000 milliseconds`,
    { option: 'drainBudget', value: budget },
  );
}

function checkLabel(label: unknown): readonly string[] {
  const strings: unknown[] = Array.isArray(label) ? [...label] : [label];
  if (strings.length > maxLabelStrings) {
    throw new InvalidLabelError(
      `label has ${strings.length} strings; the limit is ${maxLabelStrings}`,
      { limit: maxLabelStrings },
    );
  }
  let bytes = 0;
  for (const string of strings) {
    checkLabelName(string as string);
    bytes += 1 + Buffer.byteLength(string as string);
  }
  if (bytes > maxLabelBytes) {
    throw new InvalidLabelError(`label takes ${bytes} bytes; the limit is ${maxLabelBytes}`, {
      limit: maxLabelBytes,
    });
  }
  if (new Set(strings).size !== strings.length) {
    throw new InvalidLabelError('label has the same string twice', { value: label });
  }
  return Object.freeze(strings as string[]);
}
