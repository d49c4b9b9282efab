// The options of this layer. Wrong ones are refused at once.
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { optionChecks } from '../../base/option-checks.js';
import { show } from '../../base/show.js';
import { InvalidArgumentError } from '../../index.js';

/** Options of `instrument`. */
export interface InstrumentOptions {
  /** Makes the tracer. Default: the global provider, as the SDK registers it. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Makes the meter. Default: the global provider. */
  readonly meterProvider?: MeterProvider | undefined;
  /**
   * Whether plain messages have spans and counts, too: one span where a message was sent, one where
   * it is received. Default: false, since a message may take less time than its span.
   */
  readonly messaging?: boolean | undefined;
  /**
   * Who decides about a call within a trace that is sampled out. Default: `'parent'`, the call has no
   * span, and the sampler is not asked. It would decide so, too, if it is a `ParentBased` one, as the
   * SDK's default. With `'sampler'` it is asked for each call, which takes longer.
   */
  readonly sampling?: 'parent' | 'sampler' | undefined;
}

function refused(text: string, option: string): InvalidArgumentError {
  return new InvalidArgumentError(text, { option });
}

const { checkKeys } = optionChecks(refused);

/** Refuses options that do not exist or have the wrong type. */
export function checked(options: InstrumentOptions): InstrumentOptions {
  checkKeys('instrument', options, ['tracerProvider', 'meterProvider', 'messaging', 'sampling']);
  const { tracerProvider, meterProvider, messaging, sampling } = options;
  checkMethod('tracerProvider', tracerProvider, 'getTracer');
  checkMethod('meterProvider', meterProvider, 'getMeter');
  if (messaging !== undefined && typeof messaging !== 'boolean') {
    throw refused(`messaging is ${show(messaging)}; expected true or false`, 'messaging');
  }
  if (sampling !== undefined && sampling !== 'parent' && sampling !== 'sampler') {
    throw refused(`sampling is ${show(sampling)}; expected 'parent' or 'sampler'`, 'sampling');
  }
  return options;
}

function checkMethod(option: string, value: object | undefined, method: string): void {
  if (value === undefined) return;
  const has = typeof (value as Record<string, unknown> | null)?.[method] === 'function';
  if (!has)
    throw refused(`${option} is ${show(value)}; expected an object with ${method}()`, option);
}
