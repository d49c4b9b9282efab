// Wires over WebSockets in Node: the side that listens, by the package ws, and the one that connects.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WebSocketServer } from 'ws';
import { MissingPackageError } from '../../interface/entry-values.js';
import type { Carrier, Dialer, Listener } from '../carrier.js';
import { optionError } from '../errors.js';
import { checked } from './tcp.js';
import {
  subprotocol,
  WebSocketCarrier,
  type WebSocketClass,
  type WebSocketLike,
  type WebSocketOptions,
  webSocketAddress,
} from './web-socket.js';

/** Where to wait for WebSockets. */
export interface WebSocketListenOptions {
  /** The port; 0 lets the system choose. Not together with `server`. */
  readonly port?: number | undefined;
  /** The host. Default: `'127.0.0.1'`, this machine only. */
  readonly host?: string | undefined;
  /** A server of Node's http or https, which listens by itself. */
  readonly server?: Server | undefined;
  /** The path of the address. Default: any. */
  readonly path?: string | undefined;
  /**
   * The origins of web pages that may connect: `'https://example.com'`. Default: pages of the same
   * host, and if that is this machine, no name but its own. Programs without an origin always may,
   * so a token is what keeps them out.
   */
  readonly origins?: readonly string[] | undefined;
  /**
   * Decides instead of `origins` whether a connection is taken, by the request that opens it. Must not
   * throw.
   */
  readonly admits?: ((request: IncomingMessage) => boolean) | undefined;
  /** Bytes of a message, read before the limits of the wire count. Default: 16 MiB. */
  readonly maxMessageBytes?: number | undefined;
}

const defaultMessageBytes = 16 * 1024 * 1024;

async function load(): Promise<typeof import('ws')> {
  try {
    return await import('ws');
  } catch (cause) {
    throw new MissingPackageError('ws', 'a wire over a WebSocket', { cause });
  }
}

/** Listens for WebSockets. */
export class WebSocketListener implements Listener {
  readonly name: string;
  readonly #options: WebSocketListenOptions;
  readonly #http: Server;
  #sockets: WebSocketServer | undefined;

  constructor(options: WebSocketListenOptions) {
    const { server, port, path, origins, maxMessageBytes = defaultMessageBytes } = options;
    if ((server === undefined) === (port === undefined)) {
      throw optionError('a WebSocket listens at a `port`, or at a `server` that there is');
    }
    const { host, port: at } = checked({ port: port ?? 0, host: options.host }, 0);
    if (origins !== undefined && !Array.isArray(origins)) throw optionError('origins is no list');
    if (options.admits !== undefined && typeof options.admits !== 'function') {
      throw optionError('admits is no function');
    }
    if (path !== undefined && typeof path !== 'string') throw optionError('path is no text');
    if (!Number.isInteger(maxMessageBytes) || maxMessageBytes < 256) {
      throw optionError(`maxMessageBytes is ${String(maxMessageBytes)}; expected bytes from 256`);
    }
    this.name = `web socket ${server === undefined ? `${host}:${at}` : 'of a server'}`;
    this.#options = { ...options, host, maxMessageBytes };
    this.#http = server ?? createServer((_, response) => response.writeHead(426).end());
  }

  /** The port that it listens at; `undefined` before {@link listen}. */
  get port(): number | undefined {
    return (this.#http.address() as AddressInfo | null)?.port;
  }

  async listen(accept: (carrier: Carrier) => void): Promise<void> {
    const { WebSocketServer } = await load();
    const { path, port, host, maxMessageBytes = defaultMessageBytes } = this.#options;
    const http = this.#http;
    const sockets = new WebSocketServer({
      server: http,
      path,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
      verifyClient: ({ req }: { readonly req: IncomingMessage }) =>
        this.#options.admits?.(req) ?? this.#admits(req),
    });
    this.#sockets = sockets;
    sockets.on('connection', (socket, { socket: { remoteAddress, remotePort } }) => {
      const name = `web socket ${remoteAddress}:${remotePort}`;
      accept(new WebSocketCarrier(socket as unknown as WebSocketLike, name));
    });
    if (this.#options.server !== undefined) return;
    await new Promise<void>((resolve, reject) => {
      // The server of ws gives on the errors of the one of Node.
      sockets.once('error', reject);
      http.listen(port, host, () => {
        sockets.removeListener('error', reject);
        sockets.on('error', () => undefined);
        resolve();
      });
    });
  }

  close(): Promise<void> {
    this.#sockets?.close();
    if (this.#options.server === undefined && this.#http.listening) this.#http.close();
    return Promise.resolve();
  }

  setReferenced(wanted: boolean): void {
    if (wanted) this.#http.ref();
    else this.#http.unref();
  }

  // A page of anybody can connect to this machine from the browser of its user.
  #admits({ headers }: IncomingMessage): boolean {
    const { origin, host = '' } = headers;
    if (origin === undefined) return true;
    const { origins } = this.#options;
    if (origins !== undefined) return origins.includes(origin);
    let page: URL;
    let here: URL;
    try {
      page = new URL(origin);
      here = new URL(`http://${host}`);
    } catch {
      return false;
    }
    if (page.host !== host) return false;
    // Somebody else's name may lead here, too.
    return !isLoopback(this.#options.host ?? '') || isLoopback(here.hostname);
  }
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host);
}

/** `webSocket(url)` is an address for `connectWire`, `webSocket.listen({ port })` waits. */
export const webSocket: ((url: string, options?: WebSocketOptions) => Dialer) & {
  /** Waits for others to connect. */
  readonly listen: (options: WebSocketListenOptions) => WebSocketListener;
} = Object.assign(
  (url: string, options: WebSocketOptions = {}) =>
    webSocketAddress(url, options, async () => {
      const { WebSocket } = globalThis as { readonly WebSocket?: unknown };
      if (typeof WebSocket === 'function') return WebSocket as WebSocketClass;
      return (await load()).WebSocket as unknown as WebSocketClass;
    }),
  { listen: (options: WebSocketListenOptions) => new WebSocketListener(options) },
);
