// Promises that a timeout or an AbortSignal can end. One place for it, so that no timer and no listener is left.
import { clearTimeout, setTimeout } from 'node:timers'; // those of Jest's jsdom are numbers
import { abortedError, type BusErrorFacts, TimeoutError } from '../errors/index.js';
import { checkInteger, checkOptions, checkSignal } from '../options.js';

/** Every asynchronous call takes these. */
export interface CancelOptions {
  /** Milliseconds to wait, 0 to 2,147,483,647. Default: for ever. */
  readonly timeout?: number | undefined;
  /** Ends the call with an `AbortedError` when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** The longest delay that a timer takes. */
export const maxTimeout = 2_147_483_647;

/** Checks `timeout`, `signal` and that there is nothing but them and `others` in the options. */
export function checkCancelOptions(
  where: string,
  options: CancelOptions,
  others: readonly string[] = [],
): void {
  checkOptions(where, options, ['timeout', 'signal', ...others]);
  const { timeout, signal } = options;
  if (timeout !== undefined) checkInteger('timeout', timeout, 0, maxTimeout, 'milliseconds');
  if (signal !== undefined) checkSignal('signal', signal);
}

/** A promise whose outcome is decided from outside, once. */
export interface Settler<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A promise that `begin` is given the settler of. If time runs out or the signal is aborted first, it rejects, and
 * `cancel` is called to forget about it. `what` is what the errors say was waited for. The timer does not keep the
 * process alive: that is the endpoint's decision.
 */
export function cancellable<T>(
  what: string,
  options: CancelOptions,
  facts: BusErrorFacts,
  begin: (settler: Settler<T>) => void,
  cancel: (settler: Settler<T>) => void,
): Promise<T> {
  const { timeout, signal } = options;
  if (signal?.aborted) return Promise.reject(abortedError(what, signal, facts));
  return new Promise<T>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const settler: Settler<T> = {
      resolve: (value) => {
        release();
        resolve(value);
      },
      reject: (error) => {
        release();
        reject(error);
      },
    };
    const onAbort = () => {
      cancel(settler);
      if (signal !== undefined) settler.reject(abortedError(what, signal, facts));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (timeout !== undefined) {
      timer = setTimeout(() => {
        cancel(settler);
        settler.reject(timeoutError(what, timeout, facts));
      }, timeout);
      timer.unref();
    }
    begin(settler);
  });
}

/** The error of what took longer than `timeout` milliseconds. */
export function timeoutError(what: string, timeout: number, facts: BusErrorFacts): TimeoutError {
  return new TimeoutError(`${what} took longer than ${timeout} ms`, { ...facts, limit: timeout });
}
