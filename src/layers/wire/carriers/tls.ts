// Wires over TLS.
import {
  type ConnectionOptions,
  connect,
  createServer,
  type TlsOptions as ServerOptions,
} from 'node:tls';
import type { Dialer } from '../carrier.js';
import { connected, SocketListener } from './sockets.js';
import { checked, type TcpOptions } from './tcp.js';

/** Where a wire over TLS goes: options of Node's `tls.connect`, with host and port. */
export interface TlsAddress extends Omit<ConnectionOptions, 'host' | 'port'>, TcpOptions {}

/** Where to wait for wires over TLS: options of Node's `tls.createServer`, with host and port. */
export interface TlsListenOptions extends ServerOptions, TcpOptions {}

function tlsAddress(options: TlsAddress): Dialer {
  const { host, port } = checked(options, 1);
  const name = `tls ${host}:${port}`;
  return {
    name,
    dial: (signal) =>
      connected(
        connect({ ...options, host, port }),
        'secureConnect',
        { name, canVanish: true },
        signal,
      ),
  };
}

function listen(options: TlsListenOptions): SocketListener {
  const { host, port } = checked(options, 0);
  const server = createServer(options);
  // A peer without TLS is not the affair of the others.
  server.on('tlsClientError', () => undefined);
  const place = { name: `tls ${host}:${port}`, canVanish: true };
  return new SocketListener(server, 'secureConnection', { host, port }, place);
}

/** `tls({ port, ca })` is an address for `connectWire`, `tls.listen({ port, key, cert })` waits. */
export const tls: ((options: TlsAddress) => Dialer) & {
  /** Waits for others to connect. */
  readonly listen: (options: TlsListenOptions) => SocketListener;
} = Object.assign(tlsAddress, { listen });
