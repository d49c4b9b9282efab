// The entry `busbar/wire`: calls, streams, properties and signals of an interface over anything that
// carries bytes in order. It does not load the bus.
export type { SocketListener } from './carriers/sockets.js';
export { spawnWire, stdio } from './carriers/stdio.js';
export { type TcpOptions, tcp } from './carriers/tcp.js';
export { type TlsAddress, type TlsListenOptions, tls } from './carriers/tls.js';
export { unixSocket } from './carriers/unix-socket.js';
export type { WebSocketClass, WebSocketLike, WebSocketOptions } from './carriers/web-socket.js';
export {
  type WebSocketListener,
  type WebSocketListenOptions,
  webSocket,
} from './carriers/web-socket-server.js';
export * from './exports.js';
export type { RelayOptions, WireRelay } from './relay-wire.js';
export { serveWire } from './serve.js';
