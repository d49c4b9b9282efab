// Sessions over the bus. A service joins with an endpoint of its own; all clients of one thread on
// one bus share one.
import { type JoinOptions, join, type RawBox, raw } from '../../index.js';
import { nestedClient } from './connecting.js';
import { refusal } from './options.js';
import { EndpointPort } from './ports/endpoint-port.js';
import { Session } from './session.js';

/** The options of `join` that a session may have. */
export interface BusOptions
  extends Omit<JoinOptions<RawBox>, 'label' | 'messages' | 'whenFull' | 'prefetch'> {
  /** The name of the bus. */
  readonly name: string;
}

/** A bus: its name, or its name with options of `join`. */
export type Bus = string | BusOptions;

/** Sessions of clients by their bus, while they are open. */
const shared = new Map<string, Promise<Session>>();

/** Joins with an endpoint of its own. */
export async function openBus(bus: Bus, label: readonly string[]): Promise<Session> {
  return open(bus, label, () => undefined);
}

/** The endpoint that clients of this thread share. */
export function shareBus(bus: Bus): Promise<Session> {
  const key = keyOf(bus);
  const known = shared.get(key);
  if (known !== undefined) return known;
  const forget = () => {
    if (shared.get(key) === opening) shared.delete(key);
  };
  const opening: Promise<Session> = open(bus, [], forget);
  shared.set(key, opening);
  opening.catch(forget);
  return opening;
}

/**
 * @internal Joins with an endpoint of its own, for the calls of another layer. `onEnd` is called once,
 * when the session closes or its endpoint is gone. `label` is for those who call it.
 */
export function openCalls(
  bus: Bus,
  onEnd: () => void,
  label: readonly string[] = [],
): Promise<Session> {
  return open(bus, label, onEnd);
}

/** @internal A session that serves on a bus what another layer can reach, which changes. */
export interface Offering {
  readonly session: Session;
  /** Has these labels from now on; repeated calls take effect in their order. */
  offer(label: readonly string[]): void;
}

/** @internal Joins with an endpoint of its own, for services of another layer. `onEnd` as above. */
export async function openOffers(
  bus: Bus,
  label: readonly string[],
  onEnd: () => void,
): Promise<Offering> {
  const { name, options } = partsOf(bus);
  const endpoint = await join(name, { ...options, label, messages: raw });
  const session = new Session(new EndpointPort(endpoint), nestedClient, onEnd);
  let changing = Promise.resolve();
  return {
    session,
    offer: (labels) => {
      // One after the other, and none left out: callers wait for a change.
      changing = changing.then(async () => {
        // Members go by what they know, if there is no controller to tell them.
        if (!endpoint.closed) await endpoint.relabel(labels).catch(() => undefined);
      });
    },
  };
}

async function open(bus: Bus, label: readonly string[], onEnd: () => void): Promise<Session> {
  const { name, options } = partsOf(bus);
  const endpoint = await join(name, { ...options, label, messages: raw });
  return new Session(new EndpointPort(endpoint), nestedClient, onEnd);
}

function partsOf(bus: Bus): { name: string; options: Omit<BusOptions, 'name'> } {
  if (typeof bus === 'string') return { name: bus, options: {} };
  if (typeof bus !== 'object' || bus === null) {
    throw refusal(`the bus is ${String(bus)}; expected its name, { name }, or a message port`);
  }
  const { name, ...options } = bus;
  for (const taken of ['label', 'messages']) {
    if (taken in options) throw refusal(`the bus cannot have the option '${taken}'`);
  }
  return { name, options };
}

// Equal options mean the same endpoint. A signal concerns one joining only.
function keyOf(bus: Bus): string {
  const { name, options } = partsOf(bus);
  const { signal: _, ...rest } = options;
  return JSON.stringify([name, Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
