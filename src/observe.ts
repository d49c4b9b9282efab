// observe(): joins as an observer. observe-options.ts checks the options.
import { refusal } from './endpoint/cancellation.js';
import { NoticeBoard } from './endpoint/notice-board.js';
import { Observer } from './endpoint/observer.js';
import { admit, open } from './join.js';
import { checkObserve, type ObserveOptions } from './observe-options.js';

/**
 * Joins the bus named `identifier` as an observer: it gets copies of the headers, and if wanted of
 * the first bytes, of the messages that members send to each other. Every message that is sent after
 * the returned promise has resolved, and that the options choose, is observed or counted as lost. An
 * observer is no match of any selector and never becomes bus controller, so there has to be a bus;
 * it sends nothing. Members that joined with `observable: false` are not observed. At most 16
 * observers fit on a bus. The caller owns the observer and closes it.
 *
 * ```ts
 * await using observer = await observe('com.solar', { match: 'planet & !test', payloadBytes: 64 });
 * for await (const seen of observer) console.log(seen.kind, seen.from.label);
 * ```
 *
 * @throws InvalidIdentifierError, InvalidLabelError, InvalidSelectorError, InvalidArgumentError:
 * nothing was done.
 * @throws TokenMismatchError, VersionMismatchError, PermissionError, LimitExceededError: the bus
 * does not admit this observer.
 * @throws TimeoutError, also if there is no bus; AbortedError.
 */
export async function observe(identifier: string, given?: ObserveOptions): Promise<Observer> {
  const { options, config } = checkObserve(identifier, given);
  const what = `observe('${identifier}')`;
  const refused = refusal(what, options, { bus: identifier });
  if (refused !== undefined) throw refused;
  const board = new NoticeBoard();
  const native = open(config, board);
  const observer = new Observer(native, board, {
    identifier,
    label: config.label,
    prefetch: config.prefetch,
    signal: options.signal,
  });
  const { timeout, signal } = options;
  const lonely = 'an observer founds none';
  await admit(observer, native, board, { what, bus: identifier, lonely, timeout, signal });
  return observer;
}
