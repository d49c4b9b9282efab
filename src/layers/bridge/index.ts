// What bridges to brokers have in common: rules, queues, counters, loop tags, names, and the bus side
// of messages. It is no entry of the package; the layer of each broker exports what its users need.
export { type ArrivingMessage, BusSink, InFlow } from './bus-sink.js';
export { BusSource, type LeavingMessage } from './bus-source.js';
export { checkKeys, checkWhole, refused } from './checks.js';
export {
  type DropCounts,
  type DropReason,
  RuleCounters,
  type RuleCounts,
} from './counters.js';
export { DuplicateWindow, windowSize } from './duplicates.js';
export { BridgeError, type BridgeErrorCode } from './errors.js';
export {
  addHop,
  hopBytes,
  hopsOfText,
  hopsToText,
  judgeHops,
  maxHops,
  newBridgeId,
  noPassage,
  type Origin,
  originOfText,
  originToText,
  type Passage,
  readPassage,
  writePassage,
} from './hops.js';
export { type LossReport, LossWatch, type RuleLoss } from './losses.js';
export { type NameCoding, nameCoding, usualSafe } from './names.js';
export { type QueueLimits, RuleQueue, type WhenQueueFull } from './queue.js';
export {
  type CheckedInRule,
  type CheckedOutRule,
  checkInRules,
  checkInterfaces,
  checkOutRules,
  type InRule,
  type ListedType,
  type MessageRule,
  type OutRule,
  TypeList,
} from './rules.js';
