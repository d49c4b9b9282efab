// Callbacks for an aborted AbortSignal. Each signal gets one listener, however many calls it
// cancels: an event target walks its list for each listener added or removed, and Node warns from
// the eleventh on.

interface Listening {
  readonly acts: Set<() => void>;
  readonly listener: () => void;
}

const listenings = new WeakMap<AbortSignal, Listening>();

/**
 * Calls `act` when the signal is aborted. Returns a function that cancels this; the last one
 * removes the listener.
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const listening = listenings.get(signal) ?? listen(signal);
  listening.acts.add(act);
  return () => {
    if (!listening.acts.delete(act) || listening.acts.size > 0) return;
    if (listenings.get(signal) === listening) listenings.delete(signal);
    signal.removeEventListener('abort', listening.listener);
  };
}

function listen(signal: AbortSignal): Listening {
  const acts = new Set<() => void>();
  const listening: Listening = {
    acts,
    listener: () => {
      listenings.delete(signal);
      for (const act of [...acts]) act();
    },
  };
  listenings.set(signal, listening);
  signal.addEventListener('abort', listening.listener, { once: true });
  return listening;
}
