// Calls back when a region is free. One listener per thread; this file knows no registries.
import { errorFromStatus } from '../errors/index.js';
import { addon } from '../native/addon.js';

const waiting = new Map<number, () => void>();
let last = 0;
let listening = false;

/**
 * The number for native code that stands for `onFree`, which is called once, when native code
 * reports the number.
 */
export function onceFree(onFree: () => void): number {
  if (!listening) {
    const status = addon.listenToRegions(call);
    if (status < 0) throw errorFromStatus(-status);
    listening = true;
  }
  last += 1;
  waiting.set(last, onFree);
  return last;
}

/** Cancels the callback. */
export function forgetFree(number: number): void {
  waiting.delete(number);
}

/**
 * Calls back for the numbers that native code has found and not reported yet: after the current
 * call of the program, so that an exception is not thrown into it.
 */
export function callFreed(): void {
  for (const number of addon.takeFreedRegions()) queueMicrotask(() => call(number));
}

function call(number: number): void {
  const onFree = waiting.get(number);
  waiting.delete(number);
  onFree?.();
}
