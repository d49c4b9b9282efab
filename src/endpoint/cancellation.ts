// Promises that a timeout or an AbortSignal can end. One place for it, so that no timer and no listener is left.
import { clearTimeout, setTimeout } from 'node:timers'; // those of Jest's jsdom are numbers
import { abortedError, type BusError, type BusErrorFacts, TimeoutError } from '../errors/index.js';
import { checkDuration, checkOptions, checkSignal, noOptions } from '../options.js';
import { onAbort } from './abort-listening.js';

/** Every asynchronous call takes these. */
export interface CancelOptions {
  /**
   * Milliseconds to wait, up to 2,147,483,647; fractions are rounded up, `Infinity` is for ever. Below zero, the time is
   * over already, as what is left of a deadline may be: the call does nothing and rejects with a `TimeoutError`. Default: for ever.
   */
  readonly timeout?: number | undefined;
  /** Ends the call with an `AbortedError` when it is aborted; if it is already, the call does nothing. */
  readonly signal?: AbortSignal | undefined;
}

/** The longest delay that a timer takes. */
export const maxTimeout = 2_147_483_647;

/**
 * Checks `timeout`, `signal` and that there is nothing but them and `others` in the options; returns those that are the
 * object's own.
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

/** A promise whose outcome is decided from outside, once. */
export interface Settler<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** Why a call with these options shall not begin: its signal is aborted or its time is over. */
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
 * A promise that `begin` is given the settler of; what `begin` throws rejects it. If time runs out or the signal is aborted
 * first, it rejects, and `cancel` is called to forget about it. `what` is what the errors say was waited for. The timer
 * does not keep the process alive: that is the endpoint's decision.
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
    // What has no outcome yet is waited for; it may have aborted its own signal.
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

/** The error of what took longer than `timeout` milliseconds. */
export function timeoutError(what: string, timeout: number, facts: BusErrorFacts): TimeoutError {
  const text =
    timeout < 0
      ? `${what} has not begun: its time was over ${-timeout} ms ago`
      : `${what} took longer than ${timeout} ms`;
  return new TimeoutError(text, { ...facts, limit: timeout });
}
