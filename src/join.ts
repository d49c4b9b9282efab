// join(): opens the native endpoint and waits until the bus has admitted it. join-options.ts checks
// the options.
import { type CancelOptions, cancellable, refusal, timeoutError } from './endpoint/cancellation.js';
import { Endpoint } from './endpoint/endpoint.js';
import { NoticeBoard } from './endpoint/notice-board.js';
import { type BusError, errorFromStatus, statusOf } from './errors/index.js';
import { checkJoin, type JoinOptions } from './join-options.js';
import { limits } from './limits.js';
import { type MessageBox, type PlainBox, plainBox } from './messages/index.js';
import {
  addon,
  type EndpointConfig,
  type FailureFacts,
  type NativeEndpoint,
} from './native/addon.js';
import { numberOptions } from './option-list.js';

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
  const { options, config } = checkJoin(identifier, given);
  // Before anything is opened: a native endpoint that was never started cannot be closed.
  const where = { what: `join('${identifier}')`, bus: identifier, lonely: lonelyOf(options) };
  const refused = refusal(where.what, options, { bus: identifier });
  if (refused !== undefined) throw refused;
  const board = new NoticeBoard();
  const native = open(config, board);
  const endpoint = new Endpoint<B>(native, board, {
    identifier,
    label: config.label,
    box: options.messages ?? plainBox,
    prefetch: config.prefetch,
    linger: config.linger,
    maxMessageBytes: config.maxMessageBytes,
  });
  await admit(endpoint, native, board, { ...options, ...where });
  return endpoint;
}

function lonelyOf({ controllerAffinity }: JoinOptions<MessageBox>): string {
  return controllerAffinity === false
    ? 'it may not become its controller (controllerAffinity: false)'
    : '';
}

/** How to wait for admission. */
export interface Admission extends CancelOptions {
  /** The call that waits, for errors. */
  readonly what: string;
  readonly bus: string;
  /** Why the endpoint founds no bus; empty if it would. */
  readonly lonely: string;
}

/** Starts `endpoint`, and resolves once the bus has admitted it; if not, nothing of it stays. */
export async function admit(
  endpoint: { joined(id: number): void },
  native: NativeEndpoint,
  board: NoticeBoard,
  how: Admission,
): Promise<void> {
  native.ref();
  try {
    endpoint.joined(await admission(native, board, how));
  } catch (error) {
    await board.closed(() => native.close(0));
    native.detach();
    throw error;
  } finally {
    native.unref();
  }
}

function admission(
  native: NativeEndpoint,
  board: NoticeBoard,
  { what, bus, lonely, timeout = numberOptions.timeout.byDefault, signal }: Admission,
): Promise<number> {
  const facts = { bus };
  const waits = lonely === '' ? '' : `, which waits for a bus because ${lonely},`;
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
          if (status < 0) settler.reject(joinError(-status, addon.lastFailure(), bus));
        },
        (notice) => {
          if (notice.kind === 'joined') settler.resolve(notice.id);
          else if (notice.status === statusOf('Timeout'))
            settler.reject(timeoutError(what + waits, timeout, facts));
          else settler.reject(joinError(notice.status, notice, bus));
        },
      );
    },
    () => undefined,
  );
}

/** Opens a native endpoint. */
export function open(config: EndpointConfig, board: NoticeBoard): NativeEndpoint {
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
          `(maxEndpoints, maxEndpointsPerProcess), or ${limits.maxObservers} observers`
        : undefined,
  });
  error.message = `cannot join bus '${identifier}': ${error.message}`;
  return error;
}
