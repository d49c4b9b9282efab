// Services on an endpoint that another layer reads: it gives the messages of types that are not its
// own to these services. Their nested calls go by the endpoint that the clients of this thread
// share, since an answer must not wait behind messages that the other layer does not take.
import type { Endpoint, MessageBox, RawBox, Received } from '../../index.js';
import type { Interface } from '../interface/entry-values.js';
import { type Bus, shareBus } from './bus.js';
import { nestedClient } from './connecting.js';
import { membersOf } from './members.js';
import { carriesCalls } from './ports/carried.js';
import { EmbeddedPort } from './ports/embedded-port.js';
import { type AnyServeOptions, serveWith } from './serving.js';
import { Session } from './session.js';
import { answerType, describeType, pingType, statsType } from './wire/types.js';

/** @internal An interface with its implementation and options. */
export interface EmbeddedService {
  readonly source: Interface;
  readonly implementation: object;
  readonly options: AnyServeOptions;
}

/** @internal Services of an endpoint that another layer reads. */
export interface EmbeddedServices {
  /**
   * Takes a message that arrived as the raw box has it; returns whether it belongs to a service, or
   * to a call.
   */
  accept(message: unknown): boolean;
  /** Ends the services; methods that run get some milliseconds. The endpoint stays open. */
  close(linger: number): Promise<void>;
}

/** @internal The labels by which callers find services of these interfaces. */
export function serviceLabels(sources: readonly Interface[]): readonly string[] {
  return sources.map(membersOf).flatMap(({ name, label }) => [name, label]);
}

/**
 * @internal Serves on an open endpoint that has the labels of the interfaces. `bus` is for calls that
 * methods make by `call.client()`; without it they make none.
 * @throws InvalidArgumentError if an implementation or an option is wrong.
 */
export async function embedServices(
  bus: Bus | undefined,
  endpoint: Endpoint<MessageBox>,
  services: readonly EmbeddedService[],
): Promise<EmbeddedServices> {
  const clients = bus === undefined ? undefined : await shareBus(bus);
  clients?.use();
  const port = new EmbeddedPort(endpoint as unknown as Endpoint<RawBox>);
  const session = new Session(
    port,
    (_, call, source, options) => {
      if (clients === undefined) throw new TypeError('the methods of this service make no calls');
      return nestedClient(clients, call, source, options);
    },
    () => undefined,
  );
  const types = typesOf(services);
  carriesCalls(endpoint.id, types);
  const open: { close(options: { linger: number }): Promise<void> }[] = [];
  const close = async (linger: number) => {
    await Promise.all(open.map((service) => service.close({ linger })));
    await clients?.release(linger);
  };
  try {
    for (const { options, ...served } of services) {
      open.push(...((await serveWith(() => session, [served], options)) as typeof open));
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  return {
    accept: (message) => {
      const received = message as Received<RawBox>;
      if (!types.has(received.type)) return false;
      session.frame(port.frameOf(received));
      return true;
    },
    close,
  };
}

// Also those of a service that has ended: its callers must hear so.
function typesOf(services: readonly EmbeddedService[]): ReadonlySet<string> {
  const members = services.flatMap(({ source }) => [...membersOf(source).byName.values()]);
  const own = members.map(({ type }) => type);
  return new Set([answerType.id, describeType.id, pingType.id, statsType.id, ...own]);
}
