// Promises that a timeout or an AbortSignal can end. Only this file makes them, so that no timer or
// listener leaks.
import { clearTimeout, setTimeout } from 'node:timers'; // those of Jest's jsdom are numbers
import { checkDuration, checkOptions, checkSignal, noOptions } from '../checks.js';
import { abortedError, type BusError, type BusErrorFacts, TimeoutError } from '../errors/index.js';
import { numberOptions } from '../option-list.js';
import { onAbort } from './abort-listening.js';

/** Options of every asynchronous call. */
export interface CancelOptions {
  /**
   * Milliseconds to wait, up to 2,147,483,647; fractions are rounded up, `Infinity` means no limit.
   * If negative (what is left of a deadline may be), the call does nothing and rejects with a
   * `TimeoutError`. Default: no limit.
   */
  readonly timeout?: number | undefined;
  /**
   * Aborting it ends the call with an `AbortedError`; if it is already aborted, the call does
   * nothing.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The longest delay that a timer accepts. */
export const maxTimeout = numberOptions.linger.most;

/**
 * Checks `timeout` and `signal`, and refuses any option that is neither one of them nor in
 * `others`. Returns an object with the own properties only.
 */
export function checkCancelOptions<T extends CancelOptions>(
  where: string,
  options: T | undefined,
  others: readonly string[] = [],
): T {
  if (options === undefined) return noOptions as T;
  const own = checkOptions(where, options, ['timeout', 'signal', ...others]);
  const { timeout, signal } = own;
  if (timeout !== undefined) checkDuration('timeout', timeout, maxTimeout);
  if (signal !== undefined) checkSignal('signal', signal);
  return own;
}

/** Settles a promise from outside, once. */
export interface Settler<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The error of a call that must not begin, because its signal is aborted or its timeout negative.
 */
export function refusal(
  what: string,
  { timeout, signal }: CancelOptions,
  facts: BusErrorFacts,
): BusError | undefined {
  if (signal?.aborted) return abortedError(what, signal, facts);
  if (timeout !== undefined && timeout < 0) return timeoutError(what, timeout, facts);
  return undefined;
}

/**
 * Returns a promise and calls `begin` with its settler; an error thrown by `begin` rejects it. If
 * the time runs out or the signal is aborted first, the promise rejects, and `cancel` is called.
 * `what` names the call in errors. The timer does not keep the process alive; the endpoint decides
 * that.
 */
export function cancellable<T>(
  what: string,
  options: CancelOptions,
  facts: BusErrorFacts,
  begin: (settler: Settler<T>) => void,
  cancel: (settler: Settler<T>) => void,
): Promise<T> {
  const refused = refusal(what, options, facts);
  if (refused !== undefined) return Promise.reject(refused);
  const { timeout = Number.POSITIVE_INFINITY, signal } = options;
  return new Promise<T>((resolve, reject) => {
    let settled = false;
    let timer: NodeJS.Timeout | undefined;
    let stopListening: (() => void) | undefined;
    const release = () => {
      settled = true;
      clearTimeout(timer);
      stopListening?.();
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
    const end = (error: Error) => {
      cancel(settler);
      settler.reject(error);
    };
    try {
      begin(settler);
    } catch (error) {
      settler.reject(error as Error);
    }
    // Not settled yet, so wait. `begin` may have aborted the signal.
    if (settled) return;
    if (signal?.aborted) return end(abortedError(what, signal, facts));
    if (signal !== undefined) {
      stopListening = onAbort(signal, () => end(abortedError(what, signal, facts)));
    }
    if (timeout !== Number.POSITIVE_INFINITY) {
      timer = setTimeout(() => end(timeoutError(what, timeout, facts)), Math.ceil(timeout));
      timer.unref();
    }
  });
}

/** The error of a call that took longer than `timeout` milliseconds. */
export function timeoutError(what: string, timeout: number, facts: BusErrorFacts): TimeoutError {
  const text =
    timeout < 0
      ? `${what} has not begun: its time was over ${-timeout} ms ago`
      : `${what} took longer than ${timeout} ms`;
  return new TimeoutError(text, { ...facts, limit: timeout });
}
