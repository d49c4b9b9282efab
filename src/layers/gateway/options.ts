// The options of a gateway, and their checks.
import { isIP } from 'node:net';
import type { Interface } from '../interface/entry-values.js';
import { membersOf } from '../rpc/entry-port.js';
import { optionError } from './errors.js';
import type { GatewayMount } from './http/mount.js';
import { type GatewayLimits, type Limits, limitsOf } from './limits.js';
import { type GatewayToken, Grants, newToken } from './tokens.js';

/** A request that was answered, or refused. */
export interface GatewayEvent {
  /** `GET`, `POST` and so on. */
  readonly method: string;
  /** The path without its query, which may have secrets; of regions without their tickets. */
  readonly path: string;
  /** The status of the answer; 0 if there was none. */
  readonly status: number;
  /** From the headers of the request to the end of its answer. */
  readonly milliseconds: number;
  /** The address that the connection comes from; `undefined` over a Unix socket. */
  readonly remote: string | undefined;
}

/** Options of `serveGateway`. */
export interface GatewayOptions {
  /**
   * The interfaces that callers may use, or `'everything'` that servers of the bus describe. Nothing
   * is exposed by default.
   */
  readonly expose: readonly Interface[] | 'everything';
  /** The port to listen at; 0 lets the system choose. Default: 0, without `path`. */
  readonly port?: number | undefined;
  /**
   * The address to listen at. One that others can reach needs `hosts`. Default: `'127.0.0.1'`.
   */
  readonly host?: string | undefined;
  /** A Unix socket to listen at instead, which only this user may connect to; on Windows a pipe. */
  readonly path?: string | undefined;
  /**
   * What callers have to send as `authorization: Bearer …`; several tokens may allow different
   * things. Default: one that is made now, which {@link Gateway.token} has.
   */
  readonly token?: string | readonly GatewayToken[] | undefined;
  /** Which of the servers are called: a label expression or a peer. Default: any of them. */
  readonly to?: string | object | undefined;
  /** Types of messages that `/send` lets through, by name. Default: none. */
  readonly send?: readonly string[] | 'everything' | undefined;
  /**
   * Names that callers may use for this host, with the port if it is not 80: `'example.com:8080'`.
   * Those of this machine always may.
   */
  readonly hosts?: readonly string[] | undefined;
  /** Origins of other web pages that may use the gateway: `'https://example.com'`. Default: none. */
  readonly origins?: readonly string[] | undefined;
  /** What callers may use up. */
  readonly limits?: GatewayLimits | undefined;
  /** Whether callers get the text of errors that an interface does not declare. Default: `'tell'`. */
  readonly errorMessages?: 'tell' | 'hide' | undefined;
  /**
   * Labels of databases that `busbar/sql` serves, for clients of Hrana at `/sql/<label>/`. Default:
   * none.
   */
  readonly databases?: readonly string[] | undefined;
  /** Whether wires are taken at `/wire`. It needs the package ws. Default: false. */
  readonly wire?: boolean | undefined;
  /** More paths, by their first segment. */
  readonly mounts?: Readonly<Record<string, GatewayMount>> | undefined;
  /** Called behind each answer. What it throws is an uncaught exception. */
  readonly onRequest?: ((event: GatewayEvent) => void) | undefined;
}

/** The options with their defaults. */
export interface Settings {
  readonly expose: readonly Interface[] | undefined;
  readonly place: { readonly path: string } | { readonly port: number; readonly host: string };
  /** The first token as text. */
  readonly token: string;
  readonly grants: Grants;
  readonly to: string | object | undefined;
  readonly send: readonly string[] | 'everything';
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
  readonly limits: Limits;
  readonly tells: boolean;
  readonly databases: readonly string[];
  readonly wire: boolean;
  readonly mounts: ReadonlyMap<string, GatewayMount>;
  readonly onRequest: ((event: GatewayEvent) => void) | undefined;
}

const names = [
  ...['expose', 'port', 'host', 'path', 'token', 'to', 'send', 'hosts', 'origins', 'limits'],
  ...['errorMessages', 'databases', 'wire', 'mounts', 'onRequest'],
];

/** The first segments of the gateway's own paths. */
export const ownPaths = [
  ...[
    'call',
    'describe',
    'events',
    'property',
    'region',
    'send',
    'signal',
    'sql',
    'ticket',
    'wire',
  ],
];

