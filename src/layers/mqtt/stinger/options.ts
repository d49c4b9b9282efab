// The options of a bridge with the profile `stinger`, and their checks.
import { show } from '../../../base/show.js';
import { InvalidArgumentError, label, parseLabelExpression } from '../../../index.js';
import { checkKeys, checkWhole } from '../../bridge/index.js';
import type { StingerImport } from '../../interface/index.js';
import { relayLabel } from '../../rpc/entry-port.js';
import { type BrokerOptions, brokerOptionNames } from '../connection.js';
import { checkLevel, type StingerTopics, type Templates, templatesOf } from './topics.js';

/** Options of `bridgeMqtt` with the profile `stinger`. */
export interface StingerBridgeOptions extends BrokerOptions {
  /** Stinger's topics, payloads and return codes. */
  readonly profile: 'stinger';
  /** Interfaces that are served on the bus, for Stinger's clients; as `parseStinger` returns them. */
  readonly serve?: readonly StingerImport[] | undefined;
  /** Interfaces of Stinger's servers, for callers on the bus. */
  readonly connect?: readonly StingerImport[] | undefined;
  /**
   * The id of the instance that Stinger's clients find, one level of a topic. Default: the name of the
   * bus.
   */
  readonly instance?: string | undefined;
  /** The ids of the Stinger servers that callers on the bus may call. Default: all. */
  readonly instances?: readonly string[] | undefined;
  /** Which of the servers on the bus are called: a label expression. Default: any of them. */
  readonly to?: string | undefined;
  /** The templates of topics. Default: Stinger's. */
  readonly topics?: StingerTopics | undefined;
  /** Milliseconds that a request may take that has no shorter deadline. Default: 30,000. */
  readonly timeout?: number | undefined;
  /** Seconds between two announcements of an interface. Default: 120. */
  readonly advertiseSeconds?: number | undefined;
  /** Requests of Stinger's clients that are under way at once, for each interface. Default: 1,024. */
  readonly maxCalls?: number | undefined;
  /** Instances of one interface of `connect`. Default: 256. */
  readonly maxInstances?: number | undefined;
}

/** The same, checked. */
export interface StingerSettings {
  readonly serve: readonly StingerImport[];
  readonly connect: readonly StingerImport[];
  readonly instance: string;
  readonly instances: ReadonlySet<string> | undefined;
  readonly to: unknown;
  readonly templates: Templates;
  readonly params: Readonly<Record<string, string>>;
  readonly timeout: number;
  readonly advertiseSeconds: number;
  readonly maxCalls: number;
  readonly maxInstances: number;
}

const names = [
  ...brokerOptionNames,
  ...['profile', 'serve', 'connect', 'instance', 'instances', 'to', 'topics'],
  ...['timeout', 'advertiseSeconds', 'maxCalls', 'maxInstances'],
];

/** Checks the options. @throws InvalidArgumentError. */
export function stingerSettingsOf(busName: string, given: StingerBridgeOptions): StingerSettings {
  checkKeys('bridgeMqtt()', given, names);
  const { timeout = 30_000, advertiseSeconds = 120, maxCalls = 1024, maxInstances = 256 } = given;
  const serve = importsOf('serve', given.serve);
  const connect = importsOf('connect', given.connect);
  if (serve.length + connect.length === 0) {
    throw refused('serve', 'nothing crosses this bridge: list interfaces in serve or connect');
  }
  // Calls could go in circles.
  const both = serve.find(({ wire }) => connect.some((other) => other.wire.name === wire.name));
  if (both !== undefined) {
    throw refused('connect', `${both.wire.name} is in both serve and connect`);
  }
  const { instances } = given;
  if (instances !== undefined && !Array.isArray(instances)) {
    throw refused('instances', `instances is ${show(instances)}; expected a list of ids`);
  }
  return {
    serve,
    connect,
    instance: checkLevel('instance', given.instance ?? busName),
    instances:
      instances && new Set(instances.map((id, index) => checkLevel(`instances[${index}]`, id))),
    to: targetOf(given.to),
    templates: templatesOf(given.topics),
    params: given.topics?.params ?? {},
    timeout: checkWhole('timeout', timeout, 1, 0x7fff_ffff),
    advertiseSeconds: checkWhole('advertiseSeconds', advertiseSeconds, 1, 86_400),
    maxCalls: checkWhole('maxCalls', maxCalls, 1, 65_536),
    maxInstances: checkWhole('maxInstances', maxInstances, 1, 4096),
  };
}

function importsOf(
  option: 'serve' | 'connect',
  given: readonly StingerImport[] | undefined,
): readonly StingerImport[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    throw refused(option, `${option} is ${show(given)}; expected a list of what parseStinger made`);
  }
  const list = given as readonly StingerImport[];
  for (const [index, each] of list.entries()) {
    const { wire, source } = Object(each) as Partial<StingerImport>;
    if (wire === undefined || source === undefined) {
      const text = `${option}[${index}] is ${show(each)}; expected what parseStinger has made`;
      throw refused(option, text);
    }
    checkLevel(`${option}[${index}]`, wire.name);
    if (list.findIndex((other) => other.wire.name === wire.name) < index) {
      throw refused(option, `${option} has '${wire.name}' twice`);
    }
  }
  return list;
}

// A server that only passes calls on is not called: another bridge may have brought it.
function targetOf(to: unknown): unknown {
  const own = label(relayLabel).not();
  if (to === undefined) return own;
  if (typeof to !== 'string') throw refused('to', `to is ${show(to)}; expected a label expression`);
  return parseLabelExpression(to).and(own);
}

function refused(option: string, text: string): InvalidArgumentError {
  return new InvalidArgumentError(text, { option });
}
