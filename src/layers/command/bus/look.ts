// Looks at a bus as an observer: no member notices it, no selector matches it, and it never becomes
// the controller.
import { type ObserveOptions, type Observer, observe } from '../../../index.js';
import type { Output } from '../usage.js';
import { checkBusExists, whyUnreachable } from './sick-bus.js';
import type { ChosenBus } from './which-bus.js';

/**
 * Milliseconds that a bus gets to answer. A stopped controller is replaced by its members within
 * 600; what takes longer is named by looking at processes, and all of it within a second.
 */
export const answerTime = 750;

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
  const { interrupted: signal } = output;
  try {
    return await observe(name, { ...options, token, signal, timeout: answerTime });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_BUSBAR_TIMEOUT') throw error;
    throw whyUnreachable(name, error);
  }
}
