// The rules for src/layers: a layer sees the bus and the layers below it by their entries, and the
// bus sees no layer.
import type { SourceFile } from './files.js';

/** The layers by rank. A layer imports those of a lower rank only. */
const ranks: readonly (readonly string[])[] = [
  ['interface'],
  ['rpc'],
  ['documents', 'wire', 'handlers', 'journal', 'opentelemetry', 'sql', 'bridge'],
  ['gateway', 'nats', 'mqtt'],
  ['command'],
];

/** The packages that only one layer needs: its optional peer dependencies. */
const peers: Readonly<Record<string, readonly string[]>> = {
  interface: ['yaml'],
  mqtt: ['mqtt'],
  nats: ['@nats-io/transport-node'],
  opentelemetry: ['@opentelemetry/api'],
  sql: ['better-sqlite3'],
  wire: ['ws'],
};

/** Layers that are no entry of the package. */
const withoutEntry: readonly string[] = ['bridge', 'command'];

/** What users can import beside the bus: the entries of the layers that have one. */
export const entries = [
  ...ranks
    .flat()
    .filter((layer) => !withoutEntry.includes(layer))
    .map((layer) => `busbar/${layer}`),
  'busbar/rpc/message-port',
  'busbar/wire/browser',
  'busbar/gateway/client',
];

/** The packages that a file may import because of its layer. */
export function peersOf({ path }: SourceFile): readonly string[] {
  return peers[layerOf(path) ?? ''] ?? [];
}

/** 'src/layers/rpc/serve.ts' -> 'rpc' */
function layerOf(path: string): string | undefined {
  return /^src\/layers\/([^/]+)\//.exec(path)?.[1];
}

/** Plain helpers below the bus and the layers, which both import. */
const base = 'src/base/';

/** What is wrong with an import from or of a layer; `undefined` if no layer is concerned. */
export function inLayers(from: string, to: string): string[] | undefined {
  if (from.startsWith(base))
    return to.startsWith(base) ? [] : [`src/base imports only itself, not '${to}'`];
  if (to.startsWith(base)) return [];
  const [layer, other] = [layerOf(from), layerOf(to)];
  if (layer === undefined) {
    return other === undefined ? undefined : [`the bus imports no layer, not '${to}'`];
  }
  const rank = rankOf(layer);
  if (rank < 0) return [`src/layers/${layer} has no rule`];
  if (layer === other) return [];
  if (other === undefined) {
    return to === 'src/index.ts' ? [] : [`a layer imports the bus by src/index.ts, not '${to}'`];
  }
  if (rankOf(other) >= rank) return [`src/layers/${layer} must not import '${other}'`];
  // Three have a second door: calls one that does not load the bus, for ports of other layers,
  // interfaces one that does not load what reads and writes files, wires one for new carriers.
  const doors = [
    `src/layers/${other}/index.ts`,
    'src/layers/rpc/entry-port.ts',
    'src/layers/interface/entry-values.ts',
    'src/layers/wire/entry-sessions.ts',
  ];
  return doors.includes(to) ? [] : [`a layer is imported by its index.ts, not '${to}'`];
}

function rankOf(layer: string): number {
  return ranks.findIndex((rank) => rank.includes(layer));
}
