// Endpoints that are open when their thread's event loop ends: closed then, within their linger time, so that what
// was sent still arrives. A worker that is terminated does not come here; the addon's own teardown sees to it.
import type { NativeEndpoint } from '../native/addon.js';

const open = new Set<NativeEndpoint>();
let listening = false;

/** Closes the endpoint at the end of this thread, if nobody has done it before. */
export function closeAtExit(native: NativeEndpoint): void {
  open.add(native);
  if (listening) return;
  listening = true;
  process.on('exit', closeAll);
}

/** The endpoint is closed. */
export function closedBeforeExit(native: NativeEndpoint): void {
  open.delete(native);
}

function closeAll(): void {
  for (const native of open) native.closeNow();
  open.clear();
}
