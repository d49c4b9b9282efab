// The entry `busbar/mqtt`: a bus and a broker of MQTT 5. Nothing crosses unless it is listed.
import { InvalidArgumentError } from '../../index.js';
import type { Bus } from '../rpc/index.js';
import { settingsOf } from './connection.js';
import type { StingerBridge } from './stinger/bridge.js';
import { type StingerBridgeOptions, stingerSettingsOf } from './stinger/options.js';

export { BridgeError, type BridgeErrorCode } from '../bridge/index.js';
export { MissingPackageError } from '../interface/entry-values.js';
export type { Bus } from '../rpc/index.js';
export type { BrokerOptions, BrokerTls } from './connection.js';
export type { StingerBridge, StingerBridgeEvents } from './stinger/bridge.js';
export type { StingerCounters, StingerRefusals } from './stinger/counters.js';
export type { StingerInstance } from './stinger/imported.js';
export type { StingerBridgeOptions } from './stinger/options.js';
export type { StingerTopics } from './stinger/topics.js';

/**
 * Connects a bus with a broker of MQTT 5 at `broker`, as `mqtt://127.0.0.1:1883`. Resolves when it is
 * connected and its subscriptions are in force. It connects again by itself when the connection ends.
 *
 * With the profile `stinger` it uses the topics, payloads and return codes of programs that
 * `stinger-ipc` has generated.
 *
 * @throws InvalidArgumentError if the address or an option is wrong; BridgeError `CANNOT_CONNECT` or
 * `CANNOT_SUBSCRIBE`; MissingPackageError without the package `mqtt`; and what `join` throws.
 */
export async function bridgeMqtt(
  bus: Bus,
  broker: string,
  options: StingerBridgeOptions,
): Promise<StingerBridge> {
  const connection = settingsOf(broker, Object(options) as StingerBridgeOptions);
  const { profile } = Object(options) as { readonly profile?: unknown };
  if (profile !== 'stinger') {
    throw new InvalidArgumentError(`profile is ${String(profile)}; known: 'stinger'`, {
      option: 'profile',
    });
  }
  const settings = stingerSettingsOf(typeof bus === 'string' ? bus : bus.name, options);
  const { bridgeStinger } = await import('./stinger/bridge.js');
  return bridgeStinger(bus, connection, settings);
}
