// What the entries of this layer have in common. None of it loads the bus, or anything of Node.
export type { Carrier, CarrierEvents, Dialer, Listener } from './carrier.js';
export { type ByteWire, type ByteWireOptions, byteWire } from './carriers/byte-wire.js';
export type { DuplexLike, ReadableLike, WritableLike } from './carriers/stream.js';
export { type ConnectWireOptions, connectWire } from './connect-wire.js';
export { WireError, type WireErrorCode } from './errors.js';
export type { WireLimits } from './limits.js';
export type { WireEvent, WireOptions } from './options.js';
export type { WirePlace } from './places.js';
export type { ServeParameters } from './serve-wire.js';
export type { ServeWireOptions } from './serving.js';
