// What layers need of this one that carry wires over something that this one does not know, such as a
// broker. It is no entry of the package.
export * from './exports.js';
export { settingsOf as wireSettingsOf } from './options.js';
export type { WireRelay } from './relay-wire.js';
export { serveWire } from './serve.js';
export { WireSession } from './wire-session.js';
