// Endpoints that are open when their thread's event loop ends: closed then, within their linger time, so that what
// was sent still arrives. A worker that is terminated does not come here; the addon's own teardown sees to it.
import type { NativeEndpoint } from '../native/addon.js';

/** With what is called before each is closed. */
const open = new Map<NativeEndpoint, () => void>();
let listening = false;

/** Marks the listeners that are the last; registered, so that every copy has the same mark. */
const isLast = Symbol.for('busbar.closesAtExit');

/** Closes the endpoint at the end of this thread, if nobody has done it before; `closing` is called first. */
export function closeAtExit(native: NativeEndpoint, closing: () => void): void {
  open.set(native, closing);
  if (listening) return;
  listening = true;
  process.on('exit', closeAll);
  // The last of all listeners, so that the others can still send; but not behind the one of another copy of this
  // package, which would go behind this one again, for ever.
  process.on('newListener', (event, listener) => {
    if (event === 'exit' && !(isLast in listener)) queueMicrotask(listenLast);
  });
}

/** The endpoint is closed. */
export function closedBeforeExit(native: NativeEndpoint): void {
  open.delete(native);
}

function listenLast(): void {
  process.off('exit', closeAll);
  process.on('exit', closeAll);
}

// As long as the slowest takes, not as long as all of them.
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
