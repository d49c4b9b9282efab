// The headers of a request that say whom it goes to and how long it may take.
import { type LabelExpression, parseLabelExpression } from '../../../index.js';
import type { CallOptions } from '../../rpc/index.js';
import type { Exchange } from '../http/exchange.js';
import { Refusal } from '../http/refusal.js';

const maxTimeout = 0x7fff_ffff;

/** Headers of this layer have one value. */
export function headerOf({ headers }: Exchange, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** The options of a call; the caller's departure aborts it. */
export function callOptionsOf(exchange: Exchange): CallOptions {
  const timeout = timeoutOf(exchange);
  const to = receiversOf(exchange);
  const { signal } = exchange;
  return {
    signal,
    ...(timeout !== undefined && { timeout }),
    ...(to !== undefined && { to }),
  };
}

/** Milliseconds of `busbar-timeout`. */
export function timeoutOf(exchange: Exchange): number | undefined {
  const text = headerOf(exchange, 'busbar-timeout');
  if (text === undefined) return undefined;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : maxTimeout + 1;
  if (value > maxTimeout) {
    throw new Refusal('BAD_REQUEST', 'busbar-timeout is no number of milliseconds');
  }
  return value;
}

/** `busbar-to`, and what the token says beside it. Each is parsed by itself. */
export function receiversOf(exchange: Exchange): LabelExpression | undefined {
  const allowed = exchange.grant?.to;
  const text = headerOf(exchange, 'busbar-to') ?? exchange.target.query.get('to') ?? undefined;
  if (text === undefined) return allowed;
  let wanted: LabelExpression;
  try {
    wanted = parseLabelExpression(text);
  } catch (error) {
    throw new Refusal('BAD_REQUEST', `to: ${(error as Error).message}`);
  }
  return allowed === undefined ? wanted : allowed.and(wanted);
}
