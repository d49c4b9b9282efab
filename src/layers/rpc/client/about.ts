// Questions that every server answers, whatever it serves.
import { type Interface, shapeOf, t } from '../../interface/entry-values.js';
import { UnaryCall } from '../caller/unary-call.js';
import type { Member } from '../members.js';
import { type CallOptions, checkCall } from '../options.js';
import type { ClientOf } from '../types.js';
import { memberKind } from '../wire/format.js';
import { describeType, type NamedType, pingType, statsType } from '../wire/types.js';
import { coreOf } from './client.js';

/** What a server says about one of its services. */
export interface ServiceStats {
  /** The name of the interface. */
  readonly interface: string;
  /** The version of the interface. */
  readonly version: string;
  /** Calls whose methods have not returned yet. */
  readonly running: number;
  /** Calls that wait for one of those. */
  readonly queued: number;
  /** Whether it takes no more calls. */
  readonly leaving: boolean;
  /** How often its endpoint has dropped the answers to a caller that took too few of them. */
  readonly overruns: number;
  /** Milliseconds since it was served. */
  readonly uptimeMs: number;
  /** Its methods, properties and signals. */
  readonly members: readonly MemberStats[];
}

/** The counters of one member. */
export interface MemberStats {
  /** The member's name. */
  readonly name: string;
  /** Calls that were begun. */
  readonly calls: number;
  /** Those that failed with an error that the interface does not declare, or a wrong result. */
  readonly failures: number;
  /** Milliseconds from the beginning of each call to its end, in all. */
  readonly busyMs: number;
  /** Clients that listen to the signal or watch the property. */
  readonly subscribers: number;
}

const anything = shapeOf(t.any);

const memberOf = ({ name, id }: NamedType): Member => ({
  kind: 'method',
  name: name.slice(name.indexOf('.') + 1),
  interface: 'busbar',
  type: id,
  args: undefined,
  returns: anything,
  item: undefined,
  input: undefined,
  errors: new Map(),
  idempotent: true,
  writable: false,
});

const describing = memberOf(describeType);
const pinging = memberOf(pingType);
const counting = memberOf(statsType);

/**
 * Asks a server of a client's interface for the models of all interfaces that it serves; see
 * `modelOf` in `busbar/interface`. `to` chooses the server.
 */
export async function describe<I extends Interface>(
  client: ClientOf<I>,
  options?: CallOptions,
): Promise<readonly unknown[]> {
  const { interfaces } = (await ask(client, describing, options)) as { interfaces: unknown };
  return Array.isArray(interfaces) ? interfaces : [];
}

/** Resolves when a server of a client's interface has answered: its event loop turns. */
export async function ping<I extends Interface>(
  client: ClientOf<I>,
  options?: CallOptions,
): Promise<void> {
  await ask(client, pinging, options);
}

/** Asks a server of a client's interface for its counters, one entry for each of its services. */
export async function stats<I extends Interface>(
  client: ClientOf<I>,
  options?: CallOptions,
): Promise<readonly ServiceStats[]> {
  const { services } = (await ask(client, counting, options)) as { services: unknown };
  return Array.isArray(services) ? services : [];
}

function ask(client: object, member: Member, options: CallOptions | undefined): Promise<unknown> {
  const core = coreOf(client);
  if (options !== undefined) checkCall(options);
  const request = core.requestOf(member, memberKind.call, null, options);
  const call = new UnaryCall(core.session.caller, request, core.terms(options, true));
  core.session.caller.start(call);
  return call.promise;
}
