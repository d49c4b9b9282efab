// handle(): joins with an endpoint of its own, and puts a table to work on it.
import { show } from '../../base/show.js';
import { type Endpoint, join, type MessageBox, type Selector } from '../../index.js';
import { type Bus, type EmbeddedServices, embedServices, serviceLabels } from '../rpc/index.js';
import { counted } from './call-rows.js';
import { refused } from './checks.js';
import { type Beside, Handlers } from './handlers.js';
import { HandlersService, inspection } from './inspection.js';
import { destinationOf, makePlan } from './make-plan.js';
import { type HandleOptions, type HandleSettings, settingsOf } from './options.js';
import type { Plan } from './plan.js';
import { realClock, type Seat } from './seat.js';
import { closeOn } from './signals.js';
import type { Destination, FullTable } from './types.js';

/** Puts a table to work on an endpoint of its own, in this thread; see `handle`. */
export async function handleHere<B extends MessageBox>(
  bus: Bus,
  box: B,
  table: FullTable<B>,
  options?: HandleOptions<B>,
): Promise<Handlers<B>> {
  const settings = settingsOf(options);
  const given = makePlan(box, table, settings);
  const inspecting = settings.inspectable ? [inspection(() => handlers.routes())] : [];
  const plan: Plan = { ...given, services: [...given.services, ...inspecting] };
  const { name, ...joining } = partsOf(bus);
  const { prefetch } = settings;
  const services = serviceLabels(plan.services.map(({ source }) => source));
  const endpoint = await join(name, {
    ...joining,
    ...(prefetch === undefined ? {} : { prefetch }),
    label: [...new Set([...settings.label, ...services])],
    messages: plan.box,
  });
  const handlers = new Handlers<B>(plan, seatOf(endpoint), realClock, settings.drain);
  endpoint.on('rejected', (event) => handlers.tell('rejected', event));
  endpoint.on('close', (error) => handlers.ended(error));
  try {
    await handlers.start(await besideOf(bus, endpoint, plan, settings));
  } catch (error) {
    await endpoint.close().catch(() => undefined);
    throw error;
  }
  const stops = settings.closeOn.map((signal) => closeOn(signal, () => handlers.close()));
  handlers.onClosed(() => {
    for (const stop of stops) stop();
  });
  return handlers;
}

/**
 * Says in a table that a type is sent, and to whom: `sender.emit(box.Pong())` goes to this selector.
 * A string means `unicast`. Without an argument, handlers name the receivers themselves.
 * @throws SelectorSyntaxError if a text is no label expression.
 */
export function emits(to?: Selector | string): Destination {
  return Object.freeze({ emits: destinationOf(to) });
}

function seatOf(endpoint: Endpoint<MessageBox>): Seat {
  return endpoint as unknown as Seat;
}

function partsOf(bus: Bus): Exclude<Bus, string> {
  if (typeof bus === 'string') return { name: bus };
  if (typeof bus === 'object' && bus !== null) return bus;
  throw refused(`the bus is ${show(bus)}; expected its name, or { name }`, 'bus');
}

async function besideOf(
  bus: Bus,
  endpoint: Endpoint<MessageBox>,
  { services }: Plan,
  { use }: HandleSettings,
): Promise<Beside | undefined> {
  if (services.length === 0) return undefined;
  // Those who look at a table are no traffic of it.
  const parts = services.map((each) =>
    each.source === HandlersService ? { ...each, rows: [] } : { ...each, ...counted(each, use) },
  );
  // The own service calls nobody, so it needs no second endpoint.
  const calls = services.some(({ source }) => source !== HandlersService);
  const embedded: EmbeddedServices = await embedServices(calls ? bus : undefined, endpoint, parts);
  return {
    calls: parts.flatMap(({ rows }) => rows),
    accept: (message) => embedded.accept(message),
    close: (milliseconds) => embedded.close(milliseconds),
  };
}
