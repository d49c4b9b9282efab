// Ends an observation: when the user interrupts the command, or after a time.
import type { Observer } from '../../../index.js';
import type { Output } from '../usage.js';

/** Closes the observer when it is time. Returns a function that forgets about it. */
export function endOn(
  observer: Observer,
  seconds: number | undefined,
  { interrupted }: Output,
): () => void {
  const close = () => void observer.close();
  interrupted.addEventListener('abort', close);
  const timer = seconds === undefined ? undefined : setTimeout(close, seconds * 1000);
  return () => {
    clearTimeout(timer);
    interrupted.removeEventListener('abort', close);
  };
}
