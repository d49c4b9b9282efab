// The entry `busbar/nats`: a bridge between a bus and NATS.
export {
  BridgeError,
  type BridgeErrorCode,
  type DropCounts,
  type DropReason,
  type InRule,
  type ListedType,
  type LossReport,
  type MessageRule,
  type OutRule,
  type RuleCounts,
  type RuleLoss,
  type WhenQueueFull,
} from '../bridge/index.js';
export {
  bridgeNats,
  NatsBridge,
  type NatsBridgeCounts,
  type NatsBridgeEvents,
} from './bridge.js';
export type { NatsPlace } from './link.js';
export type { NatsBridgeOptions, NatsInRule, NatsOutRule } from './options.js';
