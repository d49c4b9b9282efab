// Draining on a signal: all tables of the process close, then the signal takes its usual effect.

/** How to close what is open. */
type Close = () => Promise<unknown>;

const open = new Map<NodeJS.Signals, Set<Close>>();

/** Closes by `close` when the signal comes; the returned function ends that. */
export function closeOn(signal: NodeJS.Signals, close: Close): () => void {
  let closers = open.get(signal);
  if (closers === undefined) {
    closers = new Set();
    open.set(signal, closers);
    process.on(signal, onSignal);
  }
  closers.add(close);
  return () => {
    closers.delete(close);
    if (closers.size > 0 || open.get(signal) !== closers) return;
    open.delete(signal);
    process.off(signal, onSignal);
  };
}

// A second signal while tables drain ends the process at once.
function onSignal(signal: NodeJS.Signals): void {
  const closers = [...(open.get(signal) ?? [])];
  open.delete(signal);
  process.off(signal, onSignal);
  const others = process.listenerCount(signal) > 0;
  void Promise.allSettled(closers.map((close) => close())).then(() => {
    // With listeners of its own, the program decides when it ends.
    if (!others) process.kill(process.pid, signal);
  });
}