/**
 * Checks the options.
 * @throws GatewayError `GATEWAY_OPTION`.
 */
export function settingsOf(options: GatewayOptions): Settings {
  if (typeof options !== 'object' || options === null) throw optionError('there are no options');
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    throw optionError(`unknown option '${name}'; known: ${names.join(', ')}`);
  }
  const { errorMessages = 'tell', wire = false, send = [], to, onRequest } = options;
  if (errorMessages !== 'tell' && errorMessages !== 'hide') {
    throw optionError(`errorMessages is ${String(errorMessages)}; expected 'tell' or 'hide'`);
  }
  if (typeof wire !== 'boolean')
    throw optionError(`wire is ${String(wire)}; expected true or false`);
  if (onRequest !== undefined && typeof onRequest !== 'function') {
    throw optionError('onRequest is no function');
  }
  const expose = exposed(options.expose);
  if (wire && expose === undefined) {
    throw optionError("wire needs a list of interfaces to expose, not 'everything'");
  }
  const hosts = texts('hosts', options.hosts ?? [], /^[\w.[\]:-]{1,260}$/);
  const { token, grants } = tokensOf(options.token);
  return {
    expose,
    place: placeOf(options, hosts),
    token,
    grants,
    to,
    send: send === 'everything' ? send : [...texts('send', send, /^[\s\S]{1,512}$/)],
    hosts,
    origins: texts('origins', options.origins ?? [], /^[a-z][\w+.-]*:\/\/[^\s/]{1,260}$/),
    limits: limitsOf(options.limits),
    tells: errorMessages === 'tell',
    databases: [...texts('databases', options.databases ?? [], /^[\w-]{1,255}$/)],
    wire,
    mounts: mountsOf(options.mounts),
    onRequest,
  };
}

function exposed(expose: unknown): readonly Interface[] | undefined {
  if (expose === 'everything') return undefined;
  if (!Array.isArray(expose)) {
    throw optionError("expose is neither a list of interfaces nor 'everything'");
  }
  const labels = new Set(expose.map((source: Interface) => membersOf(source).label));
  if (labels.size < expose.length) throw optionError('expose has an interface twice');
  return expose;
}

function tokensOf(given: GatewayOptions['token']): { token: string; grants: Grants } {
  const tokens =
    given === undefined || typeof given === 'string' ? [{ token: given ?? newToken() }] : given;
  const [first] = Array.isArray(tokens) ? (tokens as readonly GatewayToken[]) : [];
  if (first === undefined) throw optionError('token is neither text nor a list of tokens');
  return { token: first.token, grants: new Grants(tokens) };
}

function placeOf(options: GatewayOptions, hosts: ReadonlySet<string>): Settings['place'] {
  const { path, port = 0, host = '127.0.0.1' } = options;
  if (path !== undefined) {
    if (typeof path !== 'string' || path === '') throw optionError('path is no path of a socket');
    if (options.port !== undefined || options.host !== undefined) {
      throw optionError('a gateway listens at a path or at a port, not at both');
    }
    return { path };
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw optionError(`port is ${String(port)}; expected 0 to 65535`);
  }
  if (typeof host !== 'string' || host === '') throw optionError('host is no address');
  if (!isLoopback(host) && hosts.size === 0) {
    throw optionError(`others can reach ${host}: say in hosts by which names they may`);
  }
  return { port, host };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function texts(name: string, given: unknown, shape: RegExp): ReadonlySet<string> {
  const isRight =
    Array.isArray(given) && given.every((each) => typeof each === 'string' && shape.test(each));
  if (!isRight) throw optionError(`${name} is no list of texts of the right form`);
  return new Set(given as readonly string[]);
}

function mountsOf(given: GatewayOptions['mounts'] = {}): ReadonlyMap<string, GatewayMount> {
  for (const [name, mount] of Object.entries(given)) {
    if (ownPaths.includes(name) || !/^[\w-]{0,64}$/.test(name)) {
      throw optionError(`nothing can be mounted at '/${name}'`);
    }
    if (typeof mount?.handle !== 'function') throw optionError(`mounts.${name} has no handle()`);
  }
  return new Map(Object.entries(given));
}
