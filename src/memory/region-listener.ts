// Calls back when a region is free. One listener per thread; this file knows no registries.
import { errorFromStatus } from '../errors/index.js';
import { addon, type NativePin } from '../native/addon.js';

const waiting = new Map<number, () => void>();
let listening = false;

/**
 * Calls `onFree` once when no process holds the region. Returns a number for {@link unwatchRegion}.
 */
export function watchRegion(pin: NativePin, onFree: () => void): number {
  if (!listening) {
    check(addon.listenToRegions((watch) => tell(watch)));
    listening = true;
  }
  const watch = check(addon.watchPin(pin));
  waiting.set(watch, onFree);
  return watch;
}

/** Cancels the callback. */
export function unwatchRegion(watch: number): void {
  waiting.delete(watch);
  addon.unwatchPin(watch);
}

function tell(watch: number): void {
  const onFree = waiting.get(watch);
  waiting.delete(watch);
  onFree?.();
}

function check(result: number): number {
  if (result < 0) throw errorFromStatus(-result);
  return result;
}
