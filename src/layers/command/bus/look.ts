// Looks at a bus as an observer: no member notices it, no selector matches it, and it never becomes
// the controller.
import { type ObserveOptions, type Observer, observe } from '../../../index.js';
import type { Output } from '../usage.js';
import { checkBusExists, Hope, whyUnreachable } from './sick-bus.js';
import type { ChosenBus } from './which-bus.js';

/**
 * Milliseconds that a bus gets to answer. A stopped controller is replaced by its members within
 * 600, on a machine that is not busy.
 */
const answerTime = 8000;
/** After these, a bus that is well has answered. */
const soon = 30;
/** Each time after these, a look at processes tells whether an answer can still come. */
const patience = 150;

/**
 * Observes a bus.
 * @throws Failure that says why it cannot be observed.
 */
export async function look(
  { name, token }: ChosenBus,
  output: Output,
  options: Omit<ObserveOptions, 'token' | 'signal' | 'timeout'> = { match: 'false' },
): Promise<Observer> {
  checkBusExists(name, output);
  const hopeless = new AbortController();
  const hope = new Hope(name, output);
  const first = setTimeout(() => hope.look(), soon);
  const looking = setInterval(() => {
    hope.look();
    if (hope.isOver) hopeless.abort();
  }, patience);
  // Its listener stays for the observer's life: an interrupted command leaves the bus.
  const signal = AbortSignal.any([output.interrupted, hopeless.signal]);
  try {
    return await observe(name, { ...options, token, signal, timeout: answerTime });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code !== 'ERR_BUSBAR_TIMEOUT' && !hopeless.signal.aborted) throw error;
    throw whyUnreachable(name, output, error);
  } finally {
    clearTimeout(first);
    clearInterval(looking);
  }
}
