// Finds the member of an interface that `thermostat.setTarget` names, among what is served.
import type { Peer } from '../../../index.js';
import type { Interface } from '../../interface/entry-values.js';
import { conditionOf } from '../bus/condition.js';
import { look } from '../bus/look.js';
import { type ServedName, servedNames } from '../bus/served-names.js';
import { describeServers } from '../bus/servers.js';
import type { ChosenBus } from '../bus/which-bus.js';
import { exitCode, Failure } from '../failure.js';
import { didYouMean } from '../nearest.js';
import { type Output, UsageError } from '../usage.js';

/** A member of an interface. */
export interface MemberTarget {
  readonly source: Interface;
  readonly member: string;
}

/** Milliseconds that servers get to describe themselves. */
export const describeTime = 2000;

/** `thermostat.setTarget`, `com.example.thermostat.setTarget`: the interface and its member. */
export function splitTarget(text: string): { readonly short: string; readonly member: string } {
  // The major version may stand between: com.example.thermostat/1.setTarget.
  const [, short, member] = /^(.+?)(?:\/\d+)?\.([A-Za-z]\w*)$/.exec(text) ?? [];
  if (short === undefined || member === undefined) {
    throw new UsageError(`'${text}' is no INTERFACE.MEMBER, as in thermostat.setTarget`);
  }
  return { short, member };
}

/** Whether a short name means an interface: the whole name, or its end. */
export function isMeant(short: string, name: string): boolean {
  return name === short || name.endsWith(`.${short}`);
}

/**
 * Finds a member among the interfaces that are served, asking one server that matches `to`.
 * @throws Failure if nobody serves it, with a guess; UsageError if it has no such member.
 */
export async function servedTarget(
  bus: ChosenBus,
  text: string,
  to: string | undefined,
  output: Output,
): Promise<MemberTarget> {
  const { short, member } = splitTarget(text);
  const source = await servedInterface(
    bus,
    short,
    to,
    output,
    'give its description with --interface FILE',
  );
  checkMember(source, member);
  return { source, member };
}

/**
 * Finds an interface among those that are served, by its name, the end of it, or either with a major
 * version, as in `thermostat/1`. Asks one server that matches `to`.
 * @throws Failure if nobody serves it, with a guess, or if the server does not describe it.
 */
export async function servedInterface(
  bus: ChosenBus,
  text: string,
  to: string | undefined,
  output: Output,
  next = 'ask another one with --to',
): Promise<Interface> {
  const { server, served } = await serverOf(bus, text, to, output);
  const [answer] = await describeServers(bus, [server], describeTime);
  const source = answer?.interfaces.find(
    ({ name, major }) => name === served.name && major === served.major,
  );
  if (source !== undefined) return source;
  const why = answer?.error instanceof Error ? ` (${answer.error.message})` : '';
  throw new Failure(
    exitCode.failed,
    `process ${server.pid} serves ${served.name} and does not describe it${why}; ${next}`,
    answer?.error,
  );
}

/** Refuses a member that an interface does not have. */
export function checkMember(source: Interface, member: string): void {
  const names = memberNames(source);
  if (names.includes(member)) return;
  const guess = didYouMean(member, names);
  throw new UsageError(
    `${source.name} has no '${member}'${guess === '' ? `; it has ${names.join(', ')}` : guess}`,
  );
}

/** Methods, properties and signals. */
export function memberNames({ methods, properties, signals }: Interface): readonly string[] {
  return [methods, properties, signals].flatMap((members) => Object.keys(members));
}

async function serverOf(
  bus: ChosenBus,
  text: string,
  to: string | undefined,
  output: Output,
): Promise<{ readonly server: Peer; readonly served: ServedName }> {
  const [, short = text, major] = /^(.+?)(?:\/(\d+))?$/.exec(text) ?? [];
  await using observer = await look(bus, output);
  const condition = to === undefined ? undefined : conditionOf(to);
  const all = observer.peers.flatMap((server) =>
    servedNames(server.label).map((served) => ({ server, served })),
  );
  const meant = all.filter(
    ({ served }) =>
      isMeant(short, served.name) && (major === undefined || Number(major) === served.major),
  );
  const names = new Set(meant.map(({ served }) => served.name));
  if (names.size > 1) {
    throw new UsageError(`'${short}' may be ${[...names].join(' or ')}; say which`);
  }
  const found = meant.filter(({ server }) => condition === undefined || condition.matches(server));
  // The newest version, if there are several.
  const [newest] = found.sort((a, b) => b.served.major - a.served.major);
  if (newest !== undefined) return newest;
  if (meant.length > 0) {
    throw new Failure(exitCode.nobody, `no server of ${short} matches ${condition?.text ?? ''}`);
  }
  const served = new Set(all.map(({ served: { name } }) => name));
  const ends = new Map([...served].map((name) => [name.slice(name.lastIndexOf('.') + 1), name]));
  const guess = didYouMean(short, [...served, ...ends.keys()]);
  const known =
    served.size === 0 ? 'nobody serves anything there' : `served: ${[...served].join(', ')}`;
  throw new Failure(
    exitCode.nobody,
    `nobody on '${bus.name}' serves '${text}'${guess === '' ? `; ${known}` : guess}`,
  );
}
