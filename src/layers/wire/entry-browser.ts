// The entry `busbar/wire/browser`: wires without anything of Node, for web pages and whatever else has
// WebSockets or bytes.
export {
  type WebSocketClass,
  type WebSocketLike,
  type WebSocketOptions,
  webSocket,
} from './carriers/web-socket.js';
export * from './exports.js';
export { serveWire } from './serve-wire.js';
