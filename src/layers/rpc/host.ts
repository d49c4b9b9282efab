// What this layer needs of its host, Node or a browser: timers, and a way to run something once the
// current turn and its promises are done.
export const { setTimeout, clearTimeout } = globalThis;

/**
 * `Symbol.asyncDispose`, and a symbol that nobody looks for where `await using` does not exist yet,
 * as in most browsers.
 */
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol('asyncDispose') as typeof Symbol.asyncDispose);

/** The same for `using`. */
export const dispose: typeof Symbol.dispose =
  Symbol.dispose ?? (Symbol('dispose') as typeof Symbol.dispose);

interface NodeProcess {
  readonly nextTick?: (callback: () => void) => void;
}

type Schedule = (callback: () => void) => void;

/**
 * Runs `callback` after the promise reactions that are due now. In Node that is before any input is
 * read; in a browser, a message to oneself comes closest.
 */
export const afterReactions: (callback: () => void) => void = chooseAfterReactions();

function chooseAfterReactions(): (callback: () => void) => void {
  const { nextTick } = (globalThis as { readonly process?: NodeProcess }).process ?? {};
  if (nextTick !== undefined) return nextTick;
  const { port1, port2 } = new MessageChannel();
  const callbacks: (() => void)[] = [];
  port1.addEventListener('message', () => callbacks.shift()?.());
  port1.start();
  return (callback) => {
    callbacks.push(callback);
    port2.postMessage(0);
  };
}

/** Runs `callback` in a later turn of the event loop, after input that is there by now. */
export const inLaterTurn: Schedule =
  (globalThis as { readonly setImmediate?: Schedule }).setImmediate ??
  ((callback) => setTimeout(callback, 0));

/** Reports an error of the user's code that nobody waits for, as an uncaught exception. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
