// The options of `handle`, and their checks.
import { show } from '../../base/show.js';
import type { MessageBox } from '../../index.js';
import type { Middleware } from './any-message.js';
import { checkDelay, checkKeys, refused } from './checks.js';
import type { DeadLetterPlace } from './dead-letters.js';
import { middlewareOf } from './middleware-list.js';
import type { DeadLetters } from './types.js';

/** Options of {@link handle}. */
export interface HandleOptions<B extends MessageBox = MessageBox> {
  /** The strings that selectors match the endpoint by. Default: none. */
  readonly label?: string | readonly string[];
  /** Middleware around all handlers; the first one is the outermost. */
  readonly use?: Middleware | readonly Middleware[];
  /**
   * Where messages go that were given up, of all routes that name no place. Default: nowhere; then
   * the error is uncaught, unless there is a listener of `failed`.
   */
  readonly deadLetter?: DeadLetters<B>;
  /** Messages taken out of shared memory ahead, as `prefetch` of `join`. Default: 256. */
  readonly prefetch?: number;
  /**
   * Milliseconds that `close` gives to messages which have arrived and handlers that run; `Infinity`
   * for as long as it takes. Default: 5,000.
   */
  readonly drain?: number;
  /**
   * Signals that close the table; when all tables of the process are closed, the signal takes its
   * usual effect. Default: none; `['SIGTERM']` is usual for services.
   */
  readonly closeOn?: NodeJS.Signals | readonly NodeJS.Signals[];
  /**
   * Whether others may see the routes and their counters: the table serves `HandlersService`, the
   * interface `busbar.handlers`, whose labels the endpoint has then, too. Default: false. A test bus
   * serves nothing.
   */
  readonly inspectable?: boolean;
}

/** The options with their defaults. */
export interface HandleSettings {
  readonly label: readonly string[];
  readonly use: readonly Middleware[];
  readonly deadLetter: DeadLetterPlace | undefined;
  readonly prefetch: number | undefined;
  readonly drain: number;
  readonly closeOn: readonly NodeJS.Signals[];
  readonly inspectable: boolean;
}

const names = ['label', 'use', 'deadLetter', 'prefetch', 'drain', 'closeOn', 'inspectable'];
const byDefault = 5000;

/** Checks the options, and fills in the defaults. `join` checks the rest. */
export function settingsOf<B extends MessageBox>(
  given: HandleOptions<B> | undefined,
): HandleSettings {
  const own = checkKeys('handle()', given, names);
  const { label, drain = byDefault, closeOn = [], inspectable = false } = own;
  const signals: readonly unknown[] = typeof closeOn === 'string' ? [closeOn] : closeOn;
  if (!Array.isArray(signals)) {
    throw refused(`closeOn is ${show(closeOn)}; expected signals`, 'closeOn');
  }
  for (const signal of signals) {
    if (typeof signal === 'string' && /^SIG[A-Z0-9]+$/.test(signal)) continue;
    throw refused(`closeOn has ${show(signal)}; expected the name of a signal`, 'closeOn');
  }
  if (typeof inspectable !== 'boolean') {
    throw refused(`inspectable is ${show(inspectable)}; expected true or false`, 'inspectable');
  }
  return {
    label: label === undefined ? [] : typeof label === 'string' ? [label] : label,
    use: middlewareOf('handle()', own.use),
    deadLetter: own.deadLetter as DeadLetterPlace | undefined,
    prefetch: own.prefetch,
    drain: checkDelay('drain', drain),
    closeOn: signals as readonly NodeJS.Signals[],
    inspectable,
  };
}
