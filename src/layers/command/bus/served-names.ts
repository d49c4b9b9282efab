// What the servers of a bus serve, as their labels say. Loads nothing: most commands need no more.
import type { Peer } from '../../../index.js';

/** An interface as the labels of a server name it. */
export interface ServedName {
  readonly name: string;
  readonly major: number;
}

/** The interfaces that a label names: each is there with and without its major version. */
export function servedNames(label: readonly string[]): readonly ServedName[] {
  return label.flatMap((text) => {
    const [, name, major] = /^([^/]+)\/(\d{1,5})$/.exec(text) ?? [];
    if (name === undefined || !label.includes(name)) return [];
    return [{ name, major: Number(major) }];
  });
}

/** One server of each set of interfaces, enough to know them all. */
export function oneOfEach(peers: readonly Peer[]): readonly Peer[] {
  const found = new Map<string, Peer>();
  for (const peer of peers) {
    const names = servedNames(peer.label);
    if (names.length === 0) continue;
    const key = names.map(({ name, major }) => `${name}/${major}`).join('\n');
    if (!found.has(key)) found.set(key, peer);
  }
  return [...found.values()];
}
