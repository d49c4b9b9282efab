// Closes the endpoints that are open when their thread's event loop ends, within their linger time,
// so that sent messages still arrive. A terminated worker does not run this; the addon's own
// teardown closes its endpoints.
import type { NativeEndpoint } from '../native/addon.js';

/** The open endpoints, each with a function to call before it is closed. */
const open = new Map<NativeEndpoint, () => void>();
let listening = false;

/**
 * Marks listeners that want to be last; registered, so that every copy of the package has the same
 * mark.
 */
const isLast = Symbol.for('busbar.closesAtExit');

/**
 * Closes the endpoint at the end of this thread unless it is closed before; `closing` is called
 * first.
 */
export function closeAtExit(native: NativeEndpoint, closing: () => void): void {
  open.set(native, closing);
  if (listening) return;
  listening = true;
  process.on('exit', closeAll);
  // Stays the last listener, so that the others can still send. It does not move behind the
  // listener of another copy of the package, since the two would then overtake each other for ever.
  process.on('newListener', (event, listener) => {
    if (event === 'exit' && !(isLast in listener)) queueMicrotask(listenLast);
  });
}

/** The endpoint is closed already. */
export function closedBeforeExit(native: NativeEndpoint): void {
  open.delete(native);
}

function listenLast(): void {
  process.off('exit', closeAll);
  process.on('exit', closeAll);
}

// Begins to close all before waiting for any: it takes as long as the slowest, not as long as their
// sum.
function closeAll(): void {
  const all = [...open];
  open.clear();
  for (const [native, closing] of all) {
    closing();
    native.beginClose();
  }
  for (const [native] of all) native.closeNow();
}

Object.defineProperty(closeAll, isLast, { value: true });
