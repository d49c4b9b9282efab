// What the layer `wire` needs of this one: sessions over a port of its own. None of it loads the bus,
// so that wires run in a browser, too. It is no entry of the package.
export { connectOneOrMore, nestedClient } from './connecting.js';
export type { Clients, OptionsParameter, Servers, Services } from './entry-types.js';
export * from './exports.js';
export { afterReactions, asyncDispose, clearTimeout, setTimeout } from './host.js';
export { IdMap } from './id-map.js';
export { type Member, type Members, membersOf } from './members.js';
export { checkNames } from './options.js';
export {
  type Attachments,
  full,
  gone,
  type IncomingFrame,
  type PeerSet,
  type Port,
  type PortEvents,
  type PortPeer,
  type Target,
} from './port.js';
export { needsAttachments } from './relay/attaching.js';
export { Relay, type RelaySetup } from './relay/relay.js';
export { limitNames, limitsOf as callLimitsOf } from './server/limits.js';
export { type AnyServeOptions, serveOneOrMore } from './serving.js';
export { Session } from './session.js';
export {
  answerKind,
  codecNumber,
  codecOf,
  flag,
  formatOf,
  kindOf,
  memberKind,
} from './wire/format.js';
export { readMetadata, writeMetadata } from './wire/metadata.js';
export { answerType, describeType, type NamedType, pingType, statsType } from './wire/types.js';
