// join(): opens the native endpoint and waits until the bus has admitted it. join-options.ts checks
// the options.
import { type CancelOptions, cancellable, refusal, timeoutError } from './endpoint/cancellation.js';
import { Endpoint } from './endpoint/endpoint.js';
import { NoticeBoard } from './endpoint/notice-board.js';
import { type BusError, errorFromStatus, statusOf } from './errors/index.js';
import { checkJoin, type JoinOptions } from './join-options.js';
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
  const refused = refusal(`join('${identifier}')`, options, { bus: identifier });
  if (refused !== undefined) throw refused;
  const board = new NoticeBoard();
  const native = open(config, board);
  const endpoint = new Endpoint<B>(native, board, {
    identifier,
    label: config.label,
    box: options.messages ?? plainBox,
    prefetch: config.prefetch,
    linger: config.linger,
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
  { timeout = numberOptions.timeout.byDefault, signal, controllerAffinity }: Admission,
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
