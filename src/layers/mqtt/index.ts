// The entry `busbar/mqtt`: a bus and a broker of MQTT 5. Nothing crosses unless it is listed.
import { InvalidArgumentError } from '../../index.js';
import type { Bus } from '../rpc/index.js';
import type { MqttBridge } from './bridge.js';
import { settingsOf } from './connection.js';
import { type MqttBridgeOptions, messageSettingsOf } from './options.js';
import type { StingerBridge } from './stinger/bridge.js';
import { type StingerBridgeOptions, stingerSettingsOf } from './stinger/options.js';

export {
  BridgeError,
  type BridgeErrorCode,
  type DropCounts,
  type InRule,
  type ListedType,
  type LossReport,
  type MessageRule,
  type OutRule,
  type RuleCounts,
  type RuleLoss,
  type WhenQueueFull,
} from '../bridge/index.js';
export { MissingPackageError } from '../interface/entry-values.js';
export type { Bus } from '../rpc/index.js';
export type { MqttBridge, MqttBridgeCounts, MqttBridgeEvents } from './bridge.js';
export type { BrokerOptions, BrokerTls } from './connection.js';
export type { MqttBridgeOptions, MqttInRule, MqttOutRule } from './options.js';
export type { StingerBridge, StingerBridgeEvents } from './stinger/bridge.js';
export type { StingerCounters, StingerRefusals } from './stinger/counters.js';
export type { StingerInstance } from './stinger/imported.js';
export type { StingerBridgeOptions } from './stinger/options.js';
export type { StingerTopics } from './stinger/topics.js';

/**
 * Connects a bus with a broker of MQTT 5 at `broker`, as `mqtt://127.0.0.1:1883`. Resolves when it is
 * connected and its subscriptions are in force. It connects again by itself when a connection ends.
 *
 * With the profile `stinger` it uses the topics, payloads and return codes of programs that
 * `stinger-ipc` has generated; without, it carries messages by rules.
 *
 * @throws InvalidArgumentError if the address or an option is wrong; BridgeError `CANNOT_CONNECT` or
 * `CANNOT_SUBSCRIBE`; MissingPackageError without the package `mqtt`; and what `join` throws.
 */
export function bridgeMqtt(
  bus: Bus,
  broker: string,
  options: StingerBridgeOptions,
): Promise<StingerBridge>;
export function bridgeMqtt(
  bus: Bus,
  broker: string,
  options: MqttBridgeOptions,
): Promise<MqttBridge>;
export async function bridgeMqtt(
  bus: Bus,
  broker: string,
  options: StingerBridgeOptions | MqttBridgeOptions,
): Promise<StingerBridge | MqttBridge> {
  const given = Object(options) as StingerBridgeOptions | MqttBridgeOptions;
  const at = settingsOf(broker, given);
  const name = typeof bus === 'string' ? bus : bus.name;
  if (given.profile === undefined) {
    const settings = messageSettingsOf(name, given);
    const { bridgeMessages } = await import('./bridge.js');
    return bridgeMessages(bus, at, settings);
  }
  const { profile } = given as { readonly profile: unknown };
  if (profile !== 'stinger') {
    const text = `profile is ${String(profile)}; known: 'stinger'`;
    throw new InvalidArgumentError(text, { option: 'profile' });
  }
  const settings = stingerSettingsOf(name, given);
  const { bridgeStinger } = await import('./stinger/bridge.js');
  return bridgeStinger(bus, at, settings);
}
