// Where the broker is, and how a bridge connects with it: what both profiles take.
import { randomBytes } from 'node:crypto';
import { show } from '../../base/show.js';
import { InvalidArgumentError } from '../../index.js';
import { checkWhole } from '../bridge/index.js';
import type { BrokerSettings } from './broker.js';

/** Options of a bridge about its connection. */
export interface BrokerOptions {
  /** The user name. Default: none. */
  readonly username?: string | undefined;
  /** The password. Default: none. */
  readonly password?: string | undefined;
  /**
   * The identifier of the client at the broker, which tells a bridge from all others. Give one if the
   * broker shall know the bridge again after a restart. Default: `busbar-` and 16 random digits.
   */
  readonly clientId?: string | undefined;
  /** Certificates and keys for `mqtts:`, as of `tls.connect`. */
  readonly tls?: BrokerTls | undefined;
  /** Milliseconds between two attempts to connect again. Default: 500. */
  readonly reconnectMs?: number | undefined;
  /** Milliseconds that one attempt may take. Default: 10,000. */
  readonly connectMs?: number | undefined;
  /** Bytes of the largest packet that the bridge takes. Default: 1 MiB. */
  readonly packetBytes?: number | undefined;
}

/** Options for TLS. */
export interface BrokerTls {
  /** Certificates of authorities, in PEM. */
  readonly ca?: string | undefined;
  /** The certificate of the bridge, in PEM. */
  readonly cert?: string | undefined;
  /** Its private key, in PEM. */
  readonly key?: string | undefined;
  /** The name that the certificate of the broker has to have. Default: that of the URL. */
  readonly servername?: string | undefined;
}

/** The names of {@link BrokerOptions}. */
export const brokerOptionNames = [
  'username',
  'password',
  'clientId',
  'tls',
  'reconnectMs',
  'connectMs',
  'packetBytes',
] as const;

const protocols: ReadonlySet<string> = new Set(['mqtt:', 'mqtts:', 'ws:', 'wss:']);

/**
 * The settings of a connection.
 * @throws InvalidArgumentError if the address or an option is wrong.
 */
export function settingsOf(broker: unknown, options: BrokerOptions): BrokerSettings {
  const { username, password, clientId, tls = {} } = options;
  const { reconnectMs = 500, connectMs = 10_000, packetBytes = 1024 * 1024 } = options;
  for (const [name, value] of Object.entries({ username, password, clientId })) {
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw refused(name, `${name} is ${show(value)}; expected a text`);
    }
  }
  return {
    url: checkUrl(broker),
    clientId: clientId ?? `busbar-${randomBytes(8).toString('hex')}`,
    client: {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...checkTls(tls),
    },
    reconnectMs: checkWhole('reconnectMs', reconnectMs, 1, 3_600_000),
    connectMs: checkWhole('connectMs', connectMs, 1, 3_600_000),
    packetBytes: checkWhole('packetBytes', packetBytes, 1024, 268_435_455),
    receiveMaximum: 1024,
    sessionSeconds: 0,
    keepaliveSeconds: 30,
  };
}

function checkUrl(broker: unknown): string {
  if (typeof broker === 'string') {
    try {
      if (protocols.has(new URL(broker).protocol)) return broker;
    } catch {
      // Refused below.
    }
  }
  throw refused('broker', `broker is ${show(broker)}; expected a URL as mqtt://127.0.0.1:1883`);
}

function checkTls(given: BrokerTls): Record<string, string> {
  if (typeof given !== 'object' || given === null) {
    throw refused('tls', `tls is ${show(given)}; expected { ca, cert, key, servername }`);
  }
  const names = ['ca', 'cert', 'key', 'servername'];
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!names.includes(name)) throw refused('tls', `unknown option '${name}' of tls`);
    if (value === undefined) continue;
    if (typeof value !== 'string') {
      throw refused('tls', `tls.${name} is ${show(value)}; expected a text`);
    }
    checked[name] = value;
  }
  return checked;
}

function refused(option: string, text: string): InvalidArgumentError {
  return new InvalidArgumentError(text, { option });
}
