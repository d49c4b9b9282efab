// Asks servers for the types of their interfaces. Loaded only where there is a server to ask.
import type { Peer } from '../../../index.js';
import { type Interface, memberTypeId, memberTypeName } from '../../interface/entry-values.js';
import { describeServers } from '../bus/servers.js';
import type { ChosenBus } from '../bus/which-bus.js';
import type { KnownTypes } from './known-types.js';

/** Adds the types of those servers that answer within `timeout` milliseconds. */
export async function learnTypes(
  bus: ChosenBus,
  servers: readonly Peer[],
  timeout: number,
  types: KnownTypes,
): Promise<void> {
  const answers = await describeServers(bus, servers, timeout);
  for (const source of answers.flatMap(({ interfaces }) => interfaces)) add(source, types);
}

function add(source: Interface, types: KnownTypes): void {
  const { methods, properties, signals } = source;
  for (const [members, kind] of [
    [methods, 'method'],
    [properties, 'property'],
    [signals, 'signal'],
  ] as const) {
    for (const name of Object.keys(members)) {
      const type = { name: memberTypeName(source, name), member: kind };
      types.addMember(memberTypeId(source, name), type);
    }
  }
}
