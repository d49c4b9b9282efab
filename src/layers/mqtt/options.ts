// The options of a bridge for messages. All of them are checked before anything connects.
import { show } from '../../base/show.js';
import {
  type CheckedInRule,
  type CheckedOutRule,
  checkInRules,
  checkKeys,
  checkOutRules,
  checkWhole,
  type InRule,
  type OutRule,
  refused,
} from '../bridge/index.js';
import { type BrokerOptions, brokerOptionNames } from './connection.js';
import type { Listening } from './messages/in-subscription.js';
import type { Publishing } from './messages/out-flow.js';
import { isFilter, isTopic } from './messages/topics.js';

/** Messages that leave the bus for the broker. */
export interface MqttOutRule extends OutRule {
  /** One topic for all messages of this rule. Default: each type has its own. */
  readonly topic?: string | undefined;
  /**
   * 0: at most once. 1: a message waits until the broker has confirmed it, and is sent again after the
   * connection was lost. Default: 1.
   */
  readonly qos?: 0 | 1 | undefined;
  /** Whether the broker keeps the newest message of each topic for later subscribers. Default: false. */
  readonly retain?: boolean | undefined;
}

/** Messages that come from the broker onto the bus. */
export interface MqttInRule extends InRule {
  /**
   * The filters to listen to, with `+` and `#`. A message on another topic than its type's says its
   * type in the user property `Busbar-Type`, or the rule lists one type only. Default: the topics of
   * the listed types.
   */
  readonly topics?: readonly string[] | undefined;
  /** The name of a shared subscription: each message goes to one of its members. Default: none. */
  readonly share?: string | undefined;
  /**
   * 1: the broker sends a message again until it is on the bus, or waits here for its receiver.
   * Messages that come twice are dropped. Default: 1.
   */
  readonly qos?: 0 | 1 | undefined;
  /** Whether messages come that the broker has kept, each time it is connected. Default: false. */
  readonly retained?: boolean | undefined;
}

/** What crosses a bridge, and how. */
export interface MqttBridgeOptions extends BrokerOptions {
  /** The topics and payloads of Busbar. Default: this one. */
  readonly profile?: undefined;
  /** What topics begin with: `busbar/<domain>`. Default: the name of the bus. */
  readonly domain?: string | undefined;
  /** Messages that leave the bus. Default: none. */
  readonly out?: readonly MqttOutRule[] | undefined;
  /** Messages that come onto the bus. Default: none. */
  readonly in?: readonly MqttInRule[] | undefined;
  /**
   * Seconds that the broker keeps messages of `in` with QoS 1 while the bridge is away. Default:
   * 3,600.
   */
  readonly sessionSeconds?: number | undefined;
  /** Milliseconds that messages under way get when the bridge closes. Default: 5,000. */
  readonly linger?: number | undefined;
}

/** The options with all values. */
export interface Settings {
  readonly domain: string;
  readonly out: readonly { readonly rule: CheckedOutRule; readonly publishing: Publishing }[];
  readonly in: readonly { readonly rule: CheckedInRule; readonly listening: Listening }[];
  readonly sessionSeconds: number;
  readonly linger: number;
}

const names = [...brokerOptionNames, 'profile', 'domain', 'out', 'in', 'sessionSeconds', 'linger'];
const mostFilters = 256;

/** Checks the options. @throws InvalidArgumentError with the path of what is wrong. */
export function messageSettingsOf(bus: string, given: MqttBridgeOptions): Settings {
  const options = checkKeys('bridgeMqtt()', given, names);
  const { domain = bus, sessionSeconds = 3600, linger = 5000 } = options;
  if (typeof domain !== 'string' || domain === '') {
    throw refused(`domain is ${show(domain)}; expected a text`, 'domain');
  }
  const out = checkOutRules(options.out, ['topic', 'qos', 'retain']);
  const come = checkInRules(options.in, ['topics', 'share', 'qos', 'retained']);
  if (out.length + come.length === 0) {
    throw refused('nothing crosses this bridge: give rules in out or in', 'out');
  }
  return {
    domain,
    out: out.map(({ rule, given: each }, index) => ({
      rule,
      publishing: publishingOf(`out[${index}]`, each),
    })),
    in: come.map(({ rule, given: each }, index) => ({
      rule,
      listening: listeningOf(`in[${index}]`, each),
    })),
    sessionSeconds: checkWhole('sessionSeconds', sessionSeconds, 0, 0xffff_fffe),
    linger: checkWhole('linger', linger, 0, 0x7fff_ffff),
  };
}

function publishingOf(where: string, { topic, qos, retain = false }: MqttOutRule): Publishing {
  if (topic !== undefined && (typeof topic !== 'string' || !isTopic(topic))) {
    const text = `${where}.topic is ${show(topic)}; expected a topic without wildcards`;
    throw refused(text, 'topic');
  }
  return { topic, qos: qosOf(where, qos), retain: flagOf(`${where}.retain`, retain) };
}

function listeningOf(where: string, given: MqttInRule): Listening {
  const { topics, share, qos, retained = false } = given;
  if (share !== undefined && (typeof share !== 'string' || !/^[^/+#\0]{1,255}$/.test(share))) {
    throw refused(`${where}.share is ${show(share)}; expected a name without /, + and #`, 'share');
  }
  if (topics !== undefined) checkFilters(where, topics);
  return {
    topics,
    share,
    qos: qosOf(where, qos),
    retained: flagOf(`${where}.retained`, retained),
  };
}

function checkFilters(where: string, topics: unknown): void {
  if (!Array.isArray(topics) || topics.length === 0 || topics.length > mostFilters) {
    const text = `${where}.topics is ${show(topics)}; expected 1 to ${mostFilters} filters`;
    throw refused(text, 'topics');
  }
  for (const each of topics as readonly unknown[]) {
    if (typeof each === 'string' && isFilter(each)) continue;
    throw refused(`${where}.topics has ${show(each)}; expected levels, '+' or '#'`, 'topics');
  }
}

function qosOf(where: string, qos: unknown = 1): 0 | 1 {
  if (qos === 0 || qos === 1) return qos;
  throw refused(`${where}.qos is ${show(qos)}; expected 0 or 1`, 'qos');
}

function flagOf(where: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw refused(`${where} is ${show(value)}; expected true or false`, where);
}
