// What the layer `wire` needs of this one: sessions over a port of its own. None of it loads the bus,
// so that wires run in a browser, too. It is no entry of the package. Bridges use it as well.

export type { Versioned } from './caller/property-call.js';
export type { Watch } from './caller/watch.js';
export { ClientCore } from './client/client-core.js';
export { connectOneOrMore, nestedClient } from './connecting.js';
export type { Clients, OptionsParameter, Servers, Services } from './entry-types.js';
export * from './exports.js';
export { afterReactions, asyncDispose, clearTimeout, setTimeout } from './host.js';
export { IdMap } from './id-map.js';
export { type Member, type MemberKind, type Members, membersOf } from './members.js';
export { checkNames } from './options.js';
export {
  type Attachments,
  full,
  gone,
  type IncomingFrame,
  PeerSet,
  type Port,
  type PortEvents,
  type PortPeer,
  relayLabel,
  type Target,
} from './port.js';
export { needsAttachments } from './relay/attaching.js';
export { Relay, type RelaySetup } from './relay/relay.js';
export type { RemoteMember } from './server/handler.js';
export { limitNames, limitsOf as callLimitsOf } from './server/limits.js';
export type { RunningCall } from './server/running-call.js';
export { ServiceCore } from './server/service-core.js';
export { PassedOn } from './server/write-error.js';
export { type AnyServeOptions, closeService, refuseTwice, serveOneOrMore } from './serving.js';
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
export { versionToWire } from './wire/version.js';
