// What a wire can run over, as programs give it.
import type { Carrier, Dialer, Listener } from './carrier.js';
import { type DuplexLike, isDuplex, StreamCarrier } from './carriers/stream.js';
import { optionError } from './errors.js';

/** What a wire can run over: a duplex stream of Node, or something else that carries bytes. */
export type WirePlace = DuplexLike | Carrier;

/** Carriers of streams, so that both directions of a program find the same wire. */
const carriers = new WeakMap<object, Carrier>();

/**
 * The carrier of a place.
 * @throws WireError `WIRE_OPTION`.
 */
export function carrierOf(place: unknown): Carrier {
  if (isCarrier(place)) return place;
  if (!isDuplex(place)) {
    throw optionError(`a wire needs a duplex stream, a carrier or an address, not ${typeof place}`);
  }
  let carrier = carriers.get(place);
  if (carrier === undefined) {
    carrier = new StreamCarrier(place, place, { name: 'stream' });
    carriers.set(place, carrier);
  }
  return carrier;
}

function isCarrier(value: unknown): value is Carrier {
  return hasMethods(value, ['open', 'write', 'close', 'destroy']);
}

/** Whether a value can be dialled. */
export function isDialer(value: unknown): value is Dialer {
  return hasMethods(value, ['dial']);
}

/** Whether a value waits for others to connect. */
export function isListener(value: unknown): value is Listener {
  return hasMethods(value, ['listen', 'close']);
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
