// The entry `busbar/gateway`: servers of a bus for programs that can only speak HTTP.
export { GatewayError, type GatewayErrorCode } from './errors.js';
export { type Gateway, serveGateway } from './gateway.js';
export type { FailureBody } from './http/failure.js';
export type { GatewayExchange, GatewayMount, GatewayTarget } from './http/mount.js';
export { Refusal, type RefusalCode } from './http/refusal.js';
export type { StreamAnswer, StreamKind } from './http/stream-answer.js';
export type { GatewayLimits } from './limits.js';
export type { GatewayEvent, GatewayOptions } from './options.js';
export type { GatewayToken, Grant } from './tokens.js';
